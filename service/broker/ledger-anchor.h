// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The newest anchor when the device gets another seal root: it is signed anew, as the older ones'
 * signer is gone, and takes their place. Only what was known to be good when the root went
 * (pending.h) is signed: whoever changes an anchor in the file gets no signature for it.
 */
#pragma once

#include "broker/db.h"
#include "broker/ledger-page.h"
#include "broker/seal-root.h"

/* The newest anchor, of which ret->seq is 0 if there is none, or if root (NULL: nobody) has not
 * signed it. */
int ledger_anchor_newest(sqlite3 *db, const struct seal_root *root, struct ledger_chain_point *ret);

/* The same of the database in dir, which nobody uses just now. */
int ledger_anchor_read(const char *dir, const struct seal_root *root,
		       struct ledger_chain_point *ret);

/* Replaces the anchor with this number and hash, and all older ones, by this one, as store.h's
 * calls. Newer ones stay, and then it is not needed. -ENOENT: there is no such anchor. */
int ledger_anchor_replace(struct store *store, const struct ledger_anchor *anchor, store_done done,
			  void *userdata);
