// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where access units begin in a stream of HEVC NAL units (ITU-T H.265 section 7.4.2.4.4): after
 * the last slice segment of a picture, at an AUD, VPS, SPS, PPS, prefix SEI or a reserved type 41
 * to 44 or 48 to 55, or at a slice segment that is the first of its picture. NAL units of other
 * layers are not told apart.
 */
#pragma once

#include <stdbool.h>

#include "wire/slice.h"

struct hevc_au {
	bool has_slice; /* of the current access unit */
};

#define HEVC_NAL_HEADER 2

/* Table 7-1. Of a NAL unit of at least HEVC_NAL_HEADER bytes. */
static inline unsigned hevc_nal_type(struct slice nal)
{
	return nal.data[0] >> 1 & 0x3f;
}

/* Whether nal is the first of a new access unit; as h264_au_starts(). */
bool hevc_au_starts(struct hevc_au *au, struct slice nal);
