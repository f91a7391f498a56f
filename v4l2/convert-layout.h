// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the samples of each format of v4l2/convert.h lie. */
#pragma once

#include <stdint.h>

enum v4l2_convert_kind {
	V4L2_CONVERT_NV, /* a luma plane, a plane of interleaved chroma */
	V4L2_CONVERT_PLANAR,
	V4L2_CONVERT_PACKED,
	V4L2_CONVERT_RGB,
};

struct v4l2_convert_layout {
	uint32_t fourcc;
	enum v4l2_convert_kind kind;
	uint8_t bytes;     /* a pixel in the first plane */
	uint8_t c_rows;    /* luma lines a chroma line: 1 for 4:2:2, 2 for 4:2:0 */
	uint8_t y, cb, cr; /* NV: cb, cr in a pair; planar: plane; packed: byte; RGB: r, g, b */
};

/* NULL: there is no such format. */
const struct v4l2_convert_layout *v4l2_convert_layout_of(uint32_t fourcc);
