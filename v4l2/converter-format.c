// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/converter-format.h"

#include <errno.h>
#include <linux/videodev2.h>

#include "base/cleanup.h"
#include "v4l2/capture.h"
#include "v4l2/device.h"
#include "v4l2/planes.h"
#include "v4l2/queue-format.h"

/* A driver that never ends a list does not hold us. */
#define LIST_MAX 256

static bool lists_any(const struct v4l2_device *device, uint32_t type, const uint32_t *formats,
		      size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v4l2_queue_format_lists(device, type, formats[i]) > 0)
			return true;
	return false;
}

static bool lists_coded(const struct v4l2_device *device, uint32_t type)
{
	for (uint32_t i = 0; i < LIST_MAX; i++) {
		struct v4l2_fmtdesc desc = {.index = i, .type = type};

		if (v4l2_device_ioctl(device, VIDIOC_ENUM_FMT, &desc) < 0)
			return false;
		if (desc.flags & V4L2_FMT_FLAG_COMPRESSED)
			return true;
	}
	return true;
}

bool v4l2_converter_format_converts(const struct v4l2_device *device)
{
	static const uint32_t in[] = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_UYVY};
	static const uint32_t out[] = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12M,
				       V4L2_PIX_FMT_YUV420M};
	uint32_t output = v4l2_device_output_type(device);
	uint32_t capture = v4l2_device_capture_type(device);

	if (device->kind != V4L2_DEVICE_M2M || !device->streaming)
		return false;
	return lists_any(device, output, in, ARRAY_SIZE(in)) &&
	       lists_any(device, capture, out, ARRAY_SIZE(out)) && !lists_coded(device, output) &&
	       !lists_coded(device, capture);
}

/* What both APIs say of a format. */
struct answer {
	uint32_t fourcc, width, height;
	unsigned int planes; /* 0: none that could be */
	uint32_t stride[V4L2_QUEUE_PLANES_MAX], size[V4L2_QUEUE_PLANES_MAX];
};

static struct answer answer_of(const struct v4l2_device *device, const struct v4l2_format *f)
{
	const struct v4l2_pix_format *pix = &f->fmt.pix;
	const struct v4l2_pix_format_mplane *mp = &f->fmt.pix_mp;
	struct answer ret;

	if (!device->multiplanar)
		return (struct answer){
			.fourcc = pix->pixelformat,
			.width = pix->width,
			.height = pix->height,
			.planes = 1,
			.stride = {pix->bytesperline},
			.size = {pix->sizeimage},
		};
	ret = (struct answer){.fourcc = mp->pixelformat, .width = mp->width, .height = mp->height};
	if (v4l2_planes_read(mp, ret.stride, ret.size) >= 0)
		ret.planes = mp->num_planes;
	return ret;
}

/* Buffer by buffer, and line by line, as the camera fills them. */
static bool reads(const struct answer *got, const struct v4l2_capture_format *camera)
{
	for (unsigned int i = 0; i < camera->n_planes; i++)
		if (got->stride[i] != camera->stride[i])
			return false;
	return got->width == camera->width && got->height == camera->height;
}

static int set(const struct v4l2_device *device, uint32_t type,
	       const struct v4l2_capture_format *colours, const struct v4l2_converter_want *want,
	       struct v4l2_format *ret)
{
	const struct v4l2_queue_format_want picture = {
		.fourcc = want->fourcc,
		.width = want->width,
		.height = want->lines ? want->lines : want->height,
		.stride = want->stride,
		.colorspace = colours->colorspace,
		.ycbcr_enc = colours->ycbcr_enc,
		.quantization = colours->quantization,
		.xfer_func = colours->xfer_func,
	};

	return v4l2_queue_format_set(device, type, &picture, ret);
}

int v4l2_converter_format_input(const struct v4l2_device *device,
				const struct v4l2_capture_format *camera,
				size_t sizes[V4L2_QUEUE_PLANES_MAX])
{
	const struct v4l2_converter_want want = {
		.fourcc = camera->fourcc,
		.width = camera->width,
		.height = camera->height,
		.stride = camera->stride[0],
	};
	struct v4l2_format format;
	struct answer got;
	int r;

	/* Lines that are not there are not to be read, nor chroma to be cut in halves. */
	if (!camera->stride[0] || camera->width % 2 || camera->height % 2)
		return -EOPNOTSUPP;
	r = set(device, v4l2_device_output_type(device), camera, &want, &format);
	if (r < 0)
		return r;
	got = answer_of(device, &format);
	if (got.planes != camera->n_planes)
		return -EOPNOTSUPP;
	if (!reads(&got, camera))
		return -ERANGE;
	for (unsigned int i = 0; i < got.planes; i++) {
		if (got.size[i] == 0)
			return -EOPNOTSUPP;
		sizes[i] = got.size[i];
	}
	return 0;
}

/* Where the buffer is larger than the picture, the driver must be told where that goes. */
static int compose(const struct v4l2_device *device, const struct v4l2_converter_want *want,
		   struct v4l2_raw *raw)
{
	int r;

	if (raw->width == want->width && raw->height == want->height)
		return 0;
	r = v4l2_queue_format_show(device, v4l2_device_capture_type(device), want->width,
				   want->height, raw);
	return r == -EOPNOTSUPP ? -ERANGE : r;
}

int v4l2_converter_format_output(const struct v4l2_device *device,
				 const struct v4l2_capture_format *camera,
				 const struct v4l2_converter_want *want, struct v4l2_raw *ret)
{
	struct v4l2_format format;
	int r = set(device, v4l2_device_capture_type(device), camera, want, &format);

	if (r < 0)
		return r;
	r = v4l2_queue_format_raw(device, &format, ret);
	if (r < 0)
		return -EOPNOTSUPP;
	if (ret->width < want->width || ret->height < want->height)
		return -ERANGE;
	return compose(device, want, ret);
}
