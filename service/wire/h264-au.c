// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/h264-au.h"

#include "wire/h264.h"

/* first_mb_in_slice is the first field of the slice header, and ue(v) zero is a single 1 bit. */
static bool is_first_slice(struct slice nal)
{
	unsigned type = h264_nal_type(nal);

	return (type == H264_NAL_SLICE || type == H264_NAL_PARTITION_A || type == H264_NAL_IDR) &&
	       nal.len > 1 && nal.data[1] & 0x80;
}

static bool opens(struct slice nal)
{
	unsigned type = h264_nal_type(nal);

	return (type >= H264_NAL_SEI && type <= H264_NAL_AUD) || (type >= 14 && type <= 18) ||
	       is_first_slice(nal);
}

bool h264_au_starts(struct h264_au *au, struct slice nal)
{
	bool starts = au->has_slice && opens(nal);

	if (starts)
		au->has_slice = false;
	au->has_slice |= h264_is_vcl(nal);
	return starts;
}
