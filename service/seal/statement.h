// SPDX-License-Identifier: LGPL-2.1-or-later
/* "The lease L, asked for with this nonce on this TLS connection, shows camera C from the sequence
 * S on", signed by the epoch key (docs/SEAL.md, Lease statement). */
#pragma once

#include <stdbool.h>

#include "base/parse.h"
#include "seal/key.h"

#define SEAL_NONCE_SIZE     32
#define SEAL_EXPORTER_SIZE  32
#define SEAL_STATEMENT_SIZE 188

struct seal_statement {
	uint8_t camera_uuid[UUID_SIZE];
	uint64_t epoch;
	uint64_t lease;
	uint64_t first_sequence;
	uint64_t realtime; /* us */
	uint64_t boottime; /* us */
	uint8_t stream;    /* 0 main, 1 sub: the first */
	bool may_switch;   /* to the other one, and back, at keyframes */
	uint8_t nonce[SEAL_NONCE_SIZE];
	uint8_t exporter[SEAL_EXPORTER_SIZE];
};

void seal_statement_make(const struct seal_statement *statement, const struct seal_key *epoch_key,
			 uint8_t ret[SEAL_STATEMENT_SIZE]);

/* Errors: -EBADMSG (malformed), -EPROTONOSUPPORT (another version), -EKEYREJECTED (not signed by
 * this key). Whether it says what was expected is the verifier's to judge. */
int seal_statement_read(const uint8_t *data, size_t size, const uint8_t key[SEAL_KEY_SIZE],
			struct seal_statement *ret);
