// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cameras whose drivers list what cannot be, never stop listing, or answer something else. */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/support/v4l2-duet.h"
#include "v4l2/capture.h"
#include "v4l2/device.h"
#include "v4l2/format.h"

struct camera {
	struct v4l2_sys sys;
	uint32_t fourcc; /* the only one, listed `times` times */
	unsigned int times;
	int enum_r, set_r, get_r, parm_r;
	bool endless_sizes, endless_intervals;
	struct v4l2_frmsizeenum size;       /* type 0: none listed */
	struct v4l2_frmivalenum interval;   /* type 0: none listed */
	struct v4l2_fract answered;         /* by S_PARM */
	uint32_t width, height, size_image; /* by S_FMT */
	uint32_t field;
	unsigned int planes;
	bool without_priv;
	unsigned int listed;
};

static int list_format(struct camera *c, struct v4l2_fmtdesc *desc)
{
	c->listed++;
	if (c->enum_r < 0)
		return c->enum_r;
	desc->pixelformat = c->fourcc;
	return desc->index < c->times ? 0 : -EINVAL;
}

static int list_size(const struct camera *c, struct v4l2_frmsizeenum *list)
{
	uint32_t index = list->index;

	if (!c->size.type || (index > 0 && !c->endless_sizes))
		return -EINVAL;
	list->type = c->size.type;
	list->stepwise = c->size.stepwise;
	list->discrete.width += index;
	return 0;
}

static int list_interval(const struct camera *c, struct v4l2_frmivalenum *list)
{
	if (!c->interval.type || (list->index > 0 && !c->endless_intervals))
		return -EINVAL;
	list->type = c->interval.type;
	list->stepwise = c->interval.stepwise;
	return 0;
}

static void answer(const struct camera *c, struct v4l2_format *f)
{
	if (f->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
		f->fmt.pix_mp.width = c->width;
		f->fmt.pix_mp.height = c->height;
		f->fmt.pix_mp.pixelformat = c->fourcc;
		f->fmt.pix_mp.num_planes = (uint8_t)c->planes;
		f->fmt.pix_mp.field = c->field;
		f->fmt.pix_mp.plane_fmt[0].bytesperline = c->width * 2;
		f->fmt.pix_mp.plane_fmt[0].sizeimage = c->size_image;
		return;
	}
	f->fmt.pix.width = c->width;
	f->fmt.pix.height = c->height;
	f->fmt.pix.pixelformat = c->fourcc;
	f->fmt.pix.field = c->field;
	f->fmt.pix.bytesperline = c->width * 2;
	f->fmt.pix.sizeimage = c->size_image;
	f->fmt.pix.quantization = V4L2_QUANTIZATION_FULL_RANGE;
	if (c->without_priv)
		f->fmt.pix.priv = 0;
}

static int camera_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	struct camera *c = (struct camera *)(uintptr_t)sys;
	struct v4l2_streamparm *parm = arg;

	switch (request) {
	case VIDIOC_ENUM_FMT:
		return list_format(c, arg);
	case VIDIOC_ENUM_FRAMESIZES:
		return list_size(c, arg);
	case VIDIOC_ENUM_FRAMEINTERVALS:
		return list_interval(c, arg);
	case VIDIOC_S_FMT:
	case VIDIOC_G_FMT:
		answer(c, arg);
		return request == VIDIOC_S_FMT ? c->set_r : c->get_r;
	case VIDIOC_S_PARM:
		parm->parm.capture.timeperframe =
			c->answered.denominator ? c->answered : parm->parm.capture.timeperframe;
		return c->parm_r;
	default:
		return -ENOTTY;
	}
}

static void init(struct camera *c)
{
	*c = (struct camera){
		.sys.ioctl = camera_ioctl,
		.fourcc = V4L2_PIX_FMT_YUYV,
		.times = 1,
		.width = 64,
		.height = 48,
		.size_image = 64 * 48 * 2,
		.field = V4L2_FIELD_NONE,
		.planes = 1,
	};
}

static const struct v4l2_capture_want want = {.width = 64, .height = 48, .fps = 30};

static int negotiate(struct camera *c, bool multiplanar, struct v4l2_capture_format *ret)
{
	const struct v4l2_device device = {.sys = &c->sys, .multiplanar = multiplanar};

	return v4l2_format_negotiate(&device, &want, ret);
}

static int rank(struct camera *c, struct v4l2_format_mode *modes)
{
	const struct v4l2_device device = {.sys = &c->sys};

	return v4l2_format_rank(&device, &want, modes);
}

static void lists_without_end_are_left(void **state)
{
	struct v4l2_format_mode modes[V4L2_FORMAT_MODES_MAX];
	struct camera c;

	init(&c);
	c.times = UINT32_MAX;
	c.endless_sizes = c.endless_intervals = true;
	c.size.type = V4L2_FRMSIZE_TYPE_DISCRETE;
	c.size.discrete.width = 60;
	c.size.discrete.height = 48;
	c.interval.type = V4L2_FRMIVAL_TYPE_DISCRETE;
	c.interval.discrete = (struct v4l2_fract){1, 25};
	assert_int_equal(rank(&c, modes), 1);
	assert_true(c.listed <= 256);
	assert_int_equal(modes[0].width, 64);
	assert_int_equal(modes[0].interval.denominator, 25);
}

static void ranges_that_cannot_be_do_no_harm(void **state)
{
	const struct v4l2_frmsize_stepwise ranges[] = {
		{100, 50, 1, 80, 40, 1}, {100, 200, 0, 80, 90, 0}, {16, 60, 16, 16, 40, 16}};
	const uint32_t widths[] = {100, 100, 48};
	struct v4l2_format_mode modes[V4L2_FORMAT_MODES_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct camera c;

		init(&c);
		c.size.type = V4L2_FRMSIZE_TYPE_STEPWISE;
		c.size.stepwise = ranges[i];
		assert_int_equal(rank(&c, modes), 1);
		assert_int_equal(modes[0].width, widths[i]);
	}
}

static uint32_t interval_of(uint32_t type, struct v4l2_fract min, struct v4l2_fract max)
{
	struct v4l2_format_mode modes[V4L2_FORMAT_MODES_MAX];
	struct camera c;

	init(&c);
	c.interval.type = type;
	c.interval.stepwise.min = min;
	c.interval.stepwise.max = max;
	assert_int_equal(rank(&c, modes), 1);
	return modes[0].interval.denominator;
}

static void intervals_that_cannot_be_are_passed_over(void **state)
{
	const struct v4l2_fract none = {}, half = {1, 0}, r10 = {1, 10}, r25 = {1, 25},
				r60 = {1, 60}, r90 = {1, 90};

	assert_int_equal(interval_of(V4L2_FRMIVAL_TYPE_DISCRETE, none, none), 0);
	assert_int_equal(interval_of(V4L2_FRMIVAL_TYPE_DISCRETE, half, none), 0);
	assert_int_equal(interval_of(V4L2_FRMIVAL_TYPE_CONTINUOUS, none, none), 0);
	assert_int_equal(interval_of(V4L2_FRMIVAL_TYPE_STEPWISE, r25, r10), 25);
	assert_int_equal(interval_of(V4L2_FRMIVAL_TYPE_STEPWISE, r90, r60), 60);
	assert_int_equal(interval_of(V4L2_FRMIVAL_TYPE_STEPWISE, r90, r10), 30);
}

static void answers_of_no_use_are_refused(void **state)
{
	struct v4l2_capture_format format;

	for (int multiplanar = 0; multiplanar < 2; multiplanar++) {
		struct camera c;

		init(&c);
		assert_int_equal(negotiate(&c, multiplanar, &format), 0);
		assert_int_equal(format.fps_num, 30);
		c.field = V4L2_FIELD_ALTERNATE;
		assert_int_equal(negotiate(&c, multiplanar, &format), -EOPNOTSUPP);
		c.field = V4L2_FIELD_INTERLACED_TB;
		assert_int_equal(negotiate(&c, multiplanar, &format), 0);
		c.field = V4L2_FIELD_INTERLACED_BT;
		assert_int_equal(negotiate(&c, multiplanar, &format), 0);
		c.field = V4L2_FIELD_ANY;
		c.width = 0;
		assert_int_equal(negotiate(&c, multiplanar, &format), -EOPNOTSUPP);
		c.width = 64;
		c.height = 0;
		assert_int_equal(negotiate(&c, multiplanar, &format), -EOPNOTSUPP);
		c.height = 48;
		c.size_image = 0;
		assert_int_equal(negotiate(&c, multiplanar, &format), -EOPNOTSUPP);
		c.size_image = 64 * 48 * 2;
		c.planes = 2;
		assert_int_equal(negotiate(&c, multiplanar, &format),
				 multiplanar ? -EOPNOTSUPP : 0);
	}
}

static void errors_are_told(void **state)
{
	struct v4l2_capture_format format;
	struct camera c;

	init(&c);
	c.parm_r = -EIO;
	assert_int_equal(negotiate(&c, false, &format), -EIO);
	c.parm_r = -EINVAL;
	assert_int_equal(negotiate(&c, false, &format), 0);
	assert_int_equal(format.fps_num, 0);
	c.parm_r = 0;
	c.answered = (struct v4l2_fract){0, 30};
	assert_int_equal(negotiate(&c, false, &format), 0);
	assert_int_equal(format.fps_num, 0);
	c.set_r = -EBUSY;
	assert_int_equal(negotiate(&c, false, &format), -EBUSY);
	c.set_r = -EINVAL;
	assert_int_equal(negotiate(&c, false, &format), -EOPNOTSUPP);
	c.enum_r = -ENODEV;
	assert_int_equal(negotiate(&c, false, &format), -ENODEV);
}

/* Older drivers leave the colours' details undefined. */
static void undefined_colours_are_not_taken(void **state)
{
	struct v4l2_capture_format format;
	struct camera c;

	init(&c);
	assert_int_equal(negotiate(&c, false, &format), 0);
	assert_int_equal(format.quantization, V4L2_QUANTIZATION_FULL_RANGE);
	c.without_priv = true;
	assert_int_equal(negotiate(&c, false, &format), 0);
	assert_int_equal(format.quantization, 0);
}

static void pipelines_of_no_use_are_refused(void **state)
{
	struct v4l2_capture_format format;
	struct camera c;
	const struct v4l2_device device = {.sys = &c.sys, .media_pipeline = true};

	init(&c);
	assert_int_equal(v4l2_format_negotiate(&device, &want, &format), 0);
	c.get_r = -ENODEV;
	assert_int_equal(v4l2_format_negotiate(&device, &want, &format), -ENODEV);
	c.get_r = 0;
	c.field = V4L2_FIELD_TOP;
	assert_int_equal(v4l2_format_negotiate(&device, &want, &format), -EOPNOTSUPP);
	c.field = V4L2_FIELD_NONE;
	c.fourcc = V4L2_PIX_FMT_SBGGR8;
	assert_int_equal(v4l2_format_negotiate(&device, &want, &format), -EOPNOTSUPP);
}

/* Only what is not known here: that it is named says more than that it will not do. */
static void what_is_offered_in_vain_is_named(void **state)
{
	const struct v4l2_capture_want w = {.width = DUET_WIDTH, .height = DUET_HEIGHT, .fps = 30};
	struct v4l2_capture *capture;
	struct v4l2_device device;
	char offers[40];
	struct duet d;
	struct camera c;

	duet_init(&d);
	d.camera.formats[0] = V4L2_PIX_FMT_P010;
	d.camera.formats[1] = V4L2_PIX_FMT_NV12_4L4;
	d.camera.formats[2] = V4L2_PIX_FMT_SBGGR8;
	assert_int_equal(v4l2_capture_open(&d.sys, "camera", &w, &capture), -EOPNOTSUPP);
	assert_int_equal(v4l2_capture_offers(&d.sys, "camera", offers, sizeof(offers)), 0);
	assert_string_equal(offers, "P010, VT12, BA81");
	assert_int_equal(v4l2_capture_offers(&d.sys, "encoder", offers, sizeof(offers)), -ENOTTY);
	assert_string_equal(offers, "");
	assert_int_equal(d.camera.opened, d.camera.closed);
	/* A list without end, of names that are none. */
	init(&c);
	c.fourcc = v4l2_fourcc('A', '\n', 0x7f, 'B');
	c.times = UINT32_MAX;
	device = (struct v4l2_device){.sys = &c.sys};
	assert_int_equal(v4l2_format_offers(&device, offers, sizeof(offers)), 0);
	assert_int_equal(strlen(offers), sizeof(offers) - 1);
	assert_memory_equal(offers, "A??B, A??B, ", 12);
	c.enum_r = -EIO;
	assert_int_equal(v4l2_format_offers(&device, offers, sizeof(offers)), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_without_end_are_left),
		cmocka_unit_test(ranges_that_cannot_be_do_no_harm),
		cmocka_unit_test(intervals_that_cannot_be_are_passed_over),
		cmocka_unit_test(answers_of_no_use_are_refused),
		cmocka_unit_test(errors_are_told),
		cmocka_unit_test(what_is_offered_in_vain_is_named),
		cmocka_unit_test(undefined_colours_are_not_taken),
		cmocka_unit_test(pipelines_of_no_use_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
