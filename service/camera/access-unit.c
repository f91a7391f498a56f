// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/access-unit.h"

#include <errno.h>
#include <string.h>

#include "seal/jpeg-seal.h"
#include "seal/nal-seal.h"

static const uint8_t start_code[] = {0, 0, 0, 1};

#define RANK_FIRST 1 /* SPS; there is no VPS in H.264 */
#define RANK_LAST  2
#define SOI_SIZE   2 /* of a JPEG's first marker, after which its seal stands */

static bool is_parameter_set(struct slice nal)
{
	return nal_seal_classify(SEAL_CODEC_H264, nal) == NAL_PARAMETER_SET;
}

static bool has_rank(struct slice nal, unsigned rank)
{
	return is_parameter_set(nal) && nal_seal_set_rank(SEAL_CODEC_H264, nal) == rank;
}

static int append(struct parameter_sets *sets, struct slice nal)
{
	if (nal.len > sizeof(sets->bytes) - sizeof(start_code) ||
	    sets->size > sizeof(sets->bytes) - sizeof(start_code) - nal.len)
		return -EMSGSIZE;
	memcpy(sets->bytes + sets->size, start_code, sizeof(start_code));
	memcpy(sets->bytes + sets->size + sizeof(start_code), nal.data, nal.len);
	sets->size += sizeof(start_code) + nal.len;
	return 0;
}

static bool known(const struct parameter_sets *sets, struct slice nal)
{
	struct h264_iter it;
	struct slice other;

	h264_iter_init(&it, slice_of(sets->bytes, sets->size));
	while (h264_iter_next(&it, &other))
		if (other.len == nal.len && !memcmp(other.data, nal.data, nal.len))
			return true;
	return false;
}

static int learn_rank(struct parameter_sets *sets, struct slice stream, unsigned rank)
{
	struct h264_iter it;
	struct slice nal;
	int r = 0;

	h264_iter_init(&it, stream);
	while (r >= 0 && h264_iter_next(&it, &nal))
		if (has_rank(nal, rank) && !known(sets, nal))
			r = append(sets, nal);
	return r;
}

/* In the order in which a seal takes them: each SPS before each PPS. */
static int learn(struct parameter_sets *sets, struct slice stream)
{
	struct parameter_sets found = {};
	struct h264_parameter_sets both;

	h264_find_parameter_sets(stream, &both);
	if (!both.sps.data || !both.pps.data)
		return -ENODATA;
	for (unsigned rank = RANK_FIRST; rank <= RANK_LAST; rank++) {
		int r = learn_rank(&found, stream, rank);

		if (r < 0)
			return r;
	}
	*sets = found;
	return 0;
}

static void add_piece(struct access_unit *au, const void *data, size_t size)
{
	au->pieces[au->n_pieces++] =
		(struct iovec){.iov_base = (void *)(uintptr_t)data, .iov_len = size};
}

static int add_nal(struct access_unit *au, struct slice nal)
{
	if (au->n_hashed == H264_AU_NALS_MAX || au->n_pieces + 2 > 2 * H264_AU_NALS_MAX)
		return -EMSGSIZE;
	add_piece(au, start_code, sizeof(start_code));
	add_piece(au, nal.data, nal.len);
	return 0;
}

static int take(const struct parameter_sets *sets, struct slice nal, struct access_unit *au)
{
	enum nal_class class = nal_seal_classify(SEAL_CODEC_H264, nal);
	int r;

	/* The epoch's stand at the start of each IDR access unit. */
	if (class == NAL_PARAMETER_SET)
		return known(sets, nal) ? 0 : -ESTALE;
	if (!nal_class_is_hashed(class))
		return 0;
	if (nal_class_is_slice(class) && !au->has_slice) {
		au->has_slice = true;
		au->seal_at = au->n_pieces;
		add_piece(au, NULL, 0);
	}
	r = add_nal(au, nal);
	if (r >= 0)
		au->hashed[au->n_hashed++] = nal;
	return r;
}

int access_unit_parse(struct parameter_sets *sets, struct slice stream, struct access_unit *ret)
{
	bool empty = true;
	struct h264_iter it;
	struct slice nal;
	int r;

	if (!sets->size) {
		r = learn(sets, stream);
		if (r < 0)
			return r;
	}
	ret->idr = h264_is_idr(stream);
	ret->has_slice = false;
	ret->n_pieces = ret->n_hashed = 0;
	if (ret->idr)
		add_piece(ret, sets->bytes, sets->size);
	h264_iter_init(&it, stream);
	while (h264_iter_next(&it, &nal)) {
		r = take(sets, nal, ret);
		if (r < 0)
			return r;
		empty = false;
	}
	return empty ? -EBADMSG : 0;
}

int access_unit_of_jpeg(struct slice picture, struct access_unit *ret)
{
	struct slice seal, before, after;
	int r = jpeg_seal_find(picture, &seal, &before, &after);

	if (r == -ENODATA) {
		before = slice_of(picture.data, SOI_SIZE);
		after = slice_of(picture.data + SOI_SIZE, picture.len - SOI_SIZE);
	} else if (r < 0) {
		return -EBADMSG;
	}
	ret->idr = ret->has_slice = true;
	ret->n_pieces = 0;
	add_piece(ret, before.data, before.len);
	ret->seal_at = ret->n_pieces;
	add_piece(ret, NULL, 0);
	add_piece(ret, after.data, after.len);
	ret->hashed[0] = before;
	ret->hashed[1] = after;
	ret->n_hashed = 2;
	return 0;
}
