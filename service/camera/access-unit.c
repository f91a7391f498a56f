// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/access-unit.h"

#include <errno.h>
#include <string.h>

static const uint8_t start_code[] = {0, 0, 0, 1};

static bool is_parameter_set(struct slice nal)
{
	return h264_nal_type(nal) == H264_NAL_SPS || h264_nal_type(nal) == H264_NAL_PPS;
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

static int learn(struct parameter_sets *sets, struct slice stream)
{
	struct parameter_sets found = {};
	struct h264_parameter_sets both;
	struct h264_iter it;
	struct slice nal;

	h264_find_parameter_sets(stream, &both);
	if (!both.sps.data || !both.pps.data)
		return -ENODATA;
	h264_iter_init(&it, stream);
	while (h264_iter_next(&it, &nal))
		if (is_parameter_set(nal) && !known(&found, nal)) {
			int r = append(&found, nal);

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

/* An IDR access unit gets the epoch's whole sets before its first NAL unit but an AUD, and loses
 * its own, which are among them. */
static int take(const struct parameter_sets *sets, struct slice nal, struct access_unit *au,
		bool *injected)
{
	bool aud = h264_nal_type(nal) == H264_NAL_AUD;

	if (is_parameter_set(nal)) {
		if (!known(sets, nal))
			return -ESTALE;
		if (au->idr)
			return 0;
	}
	if (au->idr && !aud && !*injected) {
		add_piece(au, sets->bytes, sets->size);
		*injected = true;
	}
	if (au->n_pieces + 2 > 2 * H264_AU_NALS_MAX + 1)
		return -EMSGSIZE;
	add_piece(au, start_code, sizeof(start_code));
	add_piece(au, nal.data, nal.len);
	au->has_slice |= h264_is_vcl(nal);
	return 0;
}

int access_unit_parse(struct parameter_sets *sets, struct slice stream, struct access_unit *ret)
{
	bool injected = false;
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
	ret->n_pieces = 0;
	h264_iter_init(&it, stream);
	while (h264_iter_next(&it, &nal)) {
		r = take(sets, nal, ret, &injected);
		if (r < 0)
			return r;
	}
	return ret->n_pieces ? 0 : -EBADMSG;
}

void access_unit_of_jpeg(struct slice picture, struct access_unit *ret)
{
	ret->idr = ret->has_slice = true;
	ret->n_pieces = 0;
	add_piece(ret, picture.data, picture.len);
}
