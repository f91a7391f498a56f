// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Conversions by libyuv, which has them in vectors for most machines: what v4l2/convert.h and raw.h
 * use where it is there. A build without it does none of this, and they do the same by themselves.
 * Samples of RGB may come out by one different. Pure; sizes and strides were checked by who calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "v4l2/convert.h"

/* False: not this format, and nothing has been done. */
bool v4l2_convert_yuv_to_i420(const struct v4l2_image *image, const struct v4l2_i420 *ret);

/* Chroma interleaved, Cb first: one pass over packed 4:2:2. False as above. */
bool v4l2_convert_yuv_to_nv12(const struct v4l2_image *image, uint8_t *y, uint32_t y_stride,
			      uint8_t *chroma, uint32_t c_stride);

/* Interleaves a line of samples. False: it is left to the caller. */
bool v4l2_convert_yuv_merge(const uint8_t *first, const uint8_t *second, uint8_t *ret,
			    uint32_t samples);

/* Parts it again. */
bool v4l2_convert_yuv_split(const uint8_t *line, uint8_t *ret_first, uint8_t *ret_second,
			    uint32_t samples);
