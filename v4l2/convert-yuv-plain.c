// SPDX-License-Identifier: LGPL-2.1-or-later
/* Without libyuv: as compilers make it. */
#include <string.h>

#include "v4l2/convert-layout.h"
#include "v4l2/convert-yuv.h"

static uint32_t half(uint32_t n)
{
	return (n + 1) / 2;
}

static uint8_t average2(unsigned int a, unsigned int b)
{
	return (uint8_t)((a + b + 1) / 2);
}

static void copy_plane(uint8_t *to, uint32_t to_stride, const uint8_t *from, uint32_t from_stride,
		       uint32_t width, uint32_t height)
{
	for (uint32_t row = 0; row < height; row++)
		memcpy(to + (size_t)row * to_stride, from + (size_t)row * from_stride, width);
}

/* Two chroma lines to average: the same twice in a 4:2:0 source and at an odd last line. */
struct line_pair {
	const uint8_t *a, *b;
};

static struct line_pair chroma_lines(const struct v4l2_image *image,
				     const struct v4l2_convert_layout *info, unsigned int plane,
				     uint32_t c_row)
{
	uint32_t a = info->c_rows == 2 ? c_row : c_row * 2;
	uint32_t b = info->c_rows == 2 || a + 1 >= image->height ? a : a + 1;

	return (struct line_pair){
		.a = image->plane[plane] + (size_t)a * image->stride[plane],
		.b = image->plane[plane] + (size_t)b * image->stride[plane],
	};
}

static void convert_nv(const struct v4l2_image *image, const struct v4l2_convert_layout *info,
		       const struct v4l2_i420 *ret)
{
	uint32_t c_width = half(image->width);

	copy_plane(ret->y, ret->y_stride, image->plane[0], image->stride[0], image->width,
		   image->height);
	for (uint32_t row = 0; row < half(image->height); row++) {
		struct line_pair lines = chroma_lines(image, info, 1, row);
		uint8_t *restrict u = ret->u + (size_t)row * ret->c_stride;
		uint8_t *restrict v = ret->v + (size_t)row * ret->c_stride;

		for (uint32_t i = 0; i < c_width; i++) {
			u[i] = average2(lines.a[2 * i + info->cb], lines.b[2 * i + info->cb]);
			v[i] = average2(lines.a[2 * i + info->cr], lines.b[2 * i + info->cr]);
		}
	}
}

static void convert_planar(const struct v4l2_image *image, const struct v4l2_convert_layout *info,
			   const struct v4l2_i420 *ret)
{
	copy_plane(ret->y, ret->y_stride, image->plane[0], image->stride[0], image->width,
		   image->height);
	copy_plane(ret->u, ret->c_stride, image->plane[info->cb], image->stride[info->cb],
		   half(image->width), half(image->height));
	copy_plane(ret->v, ret->c_stride, image->plane[info->cr], image->stride[info->cr],
		   half(image->width), half(image->height));
}

static void convert_packed(const struct v4l2_image *image, const struct v4l2_convert_layout *info,
			   const struct v4l2_i420 *ret)
{
	for (uint32_t row = 0; row < image->height; row++) {
		const uint8_t *from = image->plane[0] + (size_t)row * image->stride[0] + info->y;
		uint8_t *restrict y = ret->y + (size_t)row * ret->y_stride;

		for (uint32_t i = 0; i < image->width; i++)
			y[i] = from[2 * i];
	}
	for (uint32_t row = 0; row < half(image->height); row++) {
		struct line_pair lines = chroma_lines(image, info, 0, row);
		uint8_t *restrict u = ret->u + (size_t)row * ret->c_stride;
		uint8_t *restrict v = ret->v + (size_t)row * ret->c_stride;

		for (uint32_t i = 0; i < half(image->width); i++) {
			u[i] = average2(lines.a[4 * i + info->cb], lines.b[4 * i + info->cb]);
			v[i] = average2(lines.a[4 * i + info->cr], lines.b[4 * i + info->cr]);
		}
	}
}

/* BT.601 limited range, 8 bits of fraction; the offsets carry the rounding. */
static uint8_t rgb_to_y(int r, int g, int b)
{
	return (uint8_t)((66 * r + 129 * g + 25 * b + 128 + (16 << 8)) >> 8);
}

static uint8_t rgb_to_u(int r, int g, int b)
{
	return (uint8_t)((-38 * r - 74 * g + 112 * b + 128 + (128 << 8)) >> 8);
}

static uint8_t rgb_to_v(int r, int g, int b)
{
	return (uint8_t)((112 * r - 94 * g - 18 * b + 128 + (128 << 8)) >> 8);
}

static void convert_rgb(const struct v4l2_image *image, const struct v4l2_convert_layout *info,
			const struct v4l2_i420 *ret)
{
	uint32_t last = image->width - 1;

	for (uint32_t row = 0; row < image->height; row++) {
		const uint8_t *from = image->plane[0] + (size_t)row * image->stride[0];
		uint8_t *restrict y = ret->y + (size_t)row * ret->y_stride;

		for (uint32_t i = 0; i < image->width; i++, from += 3)
			y[i] = rgb_to_y(from[info->y], from[info->cb], from[info->cr]);
	}
	for (uint32_t row = 0; row < half(image->height); row++) {
		struct line_pair lines = chroma_lines(image, info, 0, row);
		uint8_t *restrict u = ret->u + (size_t)row * ret->c_stride;
		uint8_t *restrict v = ret->v + (size_t)row * ret->c_stride;

		for (uint32_t i = 0; i < half(image->width); i++) {
			uint32_t left = 6 * i, right = 2 * i < last ? left + 3 : left;
			const uint8_t *p[4] = {lines.a + left, lines.a + right, lines.b + left,
					       lines.b + right};
			int sum[3] = {2, 2, 2};

			for (unsigned int k = 0; k < 4; k++) {
				sum[0] += p[k][info->y];
				sum[1] += p[k][info->cb];
				sum[2] += p[k][info->cr];
			}
			u[i] = rgb_to_u(sum[0] / 4, sum[1] / 4, sum[2] / 4);
			v[i] = rgb_to_v(sum[0] / 4, sum[1] / 4, sum[2] / 4);
		}
	}
}

int v4l2_convert_yuv_to_i420(const struct v4l2_image *image, const struct v4l2_i420 *ret)
{
	const struct v4l2_convert_layout *info = v4l2_convert_layout_of(image->fourcc);

	switch (info->kind) {
	case V4L2_CONVERT_NV:
		convert_nv(image, info, ret);
		break;
	case V4L2_CONVERT_PLANAR:
		convert_planar(image, info, ret);
		break;
	case V4L2_CONVERT_PACKED:
		convert_packed(image, info, ret);
		break;
	case V4L2_CONVERT_RGB:
		convert_rgb(image, info, ret);
		break;
	}
	return 0;
}

bool v4l2_convert_yuv_to_nv12(const struct v4l2_image *image, uint8_t *y, uint32_t y_stride,
			      uint8_t *chroma, uint32_t c_stride)
{
	return false;
}

void v4l2_convert_yuv_merge(const uint8_t *restrict first, const uint8_t *restrict second,
			    uint8_t *restrict ret, uint32_t samples)
{
	for (uint32_t i = 0; i < samples; i++) {
		ret[2 * i] = first[i];
		ret[2 * i + 1] = second[i];
	}
}

void v4l2_convert_yuv_split(const uint8_t *restrict line, uint8_t *restrict ret_first,
			    uint8_t *restrict ret_second, uint32_t samples)
{
	for (uint32_t i = 0; i < samples; i++) {
		ret_first[i] = line[2 * i];
		ret_second[i] = line[2 * i + 1];
	}
}

void v4l2_convert_yuv_exchange(const uint8_t *restrict line, uint8_t *restrict ret,
			       uint32_t samples)
{
	for (uint32_t i = 0; i < samples; i++) {
		ret[2 * i] = line[2 * i + 1];
		ret[2 * i + 1] = line[2 * i];
	}
}
