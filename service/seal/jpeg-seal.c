// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal/jpeg-seal.h"

#include <nettle/sha2.h>

#include "base/cleanup.h"
#include "seal/bytes.h"

#define MARKER_SOI   0xd8
#define MARKER_EOI   0xd9
#define MARKER_SOS   0xda
#define MARKER_APP11 0xeb

#define MARKER_SIZE 2
#define LENGTH_SIZE 2
#define HEAD_SIZE   (MARKER_SIZE + LENGTH_SIZE)

int jpeg_seal_wrap(const uint8_t *seal, size_t n, uint8_t ret[JPEG_SEAL_SIZE_MAX])
{
	uint8_t *p = ret;

	if (n > SEAL_SIZE_MAX)
		return -EMSGSIZE;
	p = put_number(p, 0xff00 | MARKER_APP11, MARKER_SIZE);
	p = put_number(p, LENGTH_SIZE + UUID_SIZE + n, LENGTH_SIZE);
	p = put_bytes(p, seal_uuid, UUID_SIZE);
	p = put_bytes(p, seal, n);
	return (int)(p - ret);
}

static bool whole(struct slice jpeg)
{
	const uint8_t *end = jpeg.data + jpeg.len;

	return jpeg.len >= 2 * MARKER_SIZE && jpeg.data[0] == 0xff && jpeg.data[1] == MARKER_SOI &&
	       end[-2] == 0xff && end[-1] == MARKER_EOI;
}

/* The segment that begins at data, with marker and length. Errors: -EBADMSG. */
static int segment_at(const uint8_t *data, const uint8_t *end, struct slice *ret)
{
	size_t size;

	if (end - data < HEAD_SIZE || data[0] != 0xff)
		return -EBADMSG;
	size = (size_t)data[2] << 8 | data[3];
	if (size < LENGTH_SIZE || size > (size_t)(end - data) - MARKER_SIZE)
		return -EBADMSG;
	*ret = slice_of(data, MARKER_SIZE + size);
	return 0;
}

static bool is_seal(struct slice segment)
{
	return segment.data[1] == MARKER_APP11 && segment.len >= HEAD_SIZE + UUID_SIZE &&
	       memcmp(segment.data + HEAD_SIZE, seal_uuid, UUID_SIZE) == 0;
}

int jpeg_seal_find(struct slice jpeg, struct slice *ret_seal, struct slice *ret_before,
		   struct slice *ret_after)
{
	const uint8_t *first = jpeg.data + MARKER_SIZE, *end, *p;
	struct slice segment, seal = {0};
	bool misplaced = false;

	if (!whole(jpeg))
		return -EBADMSG;
	end = jpeg.data + jpeg.len - MARKER_SIZE;
	for (p = first;; p += segment.len) {
		if (segment_at(p, end, &segment) < 0)
			return -EBADMSG;
		if (p[1] == MARKER_SOS)
			break;
		if (!is_seal(segment))
			continue;
		if (p == first)
			seal = segment;
		else
			misplaced = true;
	}
	if (misplaced)
		return -EPROTO;
	if (!seal.data)
		return -ENODATA;
	*ret_seal = slice_of(seal.data + HEAD_SIZE + UUID_SIZE, seal.len - HEAD_SIZE - UUID_SIZE);
	*ret_before = slice_of(jpeg.data, MARKER_SIZE);
	*ret_after = slice_of(seal.data + seal.len, jpeg.len - MARKER_SIZE - seal.len);
	return 0;
}

void jpeg_seal_hash(struct slice before, struct slice after, uint8_t ret[SEAL_HASH_SIZE])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, before.len, before.data);
	if (after.len > 0)
		sha256_update(&sha, after.len, after.data);
	sha256_digest(&sha, SEAL_HASH_SIZE, ret);
}
