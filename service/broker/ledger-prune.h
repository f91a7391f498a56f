// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is old goes: events, from the beginning on, with an anchor in their place; viewers'
 * addresses sooner, without a trace. A lease that runs needs none of them (ledger-reservation.h).
 * At most LEDGER_PRUNE_ROWS at once, so that nobody waits long for the disk.
 */
#pragma once

#include "broker/ledger-page.h"

#define LEDGER_PRUNE_ROWS 8192

/* The last row that may go because it is older than `before` (us, CLOCK_REALTIME), signed when:
 * now. ret->seq 0: none. As store.h's calls; ret as in ledger-page.h. */
int ledger_prune_find(struct store *store, uint64_t before, struct ledger_chain_point *ret,
		      store_done done, void *userdata);

/* Writes the anchor and removes what it stands for. -EINVAL: that is not the row's hash. */
int ledger_prune(struct store *store, const struct ledger_anchor *anchor, store_done done,
		 void *userdata);

/* Erases the addresses of events that are older. ret: how many. */
int ledger_prune_peers(struct store *store, uint64_t before, uint64_t *ret, store_done done,
		       void *userdata);
