// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Checks a ledger as it comes, line by line, by what docs/LEDGER.md says and the seal root alone.
 * Each call returns 0, or CTL_FAILED after it has said what is wrong.
 */
#pragma once

#include "ctl/json.h"
#include "seal/ledger-chain.h"

struct ledger_check {
	uint8_t root[SEAL_KEY_SIZE];
	struct ledger_chain_point last; /* the anchor or the event that came last */
	uint64_t anchored;              /* number of the anchor */
	uint64_t n_events, first_time, last_time;
	uint64_t n_addresses; /* proved by their hashes */
	/* A head that was kept, to be found on the way; seq 0: none. */
	struct ledger_chain_point kept;
	bool kept_found;
};

/* root: PEM or 64 digits; what: where it is from. */
int ledger_check_root(struct ledger_check *c, const char *text, const char *what);

/* A head that was kept: it must be signed by the root, or by the one before (PEM or 64 digits,
 * NULL: none): the chain goes on when the device gets another. */
int ledger_check_keep(struct ledger_check *c, const struct json_object *head, const char *former);

int ledger_check_anchors(struct ledger_check *c, const struct json_object *anchors);
int ledger_check_event(struct ledger_check *c, const struct json_object *event);
/* Quietly, whether head and anchors are signed by this root (PEM). */
bool ledger_check_ends(const char *root, const struct json_object *anchors,
		       const struct json_object *head);
int ledger_check_head(struct ledger_check *c, const struct json_object *head);
