// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading the ledger, page by page, in the store's thread: each page looks at a bounded number of
 * rows, so that neither a long ledger nor a slow reader keeps anybody from the disk, and no memory
 * grows. Rows are only added at the end, so pages fit together; what is pruned meanwhile is missing
 * at the beginning, and its anchor is there.
 */
#pragma once

#include <stdbool.h>

#include "broker/ledger.h"
#include "seal/ledger-chain.h"

#define LEDGER_PAGE_ROWS 256 /* looked at for one page */

struct ledger_query {
	uint64_t after; /* rows with greater numbers only */
	/* "" and 0: any. camera: by its name then, or by the UUID of what has the name now. */
	char client[NAME_SIZE], integration[NAME_SIZE], camera[NAME_SIZE];
	uint8_t camera_uuid[UUID_SIZE]; /* zeros: none has the name */
	/* us, CLOCK_REALTIME: what was going on at any time of [since, until), whichever way the
	 * clock was set meanwhile; OPENED of what is still open, too. */
	uint64_t since, until;
	bool reservations; /* with the bounds of what is open */
};

/* The columns of ledger_chain_columns, and behind them the address, where it has not been erased,
 * and what the reservation says of OPENED whose CLOSED is not there yet, if that is asked for. */
enum ledger_page_column {
	LEDGER_PAGE_SALT, /* after ledger_chain_n_columns */
	LEDGER_PAGE_ADDRESS,
	LEDGER_PAGE_PORT,
	LEDGER_PAGE_LOW,
	LEDGER_PAGE_HIGH, /* none: no bound is known */
	LEDGER_PAGE_N_EXTRA,
};

struct ledger_page_row {
	struct ledger_chain_value *values; /* of one allocation with their bytes */
};

struct ledger_page {
	uint64_t next; /* the next page's `after`; 0: there is no more */
	size_t n_rows;
	struct ledger_page_row rows[LEDGER_PAGE_ROWS];
};

/* As store.h's calls. ret is filled when done is called with 0, and stays the caller's. */
int ledger_page_read(struct store *store, const struct ledger_query *query, struct ledger_page *ret,
		     store_done done, void *userdata);
void ledger_page_release(struct ledger_page *page);

#define LEDGER_ANCHORS_MAX 64 /* the newest */

struct ledger_anchor {
	struct ledger_chain_point point;
	uint8_t signature[SEAL_SIGNATURE_SIZE];
};

/* Where the chain ends, not signed yet, and where it was cut, oldest first. */
struct ledger_ends {
	struct ledger_chain_point head;
	size_t n_anchors;
	struct ledger_anchor anchors[LEDGER_ANCHORS_MAX];
};
int ledger_page_read_ends(struct store *store, struct ledger_ends *ret, store_done done,
			  void *userdata);
