// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/hevc-au.h"

#define VCL_LAST   31
#define VPS        32
#define AUD        35
#define PREFIX_SEI 39

static bool opens(struct slice nal, unsigned type)
{
	/* first_slice_segment_in_pic_flag is the first bit of the slice segment header. */
	if (type <= VCL_LAST)
		return nal.len > HEVC_NAL_HEADER && nal.data[HEVC_NAL_HEADER] & 0x80;
	return (type >= VPS && type <= AUD) || type == PREFIX_SEI || (type >= 41 && type <= 44) ||
	       (type >= 48 && type <= 55);
}

bool hevc_au_starts(struct hevc_au *au, struct slice nal)
{
	unsigned type;
	bool starts;

	if (nal.len < HEVC_NAL_HEADER)
		return false;
	type = hevc_nal_type(nal);
	starts = au->has_slice && opens(nal, type);
	if (starts)
		au->has_slice = false;
	au->has_slice |= type <= VCL_LAST;
	return starts;
}
