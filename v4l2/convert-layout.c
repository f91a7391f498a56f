// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/convert-layout.h"

#include <linux/videodev2.h>
#include <stddef.h>

#include "base/cleanup.h"

/* One row a format; everything else follows from it. */
static const struct v4l2_convert_layout layouts[] = {
	{V4L2_PIX_FMT_NV12, V4L2_CONVERT_NV, 1, 2, 0, 0, 1},
	{V4L2_PIX_FMT_NV21, V4L2_CONVERT_NV, 1, 2, 0, 1, 0},
	{V4L2_PIX_FMT_NV16, V4L2_CONVERT_NV, 1, 1, 0, 0, 1},
	{V4L2_PIX_FMT_NV61, V4L2_CONVERT_NV, 1, 1, 0, 1, 0},
	{V4L2_PIX_FMT_YUV420, V4L2_CONVERT_PLANAR, 1, 2, 0, 1, 2},
	{V4L2_PIX_FMT_YVU420, V4L2_CONVERT_PLANAR, 1, 2, 0, 2, 1},
	{V4L2_PIX_FMT_YUYV, V4L2_CONVERT_PACKED, 2, 1, 0, 1, 3},
	{V4L2_PIX_FMT_UYVY, V4L2_CONVERT_PACKED, 2, 1, 1, 0, 2},
	{V4L2_PIX_FMT_YVYU, V4L2_CONVERT_PACKED, 2, 1, 0, 3, 1},
	{V4L2_PIX_FMT_VYUY, V4L2_CONVERT_PACKED, 2, 1, 1, 2, 0},
	{V4L2_PIX_FMT_RGB24, V4L2_CONVERT_RGB, 3, 1, 0, 1, 2},
	{V4L2_PIX_FMT_BGR24, V4L2_CONVERT_RGB, 3, 1, 2, 1, 0},
};

const struct v4l2_convert_layout *v4l2_convert_layout_of(uint32_t fourcc)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].fourcc == fourcc)
			return &layouts[i];
	return NULL;
}
