// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a camera's JPEG picture says of itself (ITU-T T.81), looked at before anything decodes it.
 * Pure: no allocation, no decoding.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct v4l2_jpeg {
	uint32_t width, height; /* pixels, not 0 */
	/* Sampling factors: of luma, and of both chromas: 2x2 and 1x1 is 4:2:0. */
	uint8_t h, v, c_h, c_v;
};

/*
 * Takes a sequential picture of 8 bits and three components that is complete: one that lost its
 * end would decode, grey from where it breaks off. Bytes after the end are padding.
 * -EBADMSG: broken or cut off; -EOPNOTSUPP: of another kind.
 */
int v4l2_jpeg_inspect(const uint8_t *data, size_t size, struct v4l2_jpeg *ret);
