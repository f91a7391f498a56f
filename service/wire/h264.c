// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/h264.h"

#include <string.h>

/* The next 00 00 01 at or after p; NULL: none. */
static const uint8_t *find_start_code(const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 3) {
		const uint8_t *one = memchr(p + 2, 1, end - p - 2);

		if (!one)
			return NULL;
		if (one[-1] == 0 && one[-2] == 0)
			return one - 2;
		p = one - 1;
	}
	return NULL;
}

void h264_iter_init(struct h264_iter *it, struct slice stream)
{
	const uint8_t *p = stream.data, *end;

	*it = (struct h264_iter){0};
	if (stream.len == 0)
		return;
	end = it->end = p + stream.len;
	while (p < end && *p == 0)
		p++;
	if (p < end && *p == 1 && p - stream.data >= 2)
		it->next = p + 1;
}

bool h264_iter_next(struct h264_iter *it, struct slice *nal)
{
	while (it->next) {
		const uint8_t *start = it->next;
		const uint8_t *code = find_start_code(start, it->end);
		const uint8_t *end = code ? code : it->end;

		it->next = code ? code + 3 : NULL;
		while (end > start && end[-1] == 0)
			end--;
		if (end > start) {
			*nal = slice_of(start, end - start);
			return true;
		}
	}
	return false;
}

bool h264_is_idr(struct slice au)
{
	struct h264_iter it;
	struct slice nal;

	h264_iter_init(&it, au);
	while (h264_iter_next(&it, &nal))
		if (h264_is_vcl(nal))
			return h264_nal_type(nal) == H264_NAL_IDR;
	return false;
}

void h264_find_parameter_sets(struct slice au, struct h264_parameter_sets *sets)
{
	struct h264_iter it;
	struct slice nal;

	*sets = (struct h264_parameter_sets){0};
	h264_iter_init(&it, au);
	while (h264_iter_next(&it, &nal) && !h264_is_vcl(nal)) {
		if (h264_nal_type(nal) == H264_NAL_SPS)
			sets->sps = nal;
		else if (h264_nal_type(nal) == H264_NAL_PPS)
			sets->pps = nal;
	}
}
