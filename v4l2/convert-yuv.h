// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The samples of v4l2/convert.h and raw.h, moved: by libyuv, which does it in vectors on most
 * machines, or in a build without it by plain loops. Samples of RGB may come out by one different.
 * Formats, sizes and strides were checked by who calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "v4l2/convert.h"

/* -ENOMEM. */
int v4l2_convert_yuv_to_i420(const struct v4l2_image *image, const struct v4l2_i420 *ret);

/* Chroma interleaved, Cb first, in one pass. False: not this format, and not yet done. */
bool v4l2_convert_yuv_to_nv12(const struct v4l2_image *image, uint8_t *y, uint32_t y_stride,
			      uint8_t *chroma, uint32_t c_stride);

/* Interleaves a line of samples, parts it again, and has each pair change places. */
void v4l2_convert_yuv_merge(const uint8_t *first, const uint8_t *second, uint8_t *ret,
			    uint32_t samples);
void v4l2_convert_yuv_split(const uint8_t *line, uint8_t *ret_first, uint8_t *ret_second,
			    uint32_t samples);
void v4l2_convert_yuv_exchange(const uint8_t *line, uint8_t *ret, uint32_t samples);
