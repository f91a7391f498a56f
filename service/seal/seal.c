// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal/seal.h"

#include "base/cleanup.h"
#include "seal/bytes.h"

#define VERSION          1
#define STREAM_MAX       1
#define FLAG_KEYFRAME    1
#define FLAG_CERTIFICATE 2

const uint8_t seal_uuid[UUID_SIZE] = {0xf1, 0xf8, 0xec, 0x4a, 0x3b, 0x5c, 0x4b, 0x0e,
				      0x9c, 0x1d, 0x63, 0x61, 0x6d, 0x77, 0x61, 0x72};

int seal_make(const struct seal *seal, const uint8_t *certificate, size_t n,
	      const struct seal_key *epoch_key, uint8_t ret[SEAL_SIZE_MAX])
{
	uint8_t flags = (seal->keyframe ? FLAG_KEYFRAME : 0) | (certificate ? FLAG_CERTIFICATE : 0);
	uint8_t *p = ret;
	int r;

	if (certificate ? seal_certificate_size(certificate, n) != (int)n : seal->keyframe)
		return -EINVAL;
	p = put_number(p, VERSION, 1);
	p = put_number(p, flags, 1);
	p = put_number(p, seal->stream, 1);
	p = put_number(p, seal->codec, 1);
	p = put_bytes(p, seal->camera_uuid, UUID_SIZE);
	p = put_number(p, seal->epoch, 8);
	p = put_number(p, seal->sequence, 8);
	p = put_number(p, seal->realtime, 8);
	p = put_number(p, seal->boottime, 8);
	p = put_bytes(p, seal->parameter_sets_hash, SEAL_HASH_SIZE);
	p = put_bytes(p, seal->unit_hash, SEAL_HASH_SIZE);
	if (certificate)
		p = put_bytes(p, certificate, n);
	r = seal_key_sign(epoch_key, SEAL_CONTEXT_FRAME, ret, (size_t)(p - ret), p);
	return r < 0 ? r : (int)(p - ret) + SEAL_SIGNATURE_SIZE;
}

static void read_fields(const uint8_t *data, struct seal *ret)
{
	const uint8_t *p = data + 4;

	*ret = (struct seal){
		.keyframe = data[1] & FLAG_KEYFRAME,
		.stream = data[2],
		.codec = data[3],
	};
	p = get_bytes(p, ret->camera_uuid, UUID_SIZE);
	p = get_u64(p, &ret->epoch);
	p = get_u64(p, &ret->sequence);
	p = get_u64(p, &ret->realtime);
	p = get_u64(p, &ret->boottime);
	p = get_bytes(p, ret->parameter_sets_hash, SEAL_HASH_SIZE);
	get_bytes(p, ret->unit_hash, SEAL_HASH_SIZE);
}

int seal_parse(const uint8_t *data, size_t size, struct seal_parts *ret)
{
	size_t body = SEAL_BODY_SIZE;
	int n = 0;

	if (size < 1)
		return -EBADMSG;
	if (data[0] != VERSION)
		return -EPROTONOSUPPORT;
	if (size < SEAL_BODY_SIZE || data[1] & ~(FLAG_KEYFRAME | FLAG_CERTIFICATE) ||
	    data[2] > STREAM_MAX)
		return -EBADMSG;
	if (data[1] & FLAG_CERTIFICATE) {
		n = seal_certificate_size(data + body, size - body);
		if (n < 0)
			return n;
		body += (size_t)n;
	}
	if (size != body + SEAL_SIGNATURE_SIZE)
		return -EBADMSG;
	*ret = (struct seal_parts){
		.certificate = n > 0 ? data + SEAL_BODY_SIZE : NULL,
		.certificate_size = (size_t)n,
		.body = data,
		.body_size = body,
		.signature = data + body,
	};
	read_fields(data, &ret->seal);
	return 0;
}
