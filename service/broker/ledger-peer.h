// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Viewers' addresses. They are erased sooner than the events that they belong to, and the chain
 * must not break by that: a row holds only
 *
 *	peer_hash = SHA-256("camward peer v1" || 00 || salt (16) || address (16) || port (16 bits))
 *
 * and the table `peers`, outside the chain, salt, address and port. As long as they stand there,
 * the row proves them; once they are erased, the salt is gone with them and nobody can try all
 * addresses. Rows of before version 5 hold the address itself.
 */
#pragma once

#include "broker/db.h"
#include "broker/ledger.h"
#include "seal/ledger-chain.h"

struct ledger_peer {
	uint8_t salt[LEDGER_CHAIN_SALT_SIZE];
	uint8_t hash[LEDGER_HASH_SIZE];
};

/* With a new salt. Returns 1; 0: the event has no address (its details were lost in a flood of
 * denials); -EIO. */
int ledger_peer_make(const struct ledger_event *event, struct ledger_peer *ret);

/* Keeps what the event's row, with this number, has the hash of. */
int ledger_peer_keep(sqlite3 *db, uint64_t seq, const struct ledger_event *event,
		     const struct ledger_peer *peer);
