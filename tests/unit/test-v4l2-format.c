// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which format of a camera is taken, against cameras that are tables of formats. */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "v4l2/convert-lib.h"
#include "v4l2/device.h"
#include "v4l2/format.h"

/* One size of one format; rows of a format follow each other. fps 0: no rates listed. */
struct row {
	uint32_t fourcc, width, height, fps[4];
	uint32_t flags;
	bool stepwise; /* 16x16 to this size by 16, and any rate up to fps[0] */
};

#define RATES(...)          \
	{                   \
		__VA_ARGS__ \
	}
#define ROW(id, w, h, rates, ...)                                                        \
	{                                                                                \
		.fourcc = id, .width = w, .height = h, .fps = RATES rates, ##__VA_ARGS__ \
	}
#define WANT(w, h, rate, ...) \
	((struct v4l2_capture_want){.width = w, .height = h, .fps = rate, ##__VA_ARGS__})

struct camera {
	struct v4l2_sys sys;
	const struct row *rows;
	unsigned int n_rows;
	uint32_t turns_into; /* what S_FMT makes of any format but NV12; 0: leaves it */
	uint32_t field;
	int parm_r;
	struct v4l2_format current; /* G_FMT */
	unsigned int set;           /* how often S_FMT was called */
};

static const struct row *find(const struct camera *c, uint32_t fourcc, uint32_t width,
			      uint32_t height, uint32_t skip)
{
	for (unsigned int i = 0; i < c->n_rows; i++) {
		const struct row *row = &c->rows[i];

		if (row->fourcc != fourcc ||
		    (width && !row->stepwise && (row->width != width || row->height != height)))
			continue;
		if (skip-- == 0)
			return row;
	}
	return NULL;
}

static int enum_formats(const struct camera *c, struct v4l2_fmtdesc *desc)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->n_rows; i++) {
		if (i > 0 && c->rows[i].fourcc == c->rows[i - 1].fourcc)
			continue;
		if (n++ != desc->index)
			continue;
		desc->pixelformat = c->rows[i].fourcc;
		desc->flags = c->rows[i].flags;
		return 0;
	}
	return -EINVAL;
}

static int enum_sizes(const struct camera *c, struct v4l2_frmsizeenum *list)
{
	const struct row *row = find(c, list->pixel_format, 0, 0, list->index);

	if (!row || row->width == 0)
		return -EINVAL;
	if (row->stepwise) {
		list->type = V4L2_FRMSIZE_TYPE_STEPWISE;
		list->stepwise =
			(struct v4l2_frmsize_stepwise){16, row->width, 16, 16, row->height, 16};
		return 0;
	}
	list->type = V4L2_FRMSIZE_TYPE_DISCRETE;
	list->discrete.width = row->width;
	list->discrete.height = row->height;
	return 0;
}

static int enum_intervals(const struct camera *c, struct v4l2_frmivalenum *list)
{
	const struct row *row = find(c, list->pixel_format, list->width, list->height, 0);

	if (!row || list->index >= ARRAY_SIZE(row->fps) || row->fps[list->index] == 0)
		return -EINVAL;
	if (row->stepwise) {
		list->type = V4L2_FRMIVAL_TYPE_CONTINUOUS;
		list->stepwise.min = (struct v4l2_fract){1, row->fps[0]};
		list->stepwise.max = (struct v4l2_fract){1, 1};
		return 0;
	}
	list->type = V4L2_FRMIVAL_TYPE_DISCRETE;
	list->discrete = (struct v4l2_fract){1, row->fps[list->index]};
	return 0;
}

static int set_format(struct camera *c, struct v4l2_format *format)
{
	c->set++;
	if (c->turns_into && format->fmt.pix.pixelformat != V4L2_PIX_FMT_NV12)
		format->fmt.pix.pixelformat = c->turns_into;
	format->fmt.pix.bytesperline = format->fmt.pix.width * 2;
	format->fmt.pix.sizeimage = format->fmt.pix.width * format->fmt.pix.height * 2;
	format->fmt.pix.field = c->field;
	return 0;
}

static int camera_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	struct camera *c = (struct camera *)(uintptr_t)sys;

	switch (request) {
	case VIDIOC_ENUM_FMT:
		return enum_formats(c, arg);
	case VIDIOC_ENUM_FRAMESIZES:
		return enum_sizes(c, arg);
	case VIDIOC_ENUM_FRAMEINTERVALS:
		return enum_intervals(c, arg);
	case VIDIOC_S_FMT:
		return set_format(c, arg);
	case VIDIOC_G_FMT:
		*(struct v4l2_format *)arg = c->current;
		return 0;
	case VIDIOC_S_PARM:
		return c->parm_r;
	default:
		return -ENOTTY;
	}
}

static int negotiate(struct camera *c, const struct v4l2_capture_want *want,
		     struct v4l2_capture_format *ret)
{
	struct v4l2_device device = {.sys = &c->sys, .fd = 3, .kind = V4L2_DEVICE_CAPTURE};

	c->sys.ioctl = camera_ioctl;
	if (!c->field)
		c->field = V4L2_FIELD_NONE;
	return v4l2_format_negotiate(&device, want, ret);
}

static void expect(const struct row *rows, unsigned int n_rows, struct v4l2_capture_want want,
		   uint32_t fourcc, uint32_t width, uint32_t height, uint32_t fps)
{
	struct camera c = {.rows = rows, .n_rows = n_rows};
	struct v4l2_capture_format format;

	assert_int_equal(negotiate(&c, &want, &format), 0);
	assert_int_equal(format.fourcc, fourcc);
	assert_int_equal(format.width, width);
	assert_int_equal(format.height, height);
	assert_int_equal(format.fps_num, fps);
	assert_int_equal(format.fps_den, 1);
}

/* A common webcam: raw pictures of its larger sizes come slowly. */
static const struct row webcam[] = {
	ROW(V4L2_PIX_FMT_YUYV, 640, 480, (30, 15)),   ROW(V4L2_PIX_FMT_YUYV, 1280, 720, (10, 5)),
	ROW(V4L2_PIX_FMT_YUYV, 1920, 1080, (5)),      ROW(V4L2_PIX_FMT_MJPEG, 640, 480, (30)),
	ROW(V4L2_PIX_FMT_MJPEG, 1280, 720, (60, 30)), ROW(V4L2_PIX_FMT_MJPEG, 1920, 1080, (30)),
	ROW(V4L2_PIX_FMT_H264, 1280, 720, (30)),
};

static void size_comes_before_rate_before_cost(void **state)
{
	struct v4l2_capture_want want = WANT(1280, 720, 30);

	expect(webcam, ARRAY_SIZE(webcam), want, V4L2_PIX_FMT_YUYV, 1280, 720, 10);
	want.allow_jpeg = true;
	expect(webcam, ARRAY_SIZE(webcam), want, V4L2_PIX_FMT_MJPEG, 1280, 720, 30);
	want.allow_jpeg = false;
	if (!v4l2_convert_lib_supported(V4L2_PIX_FMT_MJPEG))
		return;
	want.allow_lib = true;
	expect(webcam, ARRAY_SIZE(webcam), want, V4L2_PIX_FMT_MJPEG, 1280, 720, 30);
	want.allow_h264 = true;
	expect(webcam, ARRAY_SIZE(webcam), want, V4L2_PIX_FMT_H264, 1280, 720, 30);
	want.fps = 60;
	expect(webcam, ARRAY_SIZE(webcam), want, V4L2_PIX_FMT_MJPEG, 1280, 720, 60);
	want = WANT(640, 480, 15, .allow_lib = true);
	expect(webcam, ARRAY_SIZE(webcam), want, V4L2_PIX_FMT_YUYV, 640, 480, 15);
	/* Between the sizes: the nearest. Between the rates: the next above. */
	want = WANT(800, 600, 20);
	expect(webcam, ARRAY_SIZE(webcam), want, V4L2_PIX_FMT_YUYV, 640, 480, 30);
}

static void ranges_are_kept_to(void **state)
{
	const struct row rows[] = {ROW(V4L2_PIX_FMT_NV12, 1920, 1088, (60), .stepwise = true)};

	expect(rows, 1, WANT(1280, 720, 25), V4L2_PIX_FMT_NV12, 1280, 720, 25);
	expect(rows, 1, WANT(3840, 2160, 120), V4L2_PIX_FMT_NV12, 1920, 1088, 60);
	expect(rows, 1, WANT(1, 1085, 25), V4L2_PIX_FMT_NV12, 16, 1072, 25);
}

static void cheap_formats_are_preferred(void **state)
{
	const struct row rows[] = {
		ROW(V4L2_PIX_FMT_NV12, 640, 480, (30), .flags = V4L2_FMT_FLAG_EMULATED),
		ROW(V4L2_PIX_FMT_RGB24, 640, 480, (30)),
		ROW(V4L2_PIX_FMT_SBGGR8, 640, 480, (30)),
		ROW(V4L2_PIX_FMT_UYVY, 640, 480, (30)),
		ROW(V4L2_PIX_FMT_YVU420, 640, 480, (30)),
	};

	expect(rows, ARRAY_SIZE(rows), WANT(640, 480, 30), V4L2_PIX_FMT_YVU420, 640, 480, 30);
	expect(rows, 4, WANT(640, 480, 30), V4L2_PIX_FMT_UYVY, 640, 480, 30);
}

static void a_driver_without_lists_is_asked(void **state)
{
	const struct row rows[] = {ROW(V4L2_PIX_FMT_UYVY, 0, 0, (0))};
	struct camera c = {.rows = rows, .n_rows = 1, .parm_r = -ENOTTY};
	const struct v4l2_capture_want want = WANT(720, 576, 25);
	struct v4l2_capture_format format;

	assert_int_equal(negotiate(&c, &want, &format), 0);
	assert_int_equal(format.width, 720);
	assert_int_equal(format.fps_num, 0);
	assert_int_equal(format.fps_den, 1);
}

static void a_driver_that_changes_its_mind_loses_the_format(void **state)
{
	const struct row rows[] = {
		ROW(V4L2_PIX_FMT_YUV420, 640, 480, (30)),
		ROW(V4L2_PIX_FMT_NV12, 640, 480, (15)),
	};
	struct camera c = {.rows = rows, .n_rows = 2, .turns_into = V4L2_PIX_FMT_SBGGR8};
	const struct v4l2_capture_want want = WANT(640, 480, 30);
	struct v4l2_capture_format format;

	assert_int_equal(negotiate(&c, &want, &format), 0);
	assert_int_equal(format.fourcc, V4L2_PIX_FMT_NV12);
	assert_int_equal(c.set, 2);
}

static void what_cannot_be_used_is_refused(void **state)
{
	const struct row bayer[] = {ROW(V4L2_PIX_FMT_SBGGR8, 640, 480, (30))};
	const struct row jpeg[] = {ROW(V4L2_PIX_FMT_MJPEG, 640, 480, (30))};
	const struct row raw[] = {ROW(V4L2_PIX_FMT_YUYV, 640, 480, (30))};
	const struct v4l2_capture_want want = WANT(640, 480, 30);
	struct camera c = {.rows = bayer, .n_rows = 1};
	struct v4l2_capture_format format;

	assert_int_equal(negotiate(&c, &want, &format), -EOPNOTSUPP);
	c.rows = jpeg;
	assert_int_equal(negotiate(&c, &want, &format), -EOPNOTSUPP);
	assert_int_equal(c.set, 0);
	c.rows = raw;
	c.field = V4L2_FIELD_ALTERNATE;
	assert_int_equal(negotiate(&c, &want, &format), -EOPNOTSUPP);
	c.field = V4L2_FIELD_NONE;
	c.parm_r = -EBUSY;
	assert_int_equal(negotiate(&c, &want, &format), -EBUSY);
}

static void a_pipeline_is_taken_as_it_is_set_up(void **state)
{
	struct camera c = {.sys.ioctl = camera_ioctl};
	struct v4l2_device device = {.sys = &c.sys, .fd = 3, .media_pipeline = true};
	const struct v4l2_capture_want want = WANT(640, 480, 30);
	struct v4l2_capture_format format;

	c.current.fmt.pix = (struct v4l2_pix_format){.width = 1920,
						     .height = 1080,
						     .pixelformat = V4L2_PIX_FMT_NV12,
						     .field = V4L2_FIELD_NONE,
						     .bytesperline = 1920,
						     .sizeimage = 1920 * 1080 * 3 / 2};
	assert_int_equal(v4l2_format_negotiate(&device, &want, &format), 0);
	assert_int_equal(format.width, 1920);
	c.current.fmt.pix.pixelformat = V4L2_PIX_FMT_SBGGR8;
	assert_int_equal(v4l2_format_negotiate(&device, &want, &format), -EOPNOTSUPP);
	assert_int_equal(c.set, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_comes_before_rate_before_cost),
		cmocka_unit_test(ranges_are_kept_to),
		cmocka_unit_test(cheap_formats_are_preferred),
		cmocka_unit_test(a_driver_without_lists_is_asked),
		cmocka_unit_test(a_driver_that_changes_its_mind_loses_the_format),
		cmocka_unit_test(what_cannot_be_used_is_refused),
		cmocka_unit_test(a_pipeline_is_taken_as_it_is_set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
