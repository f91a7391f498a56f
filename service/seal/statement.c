// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal/statement.h"

#include "base/cleanup.h"
#include "seal/bytes.h"

#define VERSION    1
#define STREAM_MAX 1
#define MAY_SWITCH 1 /* a flag */
#define BODY_SIZE  (SEAL_STATEMENT_SIZE - SEAL_SIGNATURE_SIZE)

void seal_statement_make(const struct seal_statement *statement, const struct seal_key *epoch_key,
			 uint8_t ret[SEAL_STATEMENT_SIZE])
{
	uint8_t *p = ret;

	p = put_number(p, VERSION, 1);
	p = put_number(p, statement->stream, 1);
	p = put_number(p, statement->may_switch ? MAY_SWITCH : 0, 1);
	p = put_number(p, 0, 1);
	p = put_bytes(p, statement->camera_uuid, UUID_SIZE);
	p = put_number(p, statement->epoch, 8);
	p = put_number(p, statement->lease, 8);
	p = put_number(p, statement->first_sequence, 8);
	p = put_number(p, statement->realtime, 8);
	p = put_number(p, statement->boottime, 8);
	p = put_bytes(p, statement->nonce, SEAL_NONCE_SIZE);
	p = put_bytes(p, statement->exporter, SEAL_EXPORTER_SIZE);
	seal_key_sign(epoch_key, SEAL_CONTEXT_STATEMENT, ret, BODY_SIZE, p);
}

int seal_statement_read(const uint8_t *data, size_t size, const uint8_t key[SEAL_KEY_SIZE],
			struct seal_statement *ret)
{
	const uint8_t *p = data + 4;

	if (size < 1)
		return -EBADMSG;
	if (data[0] != VERSION)
		return -EPROTONOSUPPORT;
	if (size != SEAL_STATEMENT_SIZE || data[1] > STREAM_MAX || data[2] > MAY_SWITCH ||
	    data[3] != 0)
		return -EBADMSG;
	if (seal_public_verify(key, SEAL_CONTEXT_STATEMENT, data, BODY_SIZE, data + BODY_SIZE) < 0)
		return -EKEYREJECTED;
	*ret = (struct seal_statement){.stream = data[1], .may_switch = data[2] == MAY_SWITCH};
	p = get_bytes(p, ret->camera_uuid, UUID_SIZE);
	p = get_u64(p, &ret->epoch);
	p = get_u64(p, &ret->lease);
	p = get_u64(p, &ret->first_sequence);
	p = get_u64(p, &ret->realtime);
	p = get_u64(p, &ret->boottime);
	p = get_bytes(p, ret->nonce, SEAL_NONCE_SIZE);
	get_bytes(p, ret->exporter, SEAL_EXPORTER_SIZE);
	return 0;
}
