// SPDX-License-Identifier: LGPL-2.1-or-later
/* The sequence parameter set (ITU-T H.264 section 7.3.2.1.1, VUI in annex E). */
#pragma once

#include <stdint.h>

#include "wire/slice.h"

#define H264_SPS_MAX       1024  /* bytes of the NAL unit */
#define H264_DIMENSION_MAX 16384 /* luma samples */

struct h264_sps {
	uint8_t profile_idc;
	uint8_t constraints; /* constraint_set0_flag is the highest bit, as in profile-level-id */
	uint8_t level_idc;
	uint8_t id;
	uint32_t width; /* luma samples after cropping */
	uint32_t height;
	uint32_t fps_num; /* frames a second are num / den; both 0 when the SPS does not say */
	uint32_t fps_den;
};

/* nal: with its header byte, emulation prevention still in it. Errors: -EBADMSG (not an SPS, cut
 * short, a value out of the standard's range), -EMSGSIZE (beyond the bounds above). */
int h264_sps_parse(struct h264_sps *sps, struct slice nal);
