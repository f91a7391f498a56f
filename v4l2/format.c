// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/format.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "v4l2/convert-lib.h"
#include "v4l2/convert.h"
#include "v4l2/device.h"
#include "v4l2/planes.h"

/* A driver that never ends a list does not hold us. */
#define LIST_MAX 256

/* What is of use, the cheapest first; the index is the rank. */
static const uint32_t usable[] = {
	V4L2_PIX_FMT_H264,  V4L2_PIX_FMT_NV12,   V4L2_PIX_FMT_YUV420,  V4L2_PIX_FMT_YVU420,
	V4L2_PIX_FMT_NV21,  V4L2_PIX_FMT_NV12M,  V4L2_PIX_FMT_YUV420M, V4L2_PIX_FMT_YVU420M,
	V4L2_PIX_FMT_NV21M, V4L2_PIX_FMT_YUYV,   V4L2_PIX_FMT_UYVY,    V4L2_PIX_FMT_NV16,
	V4L2_PIX_FMT_NV16M, V4L2_PIX_FMT_YVYU,   V4L2_PIX_FMT_VYUY,    V4L2_PIX_FMT_NV61,
	V4L2_PIX_FMT_NV61M, V4L2_PIX_FMT_RGB24,  V4L2_PIX_FMT_BGR24,   V4L2_PIX_FMT_RGB565,
	V4L2_PIX_FMT_RGB32, V4L2_PIX_FMT_XRGB32, V4L2_PIX_FMT_BGR32,   V4L2_PIX_FMT_XBGR32,
	V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_JPEG,   V4L2_PIX_FMT_GREY,    V4L2_PIX_FMT_Y16,
};

_Static_assert(ARRAY_SIZE(usable) <= V4L2_FORMAT_MODES_MAX, "a mode for each usable format");

static bool is_jpeg(uint32_t fourcc)
{
	return fourcc == V4L2_PIX_FMT_MJPEG || fourcc == V4L2_PIX_FMT_JPEG;
}

static bool compressed(uint32_t fourcc)
{
	return fourcc == V4L2_PIX_FMT_H264 || is_jpeg(fourcc);
}

static int rank_of(uint32_t fourcc)
{
	for (size_t i = 0; i < ARRAY_SIZE(usable); i++)
		if (usable[i] == fourcc)
			return (int)i;
	return -ENOENT;
}

static bool wanted(uint32_t fourcc, const struct v4l2_capture_want *want)
{
	if (fourcc == V4L2_PIX_FMT_H264)
		return want->allow_h264;
	if (is_jpeg(fourcc) && want->allow_jpeg)
		return true;
	if (v4l2_convert_supported(v4l2_planes_joined(fourcc)))
		return true;
	return want->allow_lib && v4l2_convert_lib_supported(fourcc);
}

static uint32_t difference(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

static uint32_t distance(uint32_t width, uint32_t height, const struct v4l2_capture_want *want)
{
	return difference(width, want->width) + difference(height, want->height);
}

/* VALUE brought into [min, max] and down to a whole step. */
static uint32_t snap(uint32_t value, uint32_t min, uint32_t max, uint32_t step)
{
	if (value <= min || max < min)
		return min;
	if (value > max)
		value = max;
	return step > 1 ? value - (value - min) % step : value;
}

/* No list of sizes: the driver's own nearest is found by VIDIOC_S_FMT. */
static void choose_size(const struct v4l2_device *device, const struct v4l2_capture_want *want,
			struct v4l2_format_mode *mode)
{
	mode->width = want->width;
	mode->height = want->height;
	for (uint32_t i = 0; i < LIST_MAX; i++) {
		struct v4l2_frmsizeenum size = {.index = i, .pixel_format = mode->fourcc};

		if (v4l2_device_ioctl(device, VIDIOC_ENUM_FRAMESIZES, &size) < 0)
			return;
		if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
			const struct v4l2_frmsize_stepwise *s = &size.stepwise;

			mode->width = snap(want->width, s->min_width, s->max_width, s->step_width);
			mode->height =
				snap(want->height, s->min_height, s->max_height, s->step_height);
			return;
		}
		if (i == 0 || distance(size.discrete.width, size.discrete.height, want) <
				      distance(mode->width, mode->height, want)) {
			mode->width = size.discrete.width;
			mode->height = size.discrete.height;
		}
	}
}

/* Frames in a thousand seconds. */
static uint64_t rate(struct v4l2_fract interval)
{
	return interval.numerator ? (uint64_t)interval.denominator * 1000 / interval.numerator : 0;
}

/* How far a rate is from the one wanted: below it is worse than any above. 0 for a near hit. */
static uint64_t rate_cost(struct v4l2_fract interval, uint32_t fps)
{
	uint64_t have = rate(interval), want = (uint64_t)fps * 1000;

	if (interval.denominator == 0)
		return 0;
	/* 29.97 for 30 is what was asked for. */
	if (have < want - want / 100)
		return UINT32_MAX + (want - have);
	return have > want ? have - want : 0;
}

static void choose_interval(const struct v4l2_device *device, uint32_t fps,
			    struct v4l2_format_mode *mode)
{
	mode->interval = (struct v4l2_fract){};
	for (uint32_t i = 0; i < LIST_MAX; i++) {
		struct v4l2_frmivalenum list = {
			.index = i,
			.pixel_format = mode->fourcc,
			.width = mode->width,
			.height = mode->height,
		};
		struct v4l2_fract one = {1, fps};

		if (v4l2_device_ioctl(device, VIDIOC_ENUM_FRAMEINTERVALS, &list) < 0)
			return;
		if (list.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
			if (rate(list.stepwise.min) == 0)
				return;
			/* min is the shortest interval, the highest rate. */
			if (rate(one) > rate(list.stepwise.min))
				one = list.stepwise.min;
			else if (rate(one) < rate(list.stepwise.max))
				one = list.stepwise.max;
			mode->interval = one;
			return;
		}
		if (list.discrete.numerator == 0 || list.discrete.denominator == 0)
			continue;
		if (mode->interval.denominator == 0 ||
		    rate_cost(list.discrete, fps) < rate_cost(mode->interval, fps))
			mode->interval = list.discrete;
	}
}

static int compare(const void *left, const void *right, void *user)
{
	const struct v4l2_format_mode *a = left, *b = right;
	const struct v4l2_capture_want *want = user;
	uint64_t da = distance(a->width, a->height, want), db = distance(b->width, b->height, want);

	if (da != db)
		return da < db ? -1 : 1;
	da = rate_cost(a->interval, want->fps);
	db = rate_cost(b->interval, want->fps);
	if (da != db)
		return da < db ? -1 : 1;
	return rank_of(a->fourcc) - rank_of(b->fourcc);
}

static bool listed(const struct v4l2_format_mode *modes, unsigned int n, uint32_t fourcc)
{
	for (unsigned int i = 0; i < n; i++)
		if (modes[i].fourcc == fourcc)
			return true;
	return false;
}

int v4l2_format_rank(const struct v4l2_device *device, const struct v4l2_capture_want *want,
		     struct v4l2_format_mode *modes)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < LIST_MAX && n < V4L2_FORMAT_MODES_MAX; i++) {
		struct v4l2_fmtdesc format = {
			.index = i,
			.type = v4l2_device_capture_type(device),
		};
		int r = v4l2_device_ioctl(device, VIDIOC_ENUM_FMT, &format);

		if (r == -EINVAL)
			break;
		if (r < 0)
			return r;
		if ((format.flags & V4L2_FMT_FLAG_EMULATED) || !wanted(format.pixelformat, want) ||
		    listed(modes, n, format.pixelformat))
			continue;
		modes[n] = (struct v4l2_format_mode){.fourcc = format.pixelformat};
		choose_size(device, want, &modes[n]);
		choose_interval(device, want->fps, &modes[n]);
		n++;
	}
	qsort_r(modes, n, sizeof(modes[0]), compare, (void *)(uintptr_t)want);
	return (int)n;
}

/* Drivers may call a format anything. */
static void say_name(char *text, size_t size, uint32_t fourcc)
{
	char name[] = V4L2_PLANES_NAME(fourcc);
	size_t used = strlen(text);

	for (size_t i = 0; name[i]; i++)
		if (name[i] < ' ' || name[i] > '~')
			name[i] = '?';
	snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
}

int v4l2_format_offers(const struct v4l2_device *device, char *ret, size_t size)
{
	*ret = '\0';
	for (uint32_t i = 0; i < LIST_MAX && strlen(ret) + 1 < size; i++) {
		struct v4l2_fmtdesc format = {
			.index = i,
			.type = v4l2_device_capture_type(device),
		};

		if (v4l2_device_ioctl(device, VIDIOC_ENUM_FMT, &format) < 0)
			break;
		if (!(format.flags & V4L2_FMT_FLAG_EMULATED))
			say_name(ret, size, format.pixelformat);
	}
	return *ret ? 0 : -ENODATA;
}

/* Fields of one frame woven together can be encoded; fields that come apart cannot. */
static bool field_usable(uint32_t field)
{
	return field == V4L2_FIELD_NONE || field == V4L2_FIELD_ANY ||
	       field == V4L2_FIELD_INTERLACED || field == V4L2_FIELD_INTERLACED_TB ||
	       field == V4L2_FIELD_INTERLACED_BT;
}

static int read_planar(const struct v4l2_pix_format_mplane *pix, struct v4l2_capture_format *ret)
{
	if (!field_usable(pix->field))
		return -EOPNOTSUPP;
	*ret = (struct v4l2_capture_format){
		.fourcc = pix->pixelformat,
		.width = pix->width,
		.height = pix->height,
		.n_planes = pix->num_planes,
		.colorspace = pix->colorspace,
		.ycbcr_enc = pix->ycbcr_enc,
		.quantization = pix->quantization,
		.xfer_func = pix->xfer_func,
	};
	return v4l2_planes_read(pix, ret->stride, ret->size);
}

static int read_single(const struct v4l2_pix_format *pix, struct v4l2_capture_format *ret)
{
	if (!field_usable(pix->field) || v4l2_planes_count(pix->pixelformat) != 1)
		return -EOPNOTSUPP;
	*ret = (struct v4l2_capture_format){
		.fourcc = pix->pixelformat,
		.width = pix->width,
		.height = pix->height,
		.n_planes = 1,
		.stride = {pix->bytesperline},
		.size = {pix->sizeimage},
		.colorspace = pix->colorspace,
	};
	/* Older drivers leave the rest undefined, and say so. */
	if (pix->priv == V4L2_PIX_FMT_PRIV_MAGIC) {
		ret->ycbcr_enc = pix->ycbcr_enc;
		ret->quantization = pix->quantization;
		ret->xfer_func = pix->xfer_func;
	}
	return 0;
}

/* What the driver answered, in our terms; a format of no use is refused. */
static int read_back(const struct v4l2_device *device, const struct v4l2_format *format,
		     struct v4l2_capture_format *ret)
{
	int r = device->multiplanar ? read_planar(&format->fmt.pix_mp, ret)
				    : read_single(&format->fmt.pix, ret);

	if (r < 0)
		return r;
	if (ret->width == 0 || ret->height == 0)
		return -EOPNOTSUPP;
	for (unsigned int i = 0; i < ret->n_planes; i++)
		if (ret->size[i] == 0)
			return -EOPNOTSUPP;
	if (compressed(ret->fourcc))
		ret->stride[0] = 0;
	return 0;
}

/* A driver that knows no rates says so by an error; the rate is then 0/1. */
static int set_interval(const struct v4l2_device *device, struct v4l2_fract interval,
			struct v4l2_capture_format *ret)
{
	struct v4l2_streamparm parm = {
		.type = v4l2_device_capture_type(device),
		.parm.capture.timeperframe = interval,
	};
	const struct v4l2_fract *have = &parm.parm.capture.timeperframe;
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

int v4l2_format_set(const struct v4l2_device *device, const struct v4l2_format_mode *mode,
		    struct v4l2_capture_format *ret)
{
	struct v4l2_format format = {.type = v4l2_device_capture_type(device)};
	int r;

	if (device->multiplanar) {
		format.fmt.pix_mp.width = mode->width;
		format.fmt.pix_mp.height = mode->height;
		format.fmt.pix_mp.pixelformat = mode->fourcc;
		format.fmt.pix_mp.field = V4L2_FIELD_NONE;
		v4l2_planes_ask(&format.fmt.pix_mp, mode->stride);
	} else {
		format.fmt.pix.width = mode->width;
		format.fmt.pix.height = mode->height;
		format.fmt.pix.pixelformat = mode->fourcc;
		format.fmt.pix.field = V4L2_FIELD_NONE;
		format.fmt.pix.bytesperline = mode->stride;
		format.fmt.pix.priv = V4L2_PIX_FMT_PRIV_MAGIC;
	}
	r = v4l2_device_ioctl(device, VIDIOC_S_FMT, &format);
	if (r < 0)
		return r;
	r = read_back(device, &format, ret);
	if (r < 0)
		return r;
	if (ret->fourcc != mode->fourcc)
		return -EOPNOTSUPP;
	return set_interval(device, mode->interval, ret);
}

/* Setting anything but what the pipeline delivers would only fail at VIDIOC_STREAMON. */
static int take_pipeline(const struct v4l2_device *device, const struct v4l2_capture_want *want,
			 struct v4l2_capture_format *ret)
{
	struct v4l2_format format = {.type = v4l2_device_capture_type(device)};
	int r;

	r = v4l2_device_ioctl(device, VIDIOC_G_FMT, &format);
	if (r < 0)
		return r;
	r = read_back(device, &format, ret);
	if (r < 0)
		return r;
	ret->fps_num = 0;
	ret->fps_den = 1;
	return wanted(ret->fourcc, want) ? 0 : -EOPNOTSUPP;
}

int v4l2_format_negotiate(const struct v4l2_device *device, const struct v4l2_capture_want *want,
			  struct v4l2_capture_format *ret)
{
	struct v4l2_format_mode modes[V4L2_FORMAT_MODES_MAX];
	int n, r;

	if (device->media_pipeline)
		return take_pipeline(device, want, ret);
	n = v4l2_format_rank(device, want, modes);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (modes[i].interval.denominator == 0)
			modes[i].interval = (struct v4l2_fract){1, want->fps};
		r = v4l2_format_set(device, &modes[i], ret);
		if (r != -EOPNOTSUPP && r != -EINVAL)
			return r;
	}
	return -EOPNOTSUPP;
}
