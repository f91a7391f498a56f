// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pictures as cameras give them, converted to I420 (planar YUV 4:2:0) by the CPU, in vectors where
 * libyuv is there (convert-yuv.h). Pure: no device.
 *
 * From: NV12, NV21, YU12, YV12 (4:2:0: copied), YUYV, UYVY, YVYU, VYUY, NV16, NV61 (4:2:2: chroma
 * of two lines averaged), RGB3, BGR3 (BT.601, limited range, chroma of 2x2 pixels averaged). Odd
 * widths and heights are allowed where the source format allows them; I420 chroma planes are (width
 * + 1) / 2 by (height + 1) / 2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Larger pictures are refused: no size computed here can overflow. */
#define V4L2_CONVERT_DIMENSION_MAX 16384
#define V4L2_CONVERT_STRIDE_MAX    (V4L2_CONVERT_DIMENSION_MAX * 8)

/* A source picture; borrows its memory. Unused planes are NULL. */
struct v4l2_image {
	uint32_t fourcc; /* V4L2_PIX_FMT_*; of the format in one buffer, if its planes lie apart */
	uint32_t width, height;
	const uint8_t *plane[3]; /* in the format's order: YV12 has Cr second */
	uint32_t stride[3];      /* bytes a line */
};

/* A destination picture; borrows its memory, at least stride * lines of each plane. */
struct v4l2_i420 {
	uint8_t *y, *u, *v;
	uint32_t y_stride; /* >= width */
	uint32_t c_stride; /* >= (width + 1) / 2, of u and v */
};

bool v4l2_convert_supported(uint32_t fourcc);

/*
 * Lays the planes out over one contiguous buffer as V4L2 does: chroma begins at stride * height,
 * its stride follows from the first plane's. stride 0 means the least. visible_height lines of the
 * height the driver agreed to are the picture (equal where nothing is padded).
 * -EOPNOTSUPP: unknown format; -EINVAL: sizes that cannot be; -ENODATA: size bytes are too few.
 */
int v4l2_image_map(struct v4l2_image *ret, uint32_t fourcc, uint32_t width, uint32_t height,
		   uint32_t visible_height, uint32_t stride, const uint8_t *data, size_t size);

/*
 * The same of planes that lie apart, each with a stride and a size of its own. fourcc: of the
 * format in one buffer (v4l2/planes.h).
 */
int v4l2_image_map_planes(struct v4l2_image *ret, uint32_t fourcc, uint32_t width, uint32_t height,
			  const uint32_t *strides, const uint8_t *const *data, const size_t *sizes);

/* Whether its format is known, and its planes and strides can be. */
bool v4l2_image_is_valid(const struct v4l2_image *image);

/* -EOPNOTSUPP: unknown format; -EINVAL: a stride too small, a missing plane, or an empty picture.
 */
int v4l2_convert_to_i420(const struct v4l2_image *image, const struct v4l2_i420 *ret);
