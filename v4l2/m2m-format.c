// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/m2m-format.h"

#include <errno.h>

#include "base/cleanup.h"
#include "v4l2/device.h"
#include "v4l2/planes.h"

/* A driver that never ends a list does not hold us. */
#define LIST_MAX 256

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

int v4l2_m2m_format_lists(const struct v4l2_device *device, uint32_t type, uint32_t fourcc)
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

bool v4l2_m2m_format_encodes(const struct v4l2_device *device, uint32_t codec)
{
	bool raw = false;

	if (device->kind != V4L2_DEVICE_M2M || !device->streaming)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(preferred) && !raw; i++)
		raw = v4l2_m2m_format_lists(device, v4l2_device_output_type(device), preferred[i]) >
		      0;
	return raw && v4l2_m2m_format_lists(device, v4l2_device_capture_type(device), codec) > 0;
}

static uint32_t format_fourcc(const struct v4l2_device *device, const struct v4l2_format *format)
{
	return device->multiplanar ? format->fmt.pix_mp.pixelformat : format->fmt.pix.pixelformat;
}

static int set_coded(const struct v4l2_device *device, const struct v4l2_m2m_want *want)
{
	struct v4l2_format format = {.type = v4l2_device_capture_type(device)};
	uint32_t size = want->width * want->height;
	int r = v4l2_m2m_format_lists(device, format.type, want->codec);

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
	return format_fourcc(device, &format) == want->codec ? 0 : -EOPNOTSUPP;
}

/* After the raw format, which may have changed it. */
static int read_coded(const struct v4l2_device *device, uint32_t codec, size_t *ret)
{
	struct v4l2_format format = {.type = v4l2_device_capture_type(device)};
	int r = v4l2_device_ioctl(device, VIDIOC_G_FMT, &format);

	if (r < 0)
		return r;
	if (format_fourcc(device, &format) != codec)
		return -EOPNOTSUPP;
	if (device->multiplanar && format.fmt.pix_mp.num_planes != 1)
		return -EOPNOTSUPP;
	*ret = device->multiplanar ? format.fmt.pix_mp.plane_fmt[0].sizeimage
				   : format.fmt.pix.sizeimage;
	return *ret > 0 ? 0 : -EOPNOTSUPP;
}

static void ask_single(const struct v4l2_m2m_want *want, uint32_t fourcc, struct v4l2_format *ret)
{
	ret->fmt.pix = (struct v4l2_pix_format){
		.width = want->width,
		.height = want->height,
		.pixelformat = fourcc,
		.field = V4L2_FIELD_NONE,
		.bytesperline = want->stride,
		.colorspace = want->colorspace,
		.priv = V4L2_PIX_FMT_PRIV_MAGIC,
		.ycbcr_enc = want->ycbcr_enc,
		.quantization = want->quantization,
		.xfer_func = want->xfer_func,
	};
}

static void ask_planar(const struct v4l2_m2m_want *want, uint32_t fourcc, struct v4l2_format *ret)
{
	ret->fmt.pix_mp = (struct v4l2_pix_format_mplane){
		.width = want->width,
		.height = want->height,
		.pixelformat = fourcc,
		.field = V4L2_FIELD_NONE,
		.colorspace = want->colorspace,
		.ycbcr_enc = (uint8_t)want->ycbcr_enc,
		.quantization = (uint8_t)want->quantization,
		.xfer_func = (uint8_t)want->xfer_func,
	};
	v4l2_planes_ask(&ret->fmt.pix_mp, want->stride);
}

int v4l2_m2m_format_raw(const struct v4l2_device *device, const struct v4l2_format *format,
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

/*
 * Where the buffer is larger than the picture, the encoder must be told what is seen, and keep to
 * it. Without selections the whole buffer is encoded.
 */
static int set_visible(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
		       struct v4l2_raw *raw)
{
	struct v4l2_selection selection = {
		/* Not the multi-planar type, by the book; older drivers want that one. */
		.type = V4L2_BUF_TYPE_VIDEO_OUTPUT,
		.target = V4L2_SEL_TGT_CROP,
		.r = {.width = want->width, .height = want->height},
	};
	const struct v4l2_rect *got = &selection.r;
	int r = v4l2_device_ioctl(device, VIDIOC_S_SELECTION, &selection);

	if (r == -EINVAL && device->multiplanar) {
		selection.type = v4l2_device_output_type(device);
		r = v4l2_device_ioctl(device, VIDIOC_S_SELECTION, &selection);
	}
	if (r == -ENOTTY || r == -EINVAL)
		return raw->width == want->width && raw->height == want->height ? 0 : -ERANGE;
	if (r < 0)
		return r;
	if (got->left || got->top || got->width != want->width || got->height != want->height)
		return -ERANGE;
	raw->visible_width = want->width;
	raw->visible_height = want->height;
	return 0;
}

static int try_raw(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
		   uint32_t fourcc, struct v4l2_m2m_format *ret)
{
	struct v4l2_format format = {.type = v4l2_device_output_type(device)};
	int r = v4l2_m2m_format_lists(device, format.type, fourcc);

	if (r <= 0)
		return r < 0 ? r : -EOPNOTSUPP;
	if (device->multiplanar)
		ask_planar(want, fourcc, &format);
	else
		ask_single(want, fourcc, &format);
	r = v4l2_device_ioctl(device, VIDIOC_S_FMT, &format);
	if (r < 0)
		return r;
	if (format_fourcc(device, &format) != fourcc)
		return -EOPNOTSUPP;
	r = v4l2_m2m_format_raw(device, &format, &ret->raw);
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
