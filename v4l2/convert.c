// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/convert.h"

#include <errno.h>

#include "v4l2/convert-layout.h"
#include "v4l2/convert-yuv.h"

bool v4l2_convert_supported(uint32_t fourcc)
{
	return v4l2_convert_layout_of(fourcc) != NULL;
}

static uint32_t half(uint32_t n)
{
	return (n + 1) / 2;
}

/* Bytes that a line of the first plane cannot do without; packed pairs come whole. */
static uint32_t stride_least(const struct v4l2_convert_layout *info, uint32_t width)
{
	return info->kind == V4L2_CONVERT_PACKED ? half(width) * 4 : width * info->bytes;
}

static uint32_t chroma_stride_least(const struct v4l2_convert_layout *info, uint32_t width)
{
	return info->kind == V4L2_CONVERT_NV ? half(width) * 2 : half(width);
}

static unsigned int plane_count(const struct v4l2_convert_layout *info)
{
	switch (info->kind) {
	case V4L2_CONVERT_NV:
		return 2;
	case V4L2_CONVERT_PLANAR:
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
static uint32_t chroma_stride(const struct v4l2_convert_layout *info, uint32_t width,
			      uint32_t stride)
{
	uint32_t scaled = info->kind == V4L2_CONVERT_NV ? stride : stride / 2;
	uint32_t least = chroma_stride_least(info, width);

	return scaled > least ? scaled : least;
}

int v4l2_image_map(struct v4l2_image *ret, uint32_t fourcc, uint32_t width, uint32_t height,
		   uint32_t visible_height, uint32_t stride, const uint8_t *data, size_t size)
{
	const struct v4l2_convert_layout *info = v4l2_convert_layout_of(fourcc);
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
	const struct v4l2_convert_layout *info = v4l2_convert_layout_of(fourcc);
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

static bool planes_valid(const struct v4l2_image *image, const struct v4l2_convert_layout *info)
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
	const struct v4l2_convert_layout *info = v4l2_convert_layout_of(image->fourcc);

	return info && size_valid(image->width, image->height) && planes_valid(image, info);
}

int v4l2_convert_to_i420(const struct v4l2_image *image, const struct v4l2_i420 *ret)
{
	if (!v4l2_convert_supported(image->fourcc))
		return -EOPNOTSUPP;
	if (!v4l2_image_is_valid(image) || !ret->y || !ret->u || !ret->v ||
	    ret->y_stride < image->width || ret->c_stride < half(image->width))
		return -EINVAL;
	return v4l2_convert_yuv_to_i420(image, ret);
}
