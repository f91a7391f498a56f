// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/convert-lib.h"

#include <errno.h>
#include <libv4l-plugin.h>
#include <libv4lconvert.h>
#include <limits.h>
#include <linux/videodev2.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "v4l2/jpeg.h"

#define RGB_BYTES 3 /* a pixel */
#define JPEG_UNIT 8 /* pixels a side */

/* bytes: a pixel; 0: JPEG. */
static const struct {
	uint32_t fourcc, bytes;
} formats[] = {
	{V4L2_PIX_FMT_MJPEG, 0},  {V4L2_PIX_FMT_JPEG, 0},   {V4L2_PIX_FMT_GREY, 1},
	{V4L2_PIX_FMT_Y16, 2},    {V4L2_PIX_FMT_RGB565, 2}, {V4L2_PIX_FMT_RGB32, 4},
	{V4L2_PIX_FMT_XRGB32, 4}, {V4L2_PIX_FMT_BGR32, 4},  {V4L2_PIX_FMT_XBGR32, 4},
};

struct v4l2_convert_lib {
	struct v4lconvert_data *library;
	uint32_t fourcc, bytes;
	uint32_t width, height;
	uint8_t *picture; /* as the library makes it, RGB24 or I420 */
	size_t room;
};

static int format_find(uint32_t fourcc)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].fourcc == fourcc)
			return (int)i;
	return -EOPNOTSUPP;
}

bool v4l2_convert_lib_supported(uint32_t fourcc)
{
	return format_find(fourcc) >= 0;
}

/* The device that the library sees: it has this one format, and no flaw to make up for. */
static int device_ioctl(void *user, int fd, unsigned long request, void *arg)
{
	const struct v4l2_convert_lib *c = user;
	struct v4l2_fmtdesc *format = arg;

	if (request == VIDIOC_ENUM_FMT && format->index == 0) {
		format->pixelformat = c->fourcc;
		return 0;
	}
	errno = request == VIDIOC_ENUM_FMT ? EINVAL : ENOTTY;
	return -1;
}

static const struct libv4l_dev_ops device = {.ioctl = device_ioctl};

int v4l2_convert_lib_new(uint32_t fourcc, uint32_t width, uint32_t height, uint32_t stride,
			 struct v4l2_convert_lib **ret)
{
	_cleanup_(v4l2_convert_lib_freep) struct v4l2_convert_lib *c = NULL;
	int i = format_find(fourcc);

	if (i < 0)
		return i;
	if (!width || !height || width > V4L2_CONVERT_DIMENSION_MAX ||
	    height > V4L2_CONVERT_DIMENSION_MAX)
		return -EINVAL;
	/* The library passes over padding in some formats and not in others. */
	if (formats[i].bytes && stride && stride != width * formats[i].bytes)
		return -EOPNOTSUPP;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->fourcc = fourcc;
	c->bytes = formats[i].bytes;
	c->width = width;
	c->height = height;
	c->room = (size_t)width * height * RGB_BYTES;
	c->picture = malloc(c->room);
	c->library = v4lconvert_create_with_dev_ops(-EBADF, c, &device);
	if (!c->picture || !c->library)
		return -ENOMEM;
	*ret = steal_pointer(&c);
	return 0;
}

struct v4l2_convert_lib *v4l2_convert_lib_free(struct v4l2_convert_lib *c)
{
	if (!c)
		return NULL;
	v4lconvert_destroy(c->library);
	free(c->picture);
	free(c);
	return NULL;
}

/* Into c->picture. */
static int run(struct v4l2_convert_lib *c, const uint8_t *data, size_t size, uint32_t fourcc)
{
	struct v4l2_format from = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
	struct v4l2_format to;

	from.fmt.pix.width = c->width;
	from.fmt.pix.height = c->height;
	from.fmt.pix.pixelformat = c->fourcc;
	from.fmt.pix.bytesperline = c->width * c->bytes;
	from.fmt.pix.sizeimage = (uint32_t)size;
	to = from;
	to.fmt.pix.pixelformat = fourcc;
	v4lconvert_fixup_fmt(&to);
	/* It only reads the source, in these formats. */
	if (v4lconvert_convert(c->library, &from, &to, (uint8_t *)(uintptr_t)data, (int)size,
			       c->picture, (int)c->room) < 0)
		return errno == ENOMEM ? -ENOMEM : -EBADMSG;
	return 0;
}

/* JPEG uses all 256 values (JFIF), video 219 of luma and 224 of chroma. */
static uint8_t limit_luma(unsigned int value)
{
	return (uint8_t)(16 + (value * 219 + 127) / 255);
}

static uint8_t limit_chroma(unsigned int value)
{
	return (uint8_t)(16 + (value * 224 + 112) / 255);
}

static void limit_plane(uint8_t *to, uint32_t to_stride, const uint8_t *from, uint32_t from_stride,
			uint32_t width, uint32_t height, uint8_t (*limit)(unsigned int))
{
	uint8_t table[UINT8_MAX + 1];

	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++)
		table[i] = limit(i);
	for (uint32_t row = 0; row < height; row++, to += to_stride, from += from_stride)
		for (uint32_t i = 0; i < width; i++)
			to[i] = table[from[i]];
}

static int from_yuv(struct v4l2_convert_lib *c, uint32_t width, uint32_t height,
		    const struct v4l2_i420 *ret)
{
	const uint8_t *u = c->picture + (size_t)c->width * c->height;
	const uint8_t *v = u + (size_t)c->width * c->height / 4;
	uint32_t c_width = (width + 1) / 2, c_height = (height + 1) / 2, stride = c->width / 2;

	limit_plane(ret->y, ret->y_stride, c->picture, c->width, width, height, limit_luma);
	limit_plane(ret->u, ret->c_stride, u, stride, c_width, c_height, limit_chroma);
	limit_plane(ret->v, ret->c_stride, v, stride, c_width, c_height, limit_chroma);
	return 0;
}

static int from_rgb(struct v4l2_convert_lib *c, uint32_t width, uint32_t height,
		    const struct v4l2_i420 *ret)
{
	struct v4l2_image image = {
		.fourcc = V4L2_PIX_FMT_RGB24,
		.width = width,
		.height = height,
		.plane = {c->picture},
		.stride = {c->width * RGB_BYTES},
	};

	return v4l2_convert_to_i420(&image, ret);
}

/*
 * Measures a picture, and picks what the library is to make of it. Its way to I420 is the short
 * one, but it takes only 4:2:0 and 4:2:2 of whole units, and leaves other pictures to a decoder
 * that trusts them.
 */
static int measure(const struct v4l2_convert_lib *c, const uint8_t *data, size_t size,
		   uint32_t *ret_fourcc)
{
	struct v4l2_jpeg jpeg;

	*ret_fourcc = V4L2_PIX_FMT_RGB24;
	if (size > INT_MAX)
		return -EBADMSG;
	if (c->bytes)
		return size < (size_t)c->width * c->height * c->bytes ? -EBADMSG : 0;
	if (v4l2_jpeg_inspect(data, size, &jpeg) < 0 || jpeg.width != c->width ||
	    jpeg.height != c->height)
		return -EBADMSG;
	if (jpeg.h == 2 && jpeg.v <= 2 && jpeg.c_h == 1 && jpeg.c_v == 1 &&
	    c->width % (JPEG_UNIT * 2) == 0 && c->height % (JPEG_UNIT * jpeg.v) == 0)
		*ret_fourcc = V4L2_PIX_FMT_YUV420;
	return 0;
}

int v4l2_convert_lib_to_i420(struct v4l2_convert_lib *c, const uint8_t *data, size_t size,
			     uint32_t width, uint32_t height, const struct v4l2_i420 *ret)
{
	uint32_t fourcc;
	int r;

	if (!width || !height || width > c->width || height > c->height || ret->y_stride < width ||
	    ret->c_stride < (width + 1) / 2)
		return -EINVAL;
	r = measure(c, data, size, &fourcc);
	if (r >= 0)
		r = run(c, data, size, fourcc);
	if (r < 0)
		return r;
	return fourcc == V4L2_PIX_FMT_YUV420 ? from_yuv(c, width, height, ret)
					     : from_rgb(c, width, height, ret);
}
