// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/convert.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <string.h>

#include "v4l2/convert-yuv.h"

enum layout {
	LAYOUT_NV, /* a luma plane, a plane of interleaved chroma */
	LAYOUT_PLANAR,
	LAYOUT_PACKED,
	LAYOUT_RGB,
};

/* One row a format; everything else follows from it. */
struct layout_info {
	uint32_t fourcc;
	enum layout layout;
	uint8_t bytes;     /* a pixel in the first plane */
	uint8_t c_rows;    /* luma lines a chroma line: 1 for 4:2:2, 2 for 4:2:0 */
	uint8_t y, cb, cr; /* NV: cb, cr in a pair; planar: plane; packed: byte; RGB: r, g, b */
};

static const struct layout_info layouts[] = {
	{V4L2_PIX_FMT_NV12, LAYOUT_NV, 1, 2, 0, 0, 1},
	{V4L2_PIX_FMT_NV21, LAYOUT_NV, 1, 2, 0, 1, 0},
	{V4L2_PIX_FMT_NV16, LAYOUT_NV, 1, 1, 0, 0, 1},
	{V4L2_PIX_FMT_NV61, LAYOUT_NV, 1, 1, 0, 1, 0},
	{V4L2_PIX_FMT_YUV420, LAYOUT_PLANAR, 1, 2, 0, 1, 2},
	{V4L2_PIX_FMT_YVU420, LAYOUT_PLANAR, 1, 2, 0, 2, 1},
	{V4L2_PIX_FMT_YUYV, LAYOUT_PACKED, 2, 1, 0, 1, 3},
	{V4L2_PIX_FMT_UYVY, LAYOUT_PACKED, 2, 1, 1, 0, 2},
	{V4L2_PIX_FMT_YVYU, LAYOUT_PACKED, 2, 1, 0, 3, 1},
	{V4L2_PIX_FMT_VYUY, LAYOUT_PACKED, 2, 1, 1, 2, 0},
	{V4L2_PIX_FMT_RGB24, LAYOUT_RGB, 3, 1, 0, 1, 2},
	{V4L2_PIX_FMT_BGR24, LAYOUT_RGB, 3, 1, 2, 1, 0},
};

static const struct layout_info *layout_find(uint32_t fourcc)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].fourcc == fourcc)
			return &layouts[i];
	return NULL;
}

bool v4l2_convert_supported(uint32_t fourcc)
{
	return layout_find(fourcc) != NULL;
}

static uint32_t half(uint32_t n)
{
	return (n + 1) / 2;
}

/* Bytes that a line of the first plane cannot do without; packed pairs come whole. */
static uint32_t stride_least(const struct layout_info *info, uint32_t width)
{
	return info->layout == LAYOUT_PACKED ? half(width) * 4 : width * info->bytes;
}

static uint32_t chroma_stride_least(const struct layout_info *info, uint32_t width)
{
	return info->layout == LAYOUT_NV ? half(width) * 2 : half(width);
}

static unsigned int plane_count(const struct layout_info *info)
{
	switch (info->layout) {
	case LAYOUT_NV:
		return 2;
	case LAYOUT_PLANAR:
		return 3;
	default:
		return 1;
	}
}

static bool size_valid(uint32_t width, uint32_t height)
{
	return width > 0 && height > 0 && width <= V4L2_CONVERT_DIMENSION_MAX &&
	       height <= V4L2_CONVERT_DIMENSION_MAX;
}

/* A line of the chroma plane(s) of a buffer whose luma lines take STRIDE bytes. */
static uint32_t chroma_stride(const struct layout_info *info, uint32_t width, uint32_t stride)
{
	uint32_t scaled = info->layout == LAYOUT_NV ? stride : stride / 2;
	uint32_t least = chroma_stride_least(info, width);

	return scaled > least ? scaled : least;
}

int v4l2_image_map(struct v4l2_image *ret, uint32_t fourcc, uint32_t width, uint32_t height,
		   uint32_t visible_height, uint32_t stride, const uint8_t *data, size_t size)
{
	const struct layout_info *info = layout_find(fourcc);
	size_t offset;
	uint32_t c_stride;

	if (!info)
		return -EOPNOTSUPP;
	if (!size_valid(width, height) || visible_height == 0 || visible_height > height)
		return -EINVAL;
	if (stride == 0)
		stride = stride_least(info, width);
	if (stride < stride_least(info, width) || stride > V4L2_CONVERT_STRIDE_MAX)
		return -EINVAL;

	*ret = (struct v4l2_image){.fourcc = fourcc, .width = width, .height = visible_height};
	ret->plane[0] = data;
	ret->stride[0] = stride;
	offset = (size_t)stride * height;
	c_stride = chroma_stride(info, width, stride);
	for (unsigned int i = 1; i < plane_count(info); i++) {
		ret->plane[i] = data + offset;
		ret->stride[i] = c_stride;
		offset += (size_t)c_stride * (info->c_rows == 2 ? half(height) : height);
	}
	return offset > size ? -ENODATA : 0;
}

int v4l2_image_map_planes(struct v4l2_image *ret, uint32_t fourcc, uint32_t width, uint32_t height,
			  const uint32_t *strides, const uint8_t *const *data, const size_t *sizes)
{
	const struct layout_info *info = layout_find(fourcc);
	bool whole = true;

	if (!info)
		return -EOPNOTSUPP;
	if (!size_valid(width, height))
		return -EINVAL;
	*ret = (struct v4l2_image){.fourcc = fourcc, .width = width, .height = height};
	for (unsigned int i = 0; i < plane_count(info); i++) {
		uint32_t least =
			i == 0 ? stride_least(info, width) : chroma_stride_least(info, width);
		uint32_t lines = i > 0 && info->c_rows == 2 ? half(height) : height;

		if (strides[i] < least || strides[i] > V4L2_CONVERT_STRIDE_MAX)
			return -EINVAL;
		ret->plane[i] = data[i];
		ret->stride[i] = strides[i];
		whole &= (size_t)strides[i] * lines <= sizes[i];
	}
	return whole ? 0 : -ENODATA;
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

static struct line_pair chroma_lines(const struct v4l2_image *image, const struct layout_info *info,
				     unsigned int plane, uint32_t c_row)
{
	uint32_t a = info->c_rows == 2 ? c_row : c_row * 2;
	uint32_t b = info->c_rows == 2 || a + 1 >= image->height ? a : a + 1;

	return (struct line_pair){
		.a = image->plane[plane] + (size_t)a * image->stride[plane],
		.b = image->plane[plane] + (size_t)b * image->stride[plane],
	};
}

static void convert_nv(const struct v4l2_image *image, const struct layout_info *info,
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

static void convert_planar(const struct v4l2_image *image, const struct layout_info *info,
			   const struct v4l2_i420 *ret)
{
	copy_plane(ret->y, ret->y_stride, image->plane[0], image->stride[0], image->width,
		   image->height);
	copy_plane(ret->u, ret->c_stride, image->plane[info->cb], image->stride[info->cb],
		   half(image->width), half(image->height));
	copy_plane(ret->v, ret->c_stride, image->plane[info->cr], image->stride[info->cr],
		   half(image->width), half(image->height));
}

static void convert_packed(const struct v4l2_image *image, const struct layout_info *info,
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

static void convert_rgb(const struct v4l2_image *image, const struct layout_info *info,
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

static bool planes_valid(const struct v4l2_image *image, const struct layout_info *info)
{
	if (!image->plane[0] || image->stride[0] < stride_least(info, image->width))
		return false;
	for (unsigned int i = 1; i < plane_count(info); i++)
		if (!image->plane[i] || image->stride[i] < chroma_stride_least(info, image->width))
			return false;
	return true;
}

bool v4l2_image_is_valid(const struct v4l2_image *image)
{
	const struct layout_info *info = layout_find(image->fourcc);

	return info && size_valid(image->width, image->height) && planes_valid(image, info);
}

int v4l2_convert_to_i420(const struct v4l2_image *image, const struct v4l2_i420 *ret)
{
	const struct layout_info *info = layout_find(image->fourcc);

	if (!info)
		return -EOPNOTSUPP;
	if (!v4l2_image_is_valid(image) || !ret->y || !ret->u || !ret->v ||
	    ret->y_stride < image->width || ret->c_stride < half(image->width))
		return -EINVAL;
	if (v4l2_convert_yuv_to_i420(image, ret))
		return 0;

	switch (info->layout) {
	case LAYOUT_NV:
		convert_nv(image, info, ret);
		break;
	case LAYOUT_PLANAR:
		convert_planar(image, info, ret);
		break;
	case LAYOUT_PACKED:
		convert_packed(image, info, ret);
		break;
	case LAYOUT_RGB:
		convert_rgb(image, info, ret);
		break;
	}
	return 0;
}
