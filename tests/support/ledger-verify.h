// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ledger's chain as it stands in the database, for tests that change a row or stop half-way.
 * What an export proves: docs/LEDGER.md, service/ctl/ledger.c and tests/support/ledger.py.
 */
#pragma once

#include "broker/ledger.h"

struct sqlite3;

struct ledger_verdict {
	uint64_t n_events;
	/* The row that breaks the chain, or the anchor that is forged; 0: none. */
	uint64_t first_bad;
	uint64_t last; /* number of the last row that is sound, or of the anchor */
	uint8_t head[LEDGER_HASH_SIZE];
};

/*
 * Walks the whole chain, from the anchor on if there is one; root: the seal root, which signs
 * anchors, NULL if that is not asked. -EUCLEAN: broken at ret->first_bad; others as in store.h.
 * Rows cut off the end cannot be seen here, only by whoever remembers a head.
 */
int ledger_verify(struct sqlite3 *db, const uint8_t *root, struct ledger_verdict *ret);
