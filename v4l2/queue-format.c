// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/queue-format.h"

#include <errno.h>
#include <stdbool.h>

#include "v4l2/device.h"
#include "v4l2/planes.h"

/* A driver that never ends a list does not hold us. */
#define LIST_MAX 256

int v4l2_queue_format_lists(const struct v4l2_device *device, uint32_t type, uint32_t fourcc)
{
	for (uint32_t i = 0; i < LIST_MAX; i++) {
		struct v4l2_fmtdesc desc = {.index = i, .type = type};
		int r = v4l2_device_ioctl(device, VIDIOC_ENUM_FMT, &desc);

		if (r < 0)
			return r == -EINVAL ? 0 : r;
		if (desc.pixelformat == fourcc)
			return 1;
	}
	return 0;
}

uint32_t v4l2_queue_format_fourcc(const struct v4l2_device *device, const struct v4l2_format *f)
{
	return device->multiplanar ? f->fmt.pix_mp.pixelformat : f->fmt.pix.pixelformat;
}

static void ask_single(const struct v4l2_queue_format_want *want, struct v4l2_pix_format *ret)
{
	*ret = (struct v4l2_pix_format){
		.width = want->width,
		.height = want->height,
		.pixelformat = want->fourcc,
		.field = V4L2_FIELD_NONE,
		.bytesperline = want->stride,
		.colorspace = want->colorspace,
		.priv = V4L2_PIX_FMT_PRIV_MAGIC,
		.ycbcr_enc = want->ycbcr_enc,
		.quantization = want->quantization,
		.xfer_func = want->xfer_func,
	};
}

static void ask_planar(const struct v4l2_queue_format_want *want,
		       struct v4l2_pix_format_mplane *ret)
{
	*ret = (struct v4l2_pix_format_mplane){
		.width = want->width,
		.height = want->height,
		.pixelformat = want->fourcc,
		.field = V4L2_FIELD_NONE,
		.colorspace = want->colorspace,
		.ycbcr_enc = (uint8_t)want->ycbcr_enc,
		.quantization = (uint8_t)want->quantization,
		.xfer_func = (uint8_t)want->xfer_func,
	};
	v4l2_planes_ask(ret, want->stride);
}

int v4l2_queue_format_set(const struct v4l2_device *device, uint32_t type,
			  const struct v4l2_queue_format_want *want, struct v4l2_format *ret)
{
	int r = v4l2_queue_format_lists(device, type, want->fourcc);

	if (r <= 0)
		return r < 0 ? r : -EOPNOTSUPP;
	*ret = (struct v4l2_format){.type = type};
	if (device->multiplanar)
		ask_planar(want, &ret->fmt.pix_mp);
	else
		ask_single(want, &ret->fmt.pix);
	r = v4l2_device_ioctl(device, VIDIOC_S_FMT, ret);
	if (r < 0)
		return r;
	return v4l2_queue_format_fourcc(device, ret) == want->fourcc ? 0 : -EOPNOTSUPP;
}

int v4l2_queue_format_raw(const struct v4l2_device *device, const struct v4l2_format *format,
			  struct v4l2_raw *ret)
{
	const struct v4l2_pix_format *pix = &format->fmt.pix;
	const struct v4l2_pix_format_mplane *mp = &format->fmt.pix_mp;
	uint32_t strides[V4L2_QUEUE_PLANES_MAX] = {}, sizes[V4L2_QUEUE_PLANES_MAX] = {};

	if (!device->multiplanar)
		return v4l2_raw_init(ret, pix->pixelformat, pix->width, pix->height, 1,
				     &pix->bytesperline, &pix->sizeimage);
	if (v4l2_planes_read(mp, strides, sizes) < 0)
		return -EOPNOTSUPP;
	return v4l2_raw_init(ret, mp->pixelformat, mp->width, mp->height, mp->num_planes, strides,
			     sizes);
}

int v4l2_queue_format_show(const struct v4l2_device *device, uint32_t type, uint32_t width,
			   uint32_t height, struct v4l2_raw *raw)
{
	bool output = type == v4l2_device_output_type(device);
	struct v4l2_selection selection = {
		/* Not the multi-planar type, by the book; older drivers want that one. */
		.type = output ? V4L2_BUF_TYPE_VIDEO_OUTPUT : V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.target = output ? V4L2_SEL_TGT_CROP : V4L2_SEL_TGT_COMPOSE,
		.r = {.width = width, .height = height},
	};
	const struct v4l2_rect *got = &selection.r;
	int r = v4l2_device_ioctl(device, VIDIOC_S_SELECTION, &selection);

	if (r == -EINVAL && device->multiplanar) {
		selection.type = type;
		r = v4l2_device_ioctl(device, VIDIOC_S_SELECTION, &selection);
	}
	if (r == -ENOTTY || r == -EINVAL)
		return -EOPNOTSUPP;
	if (r < 0)
		return r;
	if (got->left || got->top || got->width != width || got->height != height)
		return -ERANGE;
	raw->visible_width = width;
	raw->visible_height = height;
	return 0;
}
