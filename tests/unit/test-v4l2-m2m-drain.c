// SPDX-License-Identifier: LGPL-2.1-or-later
/* How an encoder ends and begins anew, against a driver that is played call by call. */
#include <errno.h>

#include "tests/unit/m2m-bench.h"

#define LAST .flags = V4L2_BUF_FLAG_LAST

static struct v4l2_m2m *begin(struct encoder_driver *d, const struct step *steps,
			      unsigned int n_steps)
{
	encoder_driver_init(d, steps, n_steps);
	return bench_begin(d, &bench_want);
}

/* Both ways in which the last buffer comes: with a picture, and empty. */
static void a_drain_gives_all_and_ends(void **state)
{
	const struct step with[] = {STEP_KEY(0), {.of = 1, BYTES(PICTURE), LAST}};
	const struct step empty[] = {STEP_KEY(0), STEP_PICTURE(1), {LAST}};
	const struct step none[] = {STEP_KEY(0), STEP_PICTURE(1), {.r = -EPIPE}};
	const struct {
		const struct step *steps;
		unsigned int n;
	} ways[] = {{with, ARRAY_SIZE(with)}, {empty, ARRAY_SIZE(empty)}, {none, ARRAY_SIZE(none)}};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct encoder_driver d;
		struct v4l2_m2m *m2m = begin(&d, ways[i].steps, ways[i].n);
		struct v4l2_m2m_raw raw;

		bench_put(m2m, 0, 3);
		assert_int_equal(v4l2_m2m_drain(m2m), 0);
		assert_int_equal(v4l2_m2m_drain(m2m), 0);
		assert_int_equal(d.n_stop, 1);
		assert_int_equal(v4l2_m2m_take(m2m, &raw), -EAGAIN);
		assert_int_equal(v4l2_m2m_put(m2m, 0, CLOCK), -EAGAIN);
		EXPECT_KEY(m2m, 0, 0);
		EXPECT_PICTURE(m2m, 1, 0);
		bench_expect_error(m2m, -EPIPE);
		bench_expect_error(m2m, -EPIPE);
		assert_int_equal(v4l2_m2m_events(m2m), 0);
		assert_true(v4l2_m2m_deadline(m2m) == UINT64_MAX);
		/* The third never came. */
		assert_int_equal(v4l2_m2m_counts(m2m)->lost, 1);
		bench_end(&d, m2m);
	}
}

static void a_reset_begins_anew(void **state)
{
	const struct step steps[] = {STEP_KEY(0), STEP_KEY(3)};
	struct encoder_driver d;
	struct v4l2_m2m *m2m = begin(&d, steps, ARRAY_SIZE(steps));
	struct v4l2_m2m_coded held;

	d.keeps_raw = true;
	bench_put(m2m, 0, 3);
	assert_int_equal(v4l2_m2m_next(m2m, &held), 0);
	assert_int_equal(v4l2_m2m_reset(m2m), 0);
	assert_true(d.raw.streaming && d.out.streaming);
	/* What the caller reads is not given to the driver. */
	assert_false(d.out.queued[held.index]);
	assert_int_equal(d.out.n_fifo, BUFFERS - 1);
	assert_int_equal(v4l2_m2m_release(m2m, &held), 0);
	assert_int_equal(v4l2_m2m_counts(m2m)->lost, 2);
	bench_put(m2m, 3, 1);
	EXPECT_KEY(m2m, 3, 2);
	assert_int_equal(v4l2_m2m_reset(m2m), 0);
	assert_int_equal(d.out.n_fifo, BUFFERS);
	bench_end(&d, m2m);
}

static void a_reset_that_fails_is_told(void **state)
{
	const struct fault faults[] = {
		{VIDIOC_STREAMOFF, 0, 1, -EIO},
		{VIDIOC_STREAMOFF, 1, 1, -EIO},
		{VIDIOC_STREAMON, 0, 1, -EIO},
		{VIDIOC_QBUF, 0, 1, -ENODEV},
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct encoder_driver d;
		struct v4l2_m2m *m2m = begin(&d, NULL, 0);

		d.faults[0] = faults[i];
		assert_int_equal(v4l2_m2m_reset(m2m), faults[i].r);
		d.breach = NULL; /* a stream that cannot be stopped is what it is */
		d.raw.streaming = d.out.streaming = false;
		v4l2_m2m_close(m2m);
	}
}

static void what_cannot_drain_says_so(void **state)
{
	const int errors[] = {-ENOTTY, -EINVAL, -EIO}, told[] = {-EOPNOTSUPP, -EOPNOTSUPP, -EIO};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct encoder_driver d;
		struct v4l2_m2m *m2m = begin(&d, NULL, 0);

		d.faults[0] = (struct fault){VIDIOC_ENCODER_CMD, 0, UINT32_MAX, errors[i]};
		assert_int_equal(v4l2_m2m_drain(m2m), told[i]);
		bench_end(&d, m2m);
	}
}

/* A driver without the flag that marks the last buffer: the event, and then silence. */
static void the_event_ends_a_drain_of_older_drivers(void **state)
{
	const struct step steps[] = {STEP_KEY(0)};
	struct encoder_driver d;
	struct v4l2_m2m *m2m = begin(&d, steps, ARRAY_SIZE(steps));

	bench_put(m2m, 0, 1);
	assert_int_equal(v4l2_m2m_drain(m2m), 0);
	EXPECT_KEY(m2m, 0, 0);
	d.eos_waits = 1;
	bench_expect_error(m2m, -EAGAIN);
	d.now += STALL_US;
	bench_expect_error(m2m, -EPIPE);
	bench_end(&d, m2m);
}

static void a_stalled_drain_is_told(void **state)
{
	const struct step steps[] = {STEP_KEY(0)};
	struct encoder_driver d;
	struct v4l2_m2m *m2m = begin(&d, steps, ARRAY_SIZE(steps));

	bench_put(m2m, 0, 1);
	EXPECT_KEY(m2m, 0, 0);
	assert_int_equal(v4l2_m2m_drain(m2m), 0);
	d.now += STALL_US;
	bench_expect_error(m2m, -ETIMEDOUT);
	bench_end(&d, m2m);
}

static void keyframes_are_forced_by_the_control(void **state)
{
	const struct step steps[] = {STEP_KEY(0), STEP_KEY(1)};
	struct encoder_driver d;
	struct v4l2_m2m *m2m = begin(&d, steps, ARRAY_SIZE(steps));
	struct played_control *force = control_of(&d, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME);

	bench_put(m2m, 0, 1);
	v4l2_m2m_force_keyframe(m2m);
	v4l2_m2m_force_keyframe(m2m);
	assert_int_equal(force->sets, 0);
	bench_put(m2m, 1, 2);
	assert_int_equal(force->sets, 1);
	assert_int_equal(d.n_stop, 0);
	bench_end(&d, m2m);
}

/* Without the control: drained, begun anew, and not more than once a second. */
static void keyframes_are_forced_by_beginning_anew(void **state)
{
	const struct step steps[] = {STEP_KEY(0), {LAST}, STEP_KEY(1), STEP_PICTURE(2), {LAST}};
	struct encoder_driver d;
	struct v4l2_m2m *m2m;
	struct v4l2_m2m_raw raw;

	encoder_driver_init(&d, steps, ARRAY_SIZE(steps));
	control_of(&d, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME)->id = 0;
	m2m = bench_begin(&d, &bench_want);
	bench_put(m2m, 0, 1);
	v4l2_m2m_force_keyframe(m2m);
	assert_int_equal(v4l2_m2m_take(m2m, &raw), 0);
	assert_int_equal(v4l2_m2m_put(m2m, raw.index, CLOCK + 150), -EAGAIN);
	EXPECT_KEY(m2m, 0, 0);
	bench_expect_error(m2m, -EAGAIN);
	assert_int_equal(v4l2_m2m_counts(m2m)->restarts, 1);
	bench_put(m2m, 1, 1);
	EXPECT_KEY(m2m, 1, 0);

	v4l2_m2m_force_keyframe(m2m);
	d.now += 999999;
	bench_put(m2m, 2, 1);
	EXPECT_PICTURE(m2m, 2, 0);
	d.now += 1;
	assert_int_equal(v4l2_m2m_take(m2m, &raw), 0);
	assert_int_equal(v4l2_m2m_put(m2m, raw.index, CLOCK + 400), -EAGAIN);
	assert_int_equal(d.n_stop, 2);
	/* Who drains meanwhile wants the end, not another beginning. */
	assert_int_equal(v4l2_m2m_drain(m2m), 0);
	bench_expect_error(m2m, -EPIPE);
	bench_end(&d, m2m);
}

/* Without drain either: what is in the encoder is lost. */
static void what_cannot_drain_begins_anew_at_once(void **state)
{
	const struct step steps[] = {STEP_KEY(0), STEP_KEY(2)};
	struct encoder_driver d;
	struct v4l2_m2m *m2m;

	encoder_driver_init(&d, steps, ARRAY_SIZE(steps));
	control_of(&d, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME)->set_r = -EACCES;
	d.faults[0] = (struct fault){VIDIOC_ENCODER_CMD, 0, UINT32_MAX, -ENOTTY};
	m2m = bench_begin(&d, &bench_want);
	bench_put(m2m, 0, 2);
	EXPECT_KEY(m2m, 0, 0);
	v4l2_m2m_force_keyframe(m2m);
	bench_put(m2m, 2, 1);
	EXPECT_KEY(m2m, 2, 1);
	assert_int_equal(v4l2_m2m_counts(m2m)->restarts, 1);
	bench_end(&d, m2m);
}

static void a_restart_that_fails_is_told(void **state)
{
	const struct fault faults[] = {
		{VIDIOC_STREAMOFF, 0, 1, -EIO},
		{VIDIOC_QBUF, 0, 1, -EIO},
		{VIDIOC_STREAMON, 0, 1, -EIO},
	};
	const struct step steps[] = {STEP_KEY(0), {LAST}};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct encoder_driver d;
		struct v4l2_m2m *m2m = begin(&d, steps, ARRAY_SIZE(steps));
		struct v4l2_m2m_raw raw;

		bench_put(m2m, 0, 1);
		control_of(&d, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME)->set_r = -EIO;
		v4l2_m2m_force_keyframe(m2m);
		assert_int_equal(v4l2_m2m_take(m2m, &raw), 0);
		assert_int_equal(v4l2_m2m_put(m2m, raw.index, CLOCK + 150), -EAGAIN);
		EXPECT_KEY(m2m, 0, 0);
		d.faults[0] = faults[i];
		bench_expect_error(m2m, -EIO);
		d.out.streaming = false;
		bench_end(&d, m2m);
	}
}

/* The control is there and does nothing: after 30 pictures of no use, it begins anew. */
static void keyframes_that_are_promised_and_never_come(void **state)
{
	struct step steps[40] = {STEP_KEY(0), {.of = 1, .flags = V4L2_BUF_FLAG_ERROR}};
	struct encoder_driver d;
	struct v4l2_m2m *m2m;

	for (unsigned int i = 2; i < ARRAY_SIZE(steps); i++)
		steps[i] = (struct step)STEP_PICTURE(i);
	m2m = begin(&d, steps, ARRAY_SIZE(steps));
	bench_put(m2m, 0, 1);
	EXPECT_KEY(m2m, 0, 0);
	for (unsigned int i = 1; i < 31; i++) {
		bench_put(m2m, i, 1);
		bench_expect_error(m2m, -EAGAIN);
		assert_int_equal(d.n_stop, 0);
	}
	bench_put(m2m, 31, 1);
	bench_expect_error(m2m, -EAGAIN);
	assert_int_equal(d.n_stop, 1);
	bench_end(&d, m2m);
}

static void settings_change_while_it_runs(void **state)
{
	struct encoder_driver d;
	struct v4l2_m2m *m2m = begin(&d, NULL, 0);
	const struct v4l2_m2m_controls *controls = v4l2_m2m_controls(m2m);

	assert_int_equal(v4l2_m2m_adjust(m2m, 4321, 0), 0);
	assert_int_equal(controls->n_notes, 1);
	assert_int_equal(controls->notes[0].asked, 4321);
	assert_int_equal(controls->notes[0].taken, 4000);
	assert_int_equal(v4l2_m2m_adjust(m2m, 0, 1000), 0);
	assert_int_equal(controls->notes[0].taken, 99);
	assert_int_equal(v4l2_m2m_adjust(m2m, 0, 0), 0);
	assert_int_equal(controls->n_notes, 0);
	bench_end(&d, m2m);
}

/* Refused while it streams: drained, set, begun anew. */
static void settings_that_need_a_stop_get_one(void **state)
{
	const struct step steps[] = {STEP_KEY(0), {LAST}, STEP_KEY(1), {LAST}};
	struct encoder_driver d;
	struct v4l2_m2m *m2m = begin(&d, steps, ARRAY_SIZE(steps));

	bench_put(m2m, 0, 1);
	d.faults[0] = (struct fault){VIDIOC_S_CTRL, 0, 2, -EBUSY};
	assert_int_equal(v4l2_m2m_adjust(m2m, 2000, 10), 0);
	/* Again while it drains: the last word counts. */
	d.faults[0] = (struct fault){VIDIOC_S_CTRL, 0, 2, -EBUSY};
	assert_int_equal(v4l2_m2m_adjust(m2m, 3000, 20), 0);
	EXPECT_KEY(m2m, 0, 0);
	bench_expect_error(m2m, -EAGAIN);
	assert_int_equal(control_of(&d, V4L2_CID_MPEG_VIDEO_BITRATE)->value, 3000);
	assert_int_equal(control_of(&d, V4L2_CID_MPEG_VIDEO_GOP_SIZE)->value, 20);
	bench_put(m2m, 1, 1);
	EXPECT_KEY(m2m, 1, 0);
	assert_int_equal(v4l2_m2m_counts(m2m)->restarts, 1);
	/* Once drained there is nobody to set it for. */
	assert_int_equal(v4l2_m2m_drain(m2m), 0);
	bench_expect_error(m2m, -EPIPE);
	d.faults[0] = (struct fault){VIDIOC_S_CTRL, 0, 1, -EBUSY};
	assert_int_equal(v4l2_m2m_adjust(m2m, 2000, 0), -EBUSY);
	bench_end(&d, m2m);
}

/* As most JPEG encoders: the pictures that were put are counted. Of others that would not do. */
static void without_a_command_a_jpeg_encoder_drains_all_the_same(void **state)
{
	const struct step steps[] = {
		{.of = 0, BYTES("jpeg")},
		{.of = 1, BYTES("jpeg"), .flags = V4L2_BUF_FLAG_ERROR},
		{.of = 2, BYTES("jpeg")},
	};
	const int refusals[] = {-ENOTTY, -EINVAL};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct v4l2_m2m_want want = bench_want;
		struct encoder_driver d;
		struct v4l2_m2m *m2m;

		encoder_driver_init(&d, steps, 1);
		d.coded[1] = want.codec = V4L2_PIX_FMT_JPEG;
		d.faults[0] = (struct fault){VIDIOC_ENCODER_CMD, 0, UINT32_MAX, refusals[i]};
		m2m = bench_begin(&d, &want);
		bench_put(m2m, 0, 2);
		assert_int_equal(v4l2_m2m_drain(m2m), 0);
		bench_expect(m2m, 0, true, 0, "jpeg", 4);
		/* The second is still in it. */
		bench_expect_error(m2m, -EAGAIN);
		d.n_steps = 2;
		bench_expect_error(m2m, -EPIPE);
		assert_int_equal(v4l2_m2m_events(m2m), 0);
		assert_int_equal(v4l2_m2m_reset(m2m), 0);
		bench_put(m2m, 2, 1);
		d.n_steps = 3;
		bench_expect(m2m, 2, true, 1, "jpeg", 4);
		assert_int_equal(v4l2_m2m_drain(m2m), 0);
		bench_expect_error(m2m, -EPIPE);
		assert_int_equal(v4l2_m2m_reset(m2m), 0);
		bench_end(&d, m2m);

		m2m = begin(&d, NULL, 0);
		d.faults[0] = (struct fault){VIDIOC_ENCODER_CMD, 0, UINT32_MAX, refusals[i]};
		assert_int_equal(v4l2_m2m_drain(m2m), -EOPNOTSUPP);
		bench_end(&d, m2m);
	}
}

/* One that drains by count and stalls is found out all the same. */
static void a_jpeg_encoder_that_stalls_while_it_drains_is_noticed(void **state)
{
	struct v4l2_m2m_want want = bench_want;
	struct encoder_driver d;
	struct v4l2_m2m *m2m;

	encoder_driver_init(&d, NULL, 0);
	d.coded[1] = want.codec = V4L2_PIX_FMT_JPEG;
	d.faults[0] = (struct fault){VIDIOC_ENCODER_CMD, 0, UINT32_MAX, -ENOTTY};
	m2m = bench_begin(&d, &want);
	bench_put(m2m, 0, 1);
	assert_int_equal(v4l2_m2m_drain(m2m), 0);
	bench_expect_error(m2m, -EAGAIN);
	d.now = v4l2_m2m_deadline(m2m);
	bench_expect_error(m2m, -ETIMEDOUT);
	bench_end(&d, m2m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_command_a_jpeg_encoder_drains_all_the_same),
		cmocka_unit_test(a_jpeg_encoder_that_stalls_while_it_drains_is_noticed),
		cmocka_unit_test(a_drain_gives_all_and_ends),
		cmocka_unit_test(a_reset_begins_anew),
		cmocka_unit_test(a_reset_that_fails_is_told),
		cmocka_unit_test(what_cannot_drain_says_so),
		cmocka_unit_test(the_event_ends_a_drain_of_older_drivers),
		cmocka_unit_test(a_stalled_drain_is_told),
		cmocka_unit_test(keyframes_are_forced_by_the_control),
		cmocka_unit_test(keyframes_are_forced_by_beginning_anew),
		cmocka_unit_test(what_cannot_drain_begins_anew_at_once),
		cmocka_unit_test(a_restart_that_fails_is_told),
		cmocka_unit_test(keyframes_that_are_promised_and_never_come),
		cmocka_unit_test(settings_change_while_it_runs),
		cmocka_unit_test(settings_that_need_a_stop_get_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
