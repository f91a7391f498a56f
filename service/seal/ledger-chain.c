// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal/ledger-chain.h"

#include <nettle/sha2.h>

#include "base/cleanup.h"
#include "seal/bytes.h"

#define CONTEXT_PEER "camward peer v1" /* and its NUL */
#define POINT_SIZE   (8 + LEDGER_CHAIN_HASH_SIZE + 8)

/* In the table's order, which is the order of the hash. New ones come at the end. */
const struct ledger_chain_column ledger_chain_columns[] = {
	{"seq", 'i'},           {"hash", 'b'},           {"kind", 'i'},
	{"run", 'i'},           {"realtime", 'i'},       {"boottime", 'i'},
	{"lease", 'i'},         {"grant_id", 'i'},       {"client", 't'},
	{"camera", 't'},        {"camera_uuid", 'b'},    {"right", 'i'},
	{"stream", 'i'},        {"protocol", 'i'},       {"peer", 'b'},
	{"port", 'i'},          {"epoch", 'i'},          {"reason", 't'},
	{"count", 'i'},         {"since", 'i'},          {"offered", 'i'},
	{"delivered", 'i'},     {"skipped_late", 'i'},   {"skipped_overrun", 'i'},
	{"skipped_join", 'i'},  {"skipped_switch", 'i'}, {"first_sequence", 'i'},
	{"last_sequence", 'i'}, {"frames_low", 'i'},     {"frames_high", 'i'},
	{"bytes_acked", 'i'},   {"bytes_sent", 'i'},     {"uncertain", 'i'},
	{"exposed_first", 'i'}, {"exposed_next", 'i'},   {"exposed", 'i'},
	{"peer_hash", 'b'},     {"integration", 't'},
};
const size_t ledger_chain_n_columns = ARRAY_SIZE(ledger_chain_columns);

static void hash_value(struct sha256_ctx *hash, size_t column,
		       const struct ledger_chain_value *value)
{
	uint8_t start[2 + 1 + 8], *end = put_number(start, column, 2);

	end = put_number(end, (uint8_t)value->type, 1);
	end = value->type == 'i' ? put_number(end, (uint64_t)value->integer, 8)
				 : put_number(end, value->size, 4);
	sha256_update(hash, (size_t)(end - start), start);
	if (value->type != 'i' && value->size)
		sha256_update(hash, value->size, value->bytes);
}

void ledger_chain_hash(const struct ledger_chain_value *values, size_t n,
		       const uint8_t before[LEDGER_CHAIN_HASH_SIZE],
		       uint8_t ret[LEDGER_CHAIN_HASH_SIZE])
{
	struct sha256_ctx hash;

	sha256_init(&hash);
	sha256_update(&hash, LEDGER_CHAIN_HASH_SIZE, before);
	for (size_t i = 0; i < n; i++)
		if (i != LEDGER_CHAIN_COLUMN_HASH && values[i].type)
			hash_value(&hash, i, &values[i]);
	sha256_digest(&hash, LEDGER_CHAIN_HASH_SIZE, ret);
}

static void encode(const struct ledger_chain_point *point, uint8_t ret[POINT_SIZE])
{
	ret = put_number(ret, point->seq, 8);
	ret = put_bytes(ret, point->hash, sizeof(point->hash));
	put_number(ret, point->realtime, 8);
}

int ledger_chain_sign(const struct seal_key *root, const char *context,
		      const struct ledger_chain_point *point, uint8_t ret[SEAL_SIGNATURE_SIZE])
{
	uint8_t body[POINT_SIZE];

	encode(point, body);
	return seal_key_sign(root, context, body, sizeof(body), ret);
}

int ledger_chain_verify(const uint8_t root[SEAL_KEY_SIZE], const char *context,
			const struct ledger_chain_point *point,
			const uint8_t signature[SEAL_SIGNATURE_SIZE])
{
	uint8_t body[POINT_SIZE];

	encode(point, body);
	return seal_public_verify(root, context, body, sizeof(body), signature);
}

void ledger_chain_hash_peer(const uint8_t salt[LEDGER_CHAIN_SALT_SIZE], const uint8_t address[16],
			    uint16_t port, uint8_t ret[LEDGER_CHAIN_HASH_SIZE])
{
	uint8_t number[2];
	struct sha256_ctx hash;

	put_number(number, port, sizeof(number));
	sha256_init(&hash);
	sha256_update(&hash, sizeof(CONTEXT_PEER), (const uint8_t *)CONTEXT_PEER);
	sha256_update(&hash, LEDGER_CHAIN_SALT_SIZE, salt);
	sha256_update(&hash, 16, address);
	sha256_update(&hash, sizeof(number), number);
	sha256_digest(&hash, LEDGER_CHAIN_HASH_SIZE, ret);
}
