// SPDX-License-Identifier: LGPL-2.1-or-later
/* Adding rows to the ledger; within the caller's transaction. */
#pragma once

#include "broker/db.h"
#include "broker/ledger.h"

/* OPENED and CLOSED keep the lease's reservation too. -EEXIST: the lease has such a row; -ENOENT:
 * CLOSED, and it is not open; -EINVAL. */
int ledger_append(sqlite3 *db, uint64_t run, enum ledger_kind kind,
		  const struct ledger_event *event);

/* A coalesced DENIED row: so many since that time. */
int ledger_append_denied(sqlite3 *db, uint64_t run, const struct ledger_event *event,
			 uint64_t count, uint64_t since);

/* Closes the leases that are open, now, for this reason, by their reservations
 * (ledger-recover.c). */
int ledger_recover(sqlite3 *db, uint64_t run, const char *reason);

/* The number and hash of the newest row, or of the anchor in its place; zeros in an empty ledger.
 */
int ledger_head(sqlite3 *db, uint64_t *seq, uint8_t hash[LEDGER_HASH_SIZE]);

/* Fills in the times that are 0. */
void ledger_event_stamp(struct ledger_event *event);
