// SPDX-License-Identifier: LGPL-2.1-or-later
/* Without libyuv. */
#include "v4l2/convert-yuv.h"

bool v4l2_convert_yuv_to_i420(const struct v4l2_image *image, const struct v4l2_i420 *ret)
{
	return false;
}

bool v4l2_convert_yuv_to_nv12(const struct v4l2_image *image, uint8_t *y, uint32_t y_stride,
			      uint8_t *chroma, uint32_t c_stride)
{
	return false;
}

bool v4l2_convert_yuv_merge(const uint8_t *first, const uint8_t *second, uint8_t *ret,
			    uint32_t samples)
{
	return false;
}

bool v4l2_convert_yuv_split(const uint8_t *line, uint8_t *ret_first, uint8_t *ret_second,
			    uint32_t samples)
{
	return false;
}
