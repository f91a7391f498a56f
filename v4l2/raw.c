// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/raw.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <string.h>

#include "base/cleanup.h"
#include "v4l2/convert-yuv.h"

static const struct kind {
	uint32_t fourcc;
	bool planar; /* Cb and Cr apart */
	bool multi;  /* a memory plane for each component */
} kinds[] = {
	{V4L2_PIX_FMT_NV12, false, false},
	{V4L2_PIX_FMT_YUV420, true, false},
	{V4L2_PIX_FMT_NV12M, false, true},
	{V4L2_PIX_FMT_YUV420M, true, true},
};

static const struct kind *kind_of(uint32_t fourcc)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].fourcc == fourcc)
			return &kinds[i];
	return NULL;
}

/* Each component behind the one before, or at the start of a plane of its own. */
static void lay_out(struct v4l2_raw *raw, const struct kind *kind, const uint32_t *strides)
{
	uint32_t luma = strides[0] ? strides[0] : raw->width;
	size_t end = 0;

	for (unsigned int i = 0; i < raw->n_components; i++) {
		uint32_t stride = i > 0 && kind->planar ? luma / 2 : luma;
		uint32_t lines = i == 0 ? raw->height : raw->height / 2;

		if (kind->multi && i > 0 && strides[i])
			stride = strides[i];
		raw->components[i].plane = kind->multi ? i : 0;
		raw->components[i].offset = kind->multi ? 0 : end;
		raw->components[i].stride = stride;
		end = raw->components[i].offset + (size_t)stride * lines;
	}
}

/* Every line inside its memory plane. */
static bool fits(const struct v4l2_raw *raw)
{
	for (unsigned int i = 0; i < raw->n_components; i++) {
		uint32_t lines = i == 0 ? raw->height : raw->height / 2;
		uint32_t line = i > 0 && raw->n_components == 3 ? raw->width / 2 : raw->width;
		uint32_t stride = raw->components[i].stride;

		if (stride < line || stride > V4L2_CONVERT_STRIDE_MAX)
			return false;
		if (raw->components[i].offset + (size_t)stride * lines >
		    raw->size[raw->components[i].plane])
			return false;
	}
	return true;
}

int v4l2_raw_init(struct v4l2_raw *ret, uint32_t fourcc, uint32_t width, uint32_t height,
		  unsigned int n_planes, const uint32_t *strides, const uint32_t *sizes)
{
	const struct kind *kind = kind_of(fourcc);

	if (!kind)
		return -EOPNOTSUPP;
	*ret = (struct v4l2_raw){
		.fourcc = fourcc,
		.width = width,
		.height = height,
		.visible_width = width,
		.visible_height = height,
		.n_planes = n_planes,
		.n_components = kind->planar ? 3 : 2,
	};
	if (n_planes != (kind->multi ? ret->n_components : 1))
		return -EINVAL;
	/* 4:2:0: chroma has half of both. */
	if (width == 0 || height == 0 || width % 2 || height % 2 ||
	    width > V4L2_CONVERT_DIMENSION_MAX || height > V4L2_CONVERT_DIMENSION_MAX ||
	    strides[0] > V4L2_CONVERT_STRIDE_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < n_planes; i++)
		ret->size[i] = sizes[i];
	lay_out(ret, kind, strides);
	return fits(ret) ? 0 : -EINVAL;
}

/* Samples of Cb and Cr wherever they lie: step 1 in planes of their own, 2 interleaved. */
struct chroma {
	uint8_t *cb, *cr;
	uint32_t stride;
	unsigned int step;
};

static int chroma_of_image(const struct v4l2_image *image, struct chroma *ret)
{
	uint8_t *first = (uint8_t *)(uintptr_t)image->plane[1];
	uint8_t *second = (uint8_t *)(uintptr_t)image->plane[2];

	switch (image->fourcc) {
	case V4L2_PIX_FMT_NV12:
		*ret = (struct chroma){first, first + 1, image->stride[1], 2};
		return 0;
	case V4L2_PIX_FMT_NV21:
		*ret = (struct chroma){first + 1, first, image->stride[1], 2};
		return 0;
	case V4L2_PIX_FMT_YUV420:
		*ret = (struct chroma){first, second, image->stride[1], 1};
		return image->stride[2] == image->stride[1] ? 0 : -EINVAL;
	case V4L2_PIX_FMT_YVU420:
		*ret = (struct chroma){second, first, image->stride[1], 1};
		return image->stride[2] == image->stride[1] ? 0 : -EINVAL;
	default:
		return -EOPNOTSUPP;
	}
}

static uint8_t *component(const struct v4l2_raw *raw, uint8_t *const *planes, unsigned int i)
{
	return planes[raw->components[i].plane] + raw->components[i].offset;
}

static struct chroma chroma_of_raw(const struct v4l2_raw *raw, uint8_t *const *planes)
{
	uint8_t *first = component(raw, planes, 1);

	if (raw->n_components == 2)
		return (struct chroma){first, first + 1, raw->components[1].stride, 2};
	return (struct chroma){first, component(raw, planes, 2), raw->components[1].stride, 1};
}

static void copy_chroma_line(const struct chroma *to, const struct chroma *from, uint32_t line,
			     uint32_t samples)
{
	size_t t = (size_t)line * to->stride, f = (size_t)line * from->stride;
	bool exchanged = from->step == 2 && from->cr < from->cb;

	if (to->step == 1 && from->step == 1) {
		memcpy(to->cb + t, from->cb + f, samples);
		memcpy(to->cr + t, from->cr + f, samples);
	} else if (to->step == 2 && from->step == 1) {
		v4l2_convert_yuv_merge(from->cb + f, from->cr + f, to->cb + t, samples);
	} else if (to->step == 1 && exchanged) {
		v4l2_convert_yuv_split(from->cr + f, to->cr + t, to->cb + t, samples);
	} else if (to->step == 1) {
		v4l2_convert_yuv_split(from->cb + f, to->cb + t, to->cr + t, samples);
	} else if (exchanged) {
		v4l2_convert_yuv_exchange(from->cr + f, to->cb + t, samples);
	} else {
		memcpy(to->cb + t, from->cb + f, (size_t)samples * 2);
	}
}

/* Two lines at a time: what is interleaved of them is still near the CPU. */
static int convert_pairs(const struct v4l2_raw *raw, uint8_t *const *planes,
			 const struct v4l2_image *image)
{
	uint8_t cb[V4L2_CONVERT_DIMENSION_MAX / 2], cr[V4L2_CONVERT_DIMENSION_MAX / 2];
	/* Each line is made anew in the same place. */
	const struct chroma made = {cb, cr, 0, 1}, to = chroma_of_raw(raw, planes);
	struct v4l2_image pair = *image;
	struct v4l2_i420 i420 = {
		.y = component(raw, planes, 0),
		.u = cb,
		.v = cr,
		.y_stride = raw->components[0].stride,
		.c_stride = raw->visible_width / 2,
	};
	int r = 0;

	pair.height = 2;
	for (uint32_t line = 0; line < image->height / 2 && r >= 0; line++) {
		r = v4l2_convert_to_i420(&pair, &i420);
		if (r >= 0)
			copy_chroma_line(&to, &made, line, raw->visible_width / 2);
		i420.y += (size_t)i420.y_stride * 2;
		/* 4:2:2 has as many lines of chroma. */
		for (unsigned int i = 0; i < 2 && pair.plane[i]; i++)
			pair.plane[i] += (size_t)pair.stride[i] * 2;
	}
	return r;
}

static int convert(const struct v4l2_raw *raw, uint8_t *const *planes,
		   const struct v4l2_image *image)
{
	uint8_t *y = component(raw, planes, 0), *chroma = component(raw, planes, 1);
	uint32_t y_stride = raw->components[0].stride, c_stride = raw->components[1].stride;

	if (raw->n_components == 3)
		return v4l2_convert_to_i420(image, &(struct v4l2_i420){y, chroma,
								       component(raw, planes, 2),
								       y_stride, c_stride});
	if (v4l2_convert_yuv_to_nv12(image, y, y_stride, chroma, c_stride))
		return 0;
	return convert_pairs(raw, planes, image);
}

static bool fits_visible(const struct v4l2_raw *raw, const struct v4l2_image *image)
{
	return image->width == raw->visible_width && image->height == raw->visible_height &&
	       (raw->n_components == 2 || raw->components[1].stride == raw->components[2].stride);
}

int v4l2_raw_copy(const struct v4l2_raw *raw, uint8_t *const *planes,
		  const struct v4l2_image *image)
{
	uint32_t width = raw->visible_width, height = raw->visible_height;
	struct chroma from, to;
	int r;

	if (!v4l2_convert_supported(image->fourcc))
		return -EOPNOTSUPP;
	if (!fits_visible(raw, image) || !v4l2_image_is_valid(image))
		return -EINVAL;
	r = chroma_of_image(image, &from);
	if (r == -EOPNOTSUPP)
		return convert(raw, planes, image);
	if (r < 0)
		return r;
	to = chroma_of_raw(raw, planes);
	for (uint32_t line = 0; line < height; line++)
		memcpy(component(raw, planes, 0) + (size_t)line * raw->components[0].stride,
		       image->plane[0] + (size_t)line * image->stride[0], width);
	for (uint32_t line = 0; line < height / 2; line++)
		copy_chroma_line(&to, &from, line, width / 2);
	return 0;
}
