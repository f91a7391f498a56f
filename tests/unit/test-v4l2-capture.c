// SPDX-License-Identifier: LGPL-2.1-or-later
/* Capture against a driver that is played call by call. */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/support/v4l2-driver.h"
#include "v4l2/capture.h"

static const struct v4l2_capture_want want = {.width = 4, .height = 8, .fps = 30};

/* Started, with the clock ten seconds on. */
static struct v4l2_capture *begin(struct driver *d)
{
	struct v4l2_capture *capture = NULL;

	assert_int_equal(v4l2_capture_open(&d->sys, "camera", &want, &capture), 0);
	assert_int_equal(v4l2_capture_queued(capture), 0);
	assert_int_equal(v4l2_capture_start(capture), 0);
	assert_int_equal(v4l2_capture_queued(capture), BUFFERS);
	d->now = START + 10000000;
	return capture;
}

static void finish(struct driver *d, struct v4l2_capture *capture)
{
	assert_null(v4l2_capture_close(capture));
	assert_false(d->open);
	if (d->breach)
		fail_msg("%s", d->breach);
}

static void expect_frame(struct v4l2_capture *capture, uint32_t sequence, uint32_t dropped,
			 uint32_t faulty, uint64_t taken)
{
	struct v4l2_frame frame;

	assert_int_equal(v4l2_capture_next(capture, &frame), 0);
	assert_int_equal(frame.sequence, sequence);
	assert_int_equal(frame.dropped_before, dropped);
	assert_int_equal(frame.faulty_before, faulty);
	assert_int_equal(frame.timestamp_us, START + taken);
	assert_int_equal(v4l2_capture_queued(capture), BUFFERS - 1);
	assert_int_equal(v4l2_capture_release(capture, &frame), 0);
	assert_null(frame.data[0]);
	assert_int_equal(v4l2_capture_queued(capture), BUFFERS);
}

static void expect_error(struct v4l2_capture *capture, int error)
{
	struct v4l2_frame frame;

	assert_int_equal(v4l2_capture_next(capture, &frame), error);
}

static void play(const struct step *steps, unsigned int n_steps,
		 void (*check)(struct driver *, struct v4l2_capture *))
{
	struct driver d;
	struct v4l2_capture *capture;

	driver_init(&d, steps, n_steps);
	capture = begin(&d);
	check(&d, capture);
	finish(&d, capture);
}

static void check_gaps(struct driver *d, struct v4l2_capture *capture)
{
	expect_frame(capture, 5, 0, 0, 100);
	expect_error(capture, -EAGAIN);
	expect_frame(capture, 6, 0, 0, 200);
	expect_frame(capture, 9, 2, 0, 300);
	/* Begun anew by the driver, then across the end of 32 bits. */
	expect_frame(capture, 0, 0, 0, 400);
	expect_frame(capture, UINT32_MAX, 0, 0, 500);
	expect_frame(capture, 1, 1, 0, 600);
}

static void sequence_gaps_are_counted(void **state)
{
	const struct step steps[] = {
		FRAME(5, 100), {.r = -EAGAIN},         FRAME(6, 200), FRAME(9, 300),
		FRAME(0, 400), FRAME(UINT32_MAX, 500), FRAME(1, 600),
	};

	play(steps, ARRAY_SIZE(steps), check_gaps);
}

static void check_faulty(struct driver *d, struct v4l2_capture *capture)
{
	expect_frame(capture, 4, 1, 3, 500);
	expect_frame(capture, 5, 0, 0, 600);
	assert_int_equal(d->at, d->n_steps);
}

/* The driver says so, an empty one, one larger than its buffer; and one that never came. */
static void faulty_frames_are_counted_not_shown(void **state)
{
	const struct step steps[] = {
		FRAME(0, 100, .flags = V4L2_BUF_FLAG_ERROR),
		{.sequence = 1, .taken = 200},
		{.sequence = 2, .taken = 300, .bytesused = LENGTH + 1},
		FRAME(4, 500),
		FRAME(5, 600),
	};

	play(steps, ARRAY_SIZE(steps), check_faulty);
}

static void check_only_faulty(struct driver *d, struct v4l2_capture *capture)
{
	expect_error(capture, -EAGAIN);
	assert_int_equal(d->at, BUFFERS);
	assert_int_equal(v4l2_capture_queued(capture), BUFFERS);
}

static void faulty_frames_do_not_hold_the_caller(void **state)
{
	struct step steps[50] = {};

	for (uint32_t i = 0; i < ARRAY_SIZE(steps); i++)
		steps[i] = (struct step)FRAME(i, 100, .flags = V4L2_BUF_FLAG_ERROR);
	play(steps, ARRAY_SIZE(steps), check_only_faulty);
}

static void check_times(struct driver *d, struct v4l2_capture *capture)
{
	expect_frame(capture, 8, 0, 0, 5);
	expect_frame(capture, 9, 0, 0, 10000000);
	expect_frame(capture, 11, 0, 0, 10000000);
	expect_frame(capture, 12, 0, 0, 10000000);
}

/* Older than the start, as it seems even without a promise: never shown. In the future, or of
 * another clock: now. */
static void timestamps_are_judged(void **state)
{
	const struct step steps[] = {
		FRAME(2, -1),
		FRAME(7, -900000),
		FRAME(8, 5),
		FRAME(9, 10000001),
		FRAME(10, -1, .not_monotonic = true),
		FRAME(11, -900000, .not_monotonic = true),
		FRAME(12, 5, .not_monotonic = true),
	};

	play(steps, ARRAY_SIZE(steps), check_times);
}

static void check_unplugged(struct driver *d, struct v4l2_capture *capture)
{
	struct v4l2_frame frame;

	assert_int_equal(v4l2_capture_next(capture, &frame), 0);
	expect_error(capture, -ENODEV);
	d->qbuf_r = -ENODEV;
	assert_int_equal(v4l2_capture_release(capture, &frame), -ENODEV);
	assert_int_equal(v4l2_capture_release(capture, &frame), -EINVAL);
}

static void unplugging_is_told(void **state)
{
	const struct step steps[] = {FRAME(0, 100), {.r = -ENODEV}};

	play(steps, ARRAY_SIZE(steps), check_unplugged);
}

static void check_broken(struct driver *d, struct v4l2_capture *capture)
{
	expect_error(capture, -EIO);
	expect_error(capture, -EIO);
	d->source_change = true;
	expect_error(capture, -ESTALE);
	d->source_change = true;
	expect_error(capture, -ESTALE);
	expect_error(capture, -EAGAIN);
}

/* An error of the queue, a buffer that is not there, a changed source (with an error and without).
 */
static void broken_streams_are_told_apart(void **state)
{
	const struct step steps[] = {{.r = -EIO}, {.wrong_index = true}, {.r = -EPIPE}};

	play(steps, ARRAY_SIZE(steps), check_broken);
}

static void check_all_held(struct driver *d, struct v4l2_capture *capture)
{
	struct v4l2_frame frames[BUFFERS], copy;

	for (unsigned int i = 0; i < BUFFERS; i++) {
		assert_int_equal(v4l2_capture_next(capture, &frames[i]), 0);
		assert_ptr_equal(frames[i].data[0], d->memory[frames[i].index]);
	}
	assert_int_equal(v4l2_capture_queued(capture), 0);
	copy = frames[2];
	assert_int_equal(v4l2_capture_release(capture, &frames[2]), 0);
	assert_int_equal(v4l2_capture_release(capture, &copy), -EINVAL);
	assert_int_equal(v4l2_capture_queued(capture), 1);
}

static void frames_belong_to_the_caller_until_release(void **state)
{
	const struct step steps[] = {
		FRAME(0, 100),
		FRAME(1, 200),
		FRAME(2, 300),
		FRAME(3, 400),
	};

	play(steps, ARRAY_SIZE(steps), check_all_held);
}

static int open_with(uint32_t caps, int open_r)
{
	struct driver d;
	struct v4l2_capture *capture = NULL;
	int r;

	driver_init(&d, NULL, 0);
	d.caps = caps;
	d.open_r = open_r;
	r = v4l2_capture_open(&d.sys, "camera", &want, &capture);
	finish(&d, capture);
	return r;
}

static void other_nodes_are_refused_and_closed(void **state)
{
	const uint32_t camera = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;

	assert_int_equal(open_with(camera, 0), 0);
	assert_int_equal(open_with(camera, -EBUSY), -EBUSY);
	assert_int_equal(open_with(camera, -ENOENT), -ENOENT);
	assert_int_equal(open_with(V4L2_CAP_VIDEO_CAPTURE, 0), -EOPNOTSUPP);
	assert_int_equal(open_with(V4L2_CAP_VIDEO_M2M | V4L2_CAP_STREAMING, 0), -ENOTTY);
	assert_int_equal(open_with(V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING, 0), -ENOTTY);
	assert_int_equal(open_with(camera | V4L2_CAP_VIDEO_OUTPUT, 0), -ENOTTY);
}

static int probe_with(uint32_t caps, int open_r, int reqbufs_r)
{
	struct driver d;
	int r;

	driver_init(&d, NULL, 0);
	d.caps = caps;
	d.open_r = open_r;
	d.reqbufs_r = reqbufs_r;
	r = v4l2_capture_probe(&d.sys, "camera");
	assert_false(d.open);
	assert_false(d.streaming);
	assert_null(d.breach);
	return r;
}

static void a_probe_tells_and_leaves_nothing_behind(void **state)
{
	const uint32_t camera = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;

	assert_int_equal(probe_with(camera, 0, 0), 0);
	assert_int_equal(probe_with(camera, 0, -EBUSY), -EBUSY);
	assert_int_equal(probe_with(camera, -ENOENT, 0), -ENOENT);
	assert_int_equal(probe_with(V4L2_CAP_VIDEO_CAPTURE, 0, 0), -EOPNOTSUPP);
	assert_int_equal(probe_with(V4L2_CAP_META_CAPTURE, 0, 0), -ENOTTY);
}

/* Busy at STREAMON: nothing stays allocated, and a later start works. */
static void a_failed_start_can_be_repeated(void **state)
{
	struct driver d;
	struct v4l2_capture *capture = NULL;

	driver_init(&d, NULL, 0);
	assert_int_equal(v4l2_capture_open(&d.sys, "camera", &want, &capture), 0);
	d.streamon_r = -EBUSY;
	assert_int_equal(v4l2_capture_start(capture), -EBUSY);
	assert_int_equal(d.allocated, 0);
	assert_int_equal(v4l2_capture_queued(capture), 0);
	d.streamon_r = 0;
	assert_int_equal(v4l2_capture_start(capture), 0);
	assert_int_equal(v4l2_capture_start(capture), -EBUSY);
	finish(&d, capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_gaps_are_counted),
		cmocka_unit_test(faulty_frames_are_counted_not_shown),
		cmocka_unit_test(faulty_frames_do_not_hold_the_caller),
		cmocka_unit_test(timestamps_are_judged),
		cmocka_unit_test(unplugging_is_told),
		cmocka_unit_test(broken_streams_are_told_apart),
		cmocka_unit_test(frames_belong_to_the_caller_until_release),
		cmocka_unit_test(other_nodes_are_refused_and_closed),
		cmocka_unit_test(a_probe_tells_and_leaves_nothing_behind),
		cmocka_unit_test(a_failed_start_can_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
