// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/m2m-format.h"

#include <errno.h>

#include "base/cleanup.h"
#include "v4l2/device.h"
#include "v4l2/queue-format.h"

/*
 * Room for a coded picture. Drivers that reckon with usual compression return a picture that does
 * not fit as faulty, so we ask for a byte a pixel: text and noise stay below.
 */
#define CODED_SIZE_LEAST (256U * 1024)

/* The order in which raw formats are tried: what cameras give most, and fewest descriptors. */
static const uint32_t preferred[] = {
	V4L2_PIX_FMT_NV12,
	V4L2_PIX_FMT_YUV420,
	V4L2_PIX_FMT_NV12M,
	V4L2_PIX_FMT_YUV420M,
};

bool v4l2_m2m_format_encodes(const struct v4l2_device *device, uint32_t codec)
{
	bool raw = false;

	if (device->kind != V4L2_DEVICE_M2M || !device->streaming)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(preferred) && !raw; i++)
		raw = v4l2_queue_format_lists(device, v4l2_device_output_type(device),
					      preferred[i]) > 0;
	return raw && v4l2_queue_format_lists(device, v4l2_device_capture_type(device), codec) > 0;
}

static int set_coded(const struct v4l2_device *device, const struct v4l2_m2m_want *want)
{
	struct v4l2_format format = {.type = v4l2_device_capture_type(device)};
	uint32_t size = want->width * want->height;
	int r = v4l2_queue_format_lists(device, format.type, want->codec);

	if (r <= 0)
		return r < 0 ? r : -EOPNOTSUPP;
	if (size < CODED_SIZE_LEAST)
		size = CODED_SIZE_LEAST;
	/* The size of the picture means nothing here by the book; some drivers use it. */
	if (device->multiplanar) {
		format.fmt.pix_mp.pixelformat = want->codec;
		format.fmt.pix_mp.width = want->width;
		format.fmt.pix_mp.height = want->height;
		format.fmt.pix_mp.num_planes = 1;
		format.fmt.pix_mp.plane_fmt[0].sizeimage = size;
	} else {
		format.fmt.pix.pixelformat = want->codec;
		format.fmt.pix.width = want->width;
		format.fmt.pix.height = want->height;
		format.fmt.pix.sizeimage = size;
		format.fmt.pix.priv = V4L2_PIX_FMT_PRIV_MAGIC;
	}
	r = v4l2_device_ioctl(device, VIDIOC_S_FMT, &format);
	if (r < 0)
		return r;
	return v4l2_queue_format_fourcc(device, &format) == want->codec ? 0 : -EOPNOTSUPP;
}

/* After the raw format, which may have changed it. */
static int read_coded(const struct v4l2_device *device, uint32_t codec, size_t *ret)
{
	struct v4l2_format format = {.type = v4l2_device_capture_type(device)};
	int r = v4l2_device_ioctl(device, VIDIOC_G_FMT, &format);

	if (r < 0)
		return r;
	if (v4l2_queue_format_fourcc(device, &format) != codec)
		return -EOPNOTSUPP;
	if (device->multiplanar && format.fmt.pix_mp.num_planes != 1)
		return -EOPNOTSUPP;
	*ret = device->multiplanar ? format.fmt.pix_mp.plane_fmt[0].sizeimage
				   : format.fmt.pix.sizeimage;
	return *ret > 0 ? 0 : -EOPNOTSUPP;
}

/*
 * Where the buffer is larger than the picture, the encoder must be told what is seen, and keep to
 * it. Without selections the whole buffer is encoded.
 */
static int set_visible(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
		       struct v4l2_raw *raw)
{
	int r = v4l2_queue_format_show(device, v4l2_device_output_type(device), want->width,
				       want->height, raw);

	if (r == -EOPNOTSUPP)
		return raw->width == want->width && raw->height == want->height ? 0 : -ERANGE;
	return r;
}

static int try_raw(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
		   uint32_t fourcc, struct v4l2_m2m_format *ret)
{
	const struct v4l2_queue_format_want picture = {
		.fourcc = fourcc,
		.width = want->width,
		.height = want->height,
		.stride = want->stride,
		.colorspace = want->colorspace,
		.ycbcr_enc = want->ycbcr_enc,
		.quantization = want->quantization,
		.xfer_func = want->xfer_func,
	};
	struct v4l2_format format;
	int r = v4l2_queue_format_set(device, v4l2_device_output_type(device), &picture, &format);

	if (r < 0)
		return r;
	r = v4l2_queue_format_raw(device, &format, &ret->raw);
	if (r < 0)
		return -EOPNOTSUPP;
	if (ret->raw.width < want->width || ret->raw.height < want->height)
		return -ERANGE;
	r = set_visible(device, want, &ret->raw);
	if (r < 0)
		return r;
	return read_coded(device, want->codec, &ret->coded_size);
}

/* Encoders reckon with it for the bitrate. One that knows no rates says so by an error. */
static int set_interval(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
			struct v4l2_m2m_format *ret)
{
	struct v4l2_streamparm parm = {
		.type = v4l2_device_output_type(device),
		.parm.output.timeperframe = {want->fps_den, want->fps_num},
	};
	const struct v4l2_fract *have = &parm.parm.output.timeperframe;
	int r = v4l2_device_ioctl(device, VIDIOC_S_PARM, &parm);

	ret->fps_num = 0;
	ret->fps_den = 1;
	if (r == -ENOTTY || r == -EINVAL)
		return 0;
	if (r >= 0 && have->numerator && have->denominator) {
		ret->fps_num = have->denominator;
		ret->fps_den = have->numerator;
	}
	return r < 0 ? r : 0;
}

/* Errors that another raw format may not have. */
static bool worth_another(int r)
{
	return r == -EOPNOTSUPP || r == -EINVAL || r == -ERANGE;
}

int v4l2_m2m_format_negotiate(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
			      struct v4l2_m2m_format *ret)
{
	int r, result = -EOPNOTSUPP;

	if (want->width == 0 || want->height == 0 || want->width % 2 || want->height % 2 ||
	    want->width > V4L2_CONVERT_DIMENSION_MAX || want->height > V4L2_CONVERT_DIMENSION_MAX ||
	    want->fps_num == 0 || want->fps_den == 0)
		return -EINVAL;
	*ret = (struct v4l2_m2m_format){.codec = want->codec};
	r = set_coded(device, want);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(preferred); i++) {
		if (want->raw && want->raw != preferred[i])
			continue;
		r = try_raw(device, want, preferred[i], ret);
		if (r >= 0)
			return set_interval(device, want, ret);
		if (!worth_another(r))
			return r;
		/* That it was the size says more than that there are no other formats. */
		if (result != -ERANGE)
			result = r;
	}
	return result == -EINVAL ? -EOPNOTSUPP : result;
}
