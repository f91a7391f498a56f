// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What proves the ledger (broker/ledger.h) to somebody else: the columns of its rows, how they are
 * chained, and what the device's seal root signs about them (docs/LEDGER.md). Written for both
 * sides: the broker that writes it, and whoever checks what it has written.
 */
#pragma once

#include "seal/key.h"

#define LEDGER_CHAIN_HASH_SIZE 32

/* A column by its number. type: 'i' 64 bits, signed; 't' UTF-8; 'b' bytes. Any may be NULL. */
struct ledger_chain_column {
	const char *name;
	char type;
};
extern const struct ledger_chain_column ledger_chain_columns[];
extern const size_t ledger_chain_n_columns;

/* The column `hash`, which is no part of the hash. */
#define LEDGER_CHAIN_COLUMN_HASH 1

struct ledger_chain_value {
	char type; /* as above; 0: NULL */
	int64_t integer;
	const void *bytes; /* somebody else's */
	size_t size;
};

/* The hash of a row with n values that follows one with the hash before. */
void ledger_chain_hash(const struct ledger_chain_value *values, size_t n,
		       const uint8_t before[LEDGER_CHAIN_HASH_SIZE],
		       uint8_t ret[LEDGER_CHAIN_HASH_SIZE]);

/* Where the chain ends (a head), or where it was cut (an anchor). */
struct ledger_chain_point {
	uint64_t seq; /* of the row; 0: of none, with a hash of zeros */
	uint8_t hash[LEDGER_CHAIN_HASH_SIZE];
	uint64_t realtime; /* us, CLOCK_REALTIME: when it was signed */
};

#define LEDGER_CHAIN_CONTEXT_HEAD   "camward ledger head v1"
#define LEDGER_CHAIN_CONTEXT_ANCHOR "camward ledger anchor v1"

/* Signs seq, hash and realtime. Errors: those of seal_key_sign(). */
int ledger_chain_sign(const struct seal_key *root, const char *context,
		      const struct ledger_chain_point *point, uint8_t ret[SEAL_SIGNATURE_SIZE]);

/* 0, or -EBADMSG. */
int ledger_chain_verify(const uint8_t root[SEAL_KEY_SIZE], const char *context,
			const struct ledger_chain_point *point,
			const uint8_t signature[SEAL_SIGNATURE_SIZE]);

/* What a row has in place of a viewer's address: see broker/ledger-peer.h. */
#define LEDGER_CHAIN_SALT_SIZE 16
void ledger_chain_hash_peer(const uint8_t salt[LEDGER_CHAIN_SALT_SIZE], const uint8_t address[16],
			    uint16_t port, uint8_t ret[LEDGER_CHAIN_HASH_SIZE]);
