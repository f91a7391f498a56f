// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/convert-yuv.h"

#include <errno.h>
#include <libyuv.h>
#include <linux/videodev2.h>

/* Of a mean of two. */
#define HALF 128

/* Cb and Cr of every other format of the kind change places. */
static struct v4l2_i420 exchanged(const struct v4l2_i420 *i420)
{
	struct v4l2_i420 ret = *i420;

	ret.u = i420->v;
	ret.v = i420->u;
	return ret;
}

static int half(int n)
{
	return (n + 1) / 2;
}

/* Two lines of 4:2:2 chroma make one; an odd last one stands for itself. */
static int average_chroma(const struct v4l2_image *image, const struct v4l2_i420 *ret)
{
	uint8_t line[V4L2_CONVERT_DIMENSION_MAX];
	int width = half((int)image->width), stride = (int)image->stride[1], r = 0;

	for (int row = 0; row < half((int)image->height) && r == 0; row++) {
		const uint8_t *a = image->plane[1] + (size_t)row * 2 * image->stride[1];
		bool last = (uint32_t)row * 2 + 1 >= image->height;

		r = InterpolatePlane(a, stride, last ? a : a + stride, stride, line, width * 2,
				     width * 2, 1, HALF);
		SplitUVPlane(line, width * 2, ret->u + (size_t)row * ret->c_stride, width,
			     ret->v + (size_t)row * ret->c_stride, width, width, 1);
	}
	return r;
}

static int semi_planar(const struct v4l2_image *image, bool every_line, const struct v4l2_i420 *ret)
{
	int width = (int)image->width, height = (int)image->height;

	CopyPlane(image->plane[0], (int)image->stride[0], ret->y, (int)ret->y_stride, width,
		  height);
	if (every_line)
		return average_chroma(image, ret);
	SplitUVPlane(image->plane[1], (int)image->stride[1], ret->u, (int)ret->c_stride, ret->v,
		     (int)ret->c_stride, half(width), half(height));
	return 0;
}

typedef int from_one_plane(const uint8_t *from, int stride, uint8_t *y, int y_stride, uint8_t *u,
			   int u_stride, uint8_t *v, int v_stride, int width, int height);

static int one_plane(const struct v4l2_image *image, from_one_plane *convert,
		     const struct v4l2_i420 *ret)
{
	return convert(image->plane[0], (int)image->stride[0], ret->y, (int)ret->y_stride, ret->u,
		       (int)ret->c_stride, ret->v, (int)ret->c_stride, (int)image->width,
		       (int)image->height);
}

/* YV12 has Cr first. */
static int planar(const struct v4l2_image *image, const struct v4l2_i420 *ret)
{
	int width = (int)image->width, height = (int)image->height;

	CopyPlane(image->plane[0], (int)image->stride[0], ret->y, (int)ret->y_stride, width,
		  height);
	CopyPlane(image->plane[1], (int)image->stride[1], ret->u, (int)ret->c_stride, half(width),
		  half(height));
	CopyPlane(image->plane[2], (int)image->stride[2], ret->v, (int)ret->c_stride, half(width),
		  half(height));
	return 0;
}

static int convert(const struct v4l2_image *image, const struct v4l2_i420 *ret)
{
	const struct v4l2_i420 other = exchanged(ret);

	switch (image->fourcc) {
	case V4L2_PIX_FMT_YUYV:
		return one_plane(image, YUY2ToI420, ret);
	case V4L2_PIX_FMT_YVYU:
		return one_plane(image, YUY2ToI420, &other);
	case V4L2_PIX_FMT_UYVY:
		return one_plane(image, UYVYToI420, ret);
	case V4L2_PIX_FMT_VYUY:
		return one_plane(image, UYVYToI420, &other);
	/* The library names them by the order in a word, V4L2 by that in memory. */
	case V4L2_PIX_FMT_RGB24:
		return one_plane(image, RAWToI420, ret);
	case V4L2_PIX_FMT_BGR24:
		return one_plane(image, RGB24ToI420, ret);
	case V4L2_PIX_FMT_NV12:
	case V4L2_PIX_FMT_NV16:
		return semi_planar(image, image->fourcc == V4L2_PIX_FMT_NV16, ret);
	case V4L2_PIX_FMT_NV21:
	case V4L2_PIX_FMT_NV61:
		return semi_planar(image, image->fourcc == V4L2_PIX_FMT_NV61, &other);
	case V4L2_PIX_FMT_YVU420:
		return planar(image, &other);
	default:
		return planar(image, ret);
	}
}

int v4l2_convert_yuv_to_i420(const struct v4l2_image *image, const struct v4l2_i420 *ret)
{
	/* Lines between are all that it could lack. */
	return convert(image, ret) == 0 ? 0 : -ENOMEM;
}

bool v4l2_convert_yuv_to_nv12(const struct v4l2_image *image, uint8_t *y, uint32_t y_stride,
			      uint8_t *chroma, uint32_t c_stride)
{
	const uint8_t *from = image->plane[0];
	int stride = (int)image->stride[0], width = (int)image->width, height = (int)image->height;

	switch (image->fourcc) {
	case V4L2_PIX_FMT_YUYV:
		return YUY2ToNV12(from, stride, y, (int)y_stride, chroma, (int)c_stride, width,
				  height) == 0;
	case V4L2_PIX_FMT_UYVY:
		return UYVYToNV12(from, stride, y, (int)y_stride, chroma, (int)c_stride, width,
				  height) == 0;
	case V4L2_PIX_FMT_NV16:
		CopyPlane(from, stride, y, (int)y_stride, width, height);
		stride = (int)image->stride[1];
		return height % 2 == 0 &&
		       InterpolatePlane(image->plane[1], stride * 2, image->plane[1] + stride,
					stride * 2, chroma, (int)c_stride, half(width) * 2,
					height / 2, HALF) == 0;
	default:
		return false;
	}
}

void v4l2_convert_yuv_merge(const uint8_t *first, const uint8_t *second, uint8_t *ret,
			    uint32_t samples)
{
	MergeUVPlane(first, 0, second, 0, ret, 0, (int)samples, 1);
}

void v4l2_convert_yuv_split(const uint8_t *line, uint8_t *ret_first, uint8_t *ret_second,
			    uint32_t samples)
{
	SplitUVPlane(line, 0, ret_first, 0, ret_second, 0, (int)samples, 1);
}

void v4l2_convert_yuv_exchange(const uint8_t *line, uint8_t *ret, uint32_t samples)
{
	SwapUVPlane(line, 0, ret, 0, (int)samples, 1);
}
