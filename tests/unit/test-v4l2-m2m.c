// SPDX-License-Identifier: LGPL-2.1-or-later
/* What comes out of an encoder, against a driver that is played call by call. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "tests/unit/m2m-bench.h"

typedef void check_fn(struct encoder_driver *d, struct v4l2_m2m *m2m);

static void play(const struct step *steps, unsigned int n_steps, check_fn *check)
{
	const uint32_t caps[] = {V4L2_CAP_VIDEO_M2M, V4L2_CAP_VIDEO_M2M_MPLANE};

	/* The same by either API. */
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		struct encoder_driver d;
		struct v4l2_m2m *m2m;

		encoder_driver_init(&d, steps, n_steps);
		d.caps = caps[i] | V4L2_CAP_STREAMING;
		m2m = bench_begin(&d, &bench_want);
		check(&d, m2m);
		bench_end(&d, m2m);
	}
}

#define PLAY(steps, check) play(steps, ARRAY_SIZE(steps), check)

static void check_in_order(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	const struct v4l2_m2m_counts *counts = v4l2_m2m_counts(m2m);

	bench_put(m2m, 0, 3);
	EXPECT_KEY(m2m, 0, 0);
	EXPECT_PICTURE(m2m, 1, 0);
	bench_expect_error(m2m, -EAGAIN);
	EXPECT_PICTURE(m2m, 2, 0);
	assert_int_equal(counts->put, 3);
	assert_int_equal(counts->coded, 3);
	assert_int_equal(counts->lost + counts->faulty + counts->strays + counts->restarts, 0);
}

static void pictures_come_in_order(void **state)
{
	const struct step steps[] = {STEP_KEY(0), STEP_PICTURE(1), {.r = -EAGAIN}, STEP_PICTURE(2)};

	PLAY(steps, check_in_order);
}

static void check_dropped(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	bench_put(m2m, 0, 4);
	EXPECT_KEY(m2m, 0, 0);
	EXPECT_PICTURE(m2m, 3, 2);
	assert_int_equal(v4l2_m2m_counts(m2m)->lost, 2);
}

static void silent_drops_are_counted(void **state)
{
	const struct step steps[] = {STEP_KEY(0), STEP_PICTURE(3)};

	PLAY(steps, check_dropped);
}

static void check_faulty(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	struct played_control *force = control_of(d, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME);

	bench_put(m2m, 0, 3);
	EXPECT_KEY(m2m, 0, 0);
	bench_expect_error(m2m, -EAGAIN);
	assert_int_equal(force->sets, 0);
	bench_put(m2m, 3, 1);
	assert_int_equal(force->sets, 1);
	EXPECT_KEY(m2m, 3, 2);
	assert_int_equal(v4l2_m2m_counts(m2m)->faulty, 1);
	assert_int_equal(v4l2_m2m_counts(m2m)->lost, 2);
}

/* A picture that refers to a lost one would show what never was. */
static void after_a_faulty_picture_nothing_until_a_keyframe(void **state)
{
	const struct step steps[] = {
		STEP_KEY(0),     {.of = 1, .flags = V4L2_BUF_FLAG_ERROR},
		STEP_PICTURE(2), {.r = -EAGAIN},
		STEP_KEY(3),
	};

	PLAY(steps, check_faulty);
}

/* More than its buffer holds: not to be read. */
static void a_payload_that_cannot_be_is_faulty(void **state)
{
	const struct step steps[] = {
		STEP_KEY(0),     {.of = 1, BYTES(PICTURE), .claims = PLANE + 1},
		STEP_PICTURE(2), {.r = -EAGAIN},
		STEP_KEY(3),
	};

	PLAY(steps, check_faulty);
}

static void check_strays(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	bench_put(m2m, 0, 3);
	EXPECT_KEY(m2m, 0, 0);
	EXPECT_KEY(m2m, 2, 1);
	assert_int_equal(v4l2_m2m_counts(m2m)->strays, 2);
}

/* Of no picture, and of one that came already or was given up: both break the stream. */
static void strays_and_reordered_pictures_are_held_back(void **state)
{
	const struct step steps[] = {
		{.no_picture = true, BYTES(PICTURE)},
		STEP_KEY(0),
		STEP_PICTURE(0),
		STEP_PICTURE(1),
		STEP_KEY(2),
	};

	PLAY(steps, check_strays);
}

static void check_separate(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	bench_put(m2m, 0, 3);
	EXPECT_KEY(m2m, 0, 0);
	EXPECT_PICTURE(m2m, 1, 0);
	EXPECT_KEY(m2m, 2, 0);
	assert_int_equal(v4l2_m2m_counts(m2m)->lost, 0);
}

static void separate_headers_come_with_each_keyframe(void **state)
{
	const struct step steps[] = {
		{.of = 0, BYTES(HEADERS)}, {.of = 0, BYTES(KEYFRAME)}, {}, /* empty */
		STEP_PICTURE(1),           {.of = 2, BYTES(KEYFRAME)},
	};

	PLAY(steps, check_separate);
}

static void check_bare(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	bench_put(m2m, 0, 3);
	bench_expect_error(m2m, -EPROTO);
	assert_int_equal(v4l2_m2m_counts(m2m)->lost, 3);
}

static void keyframes_without_headers_are_told(void **state)
{
	const struct step steps[] = {
		{.of = 0, BYTES(KEYFRAME)},
		{.of = 1, BYTES(KEYFRAME)},
		{.of = 2, BYTES(KEYFRAME)},
	};

	PLAY(steps, check_bare);
}

static void check_unplugged(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	bench_put(m2m, 0, 2);
	bench_expect_error(m2m, -ENODEV);
	bench_expect_error(m2m, -EIO);
	/* No end was asked for. */
	bench_expect_error(m2m, -EIO);
}

static void errors_of_the_queue_are_told_apart(void **state)
{
	const struct step steps[] = {{.r = -ENODEV}, {.r = -EIO}, {.r = -EPIPE}};

	PLAY(steps, check_unplugged);
}

static void check_raw_errors(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	struct v4l2_m2m_raw raw;

	bench_put(m2m, 0, 1);
	d->raw_error = true;
	EXPECT_KEY(m2m, 0, 0);
	assert_int_equal(v4l2_m2m_counts(m2m)->faulty, 1);

	assert_int_equal(v4l2_m2m_take(m2m, &raw), 0);
	d->faults[0] = (struct fault){VIDIOC_QBUF, 0, 1, -EFAULT};
	assert_int_equal(v4l2_m2m_put(m2m, raw.index, CLOCK + 200), -EFAULT);
	assert_int_equal(v4l2_m2m_put(m2m, BUFFERS, CLOCK + 200), -EINVAL);
	bench_put(m2m, 1, 1);
	d->faults[0] = (struct fault){VIDIOC_DQBUF, 0, 2, -EIO};
	assert_int_equal(v4l2_m2m_take(m2m, &raw), -EIO);
	bench_expect_error(m2m, -EIO);
	EXPECT_PICTURE(m2m, 1, 0);
	assert_int_equal(v4l2_m2m_counts(m2m)->put, 2);
}

static void raw_buffers_that_fail_are_told(void **state)
{
	const struct step steps[] = {STEP_KEY(0), STEP_PICTURE(1)};

	PLAY(steps, check_raw_errors);
}

static void check_held(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	struct v4l2_m2m_coded coded[BUFFERS], copy;

	bench_put(m2m, 0, 4);
	for (unsigned int i = 0; i < BUFFERS; i++)
		assert_int_equal(v4l2_m2m_next(m2m, &coded[i]), 0);
	bench_expect_error(m2m, -EAGAIN);
	/* Nothing is with the driver: polling would spin, and it cannot have stalled. */
	assert_int_equal(v4l2_m2m_events(m2m), 0);
	assert_true(v4l2_m2m_deadline(m2m) == UINT64_MAX);
	copy = coded[1];
	assert_int_equal(v4l2_m2m_release(m2m, &coded[1]), 0);
	assert_int_equal(v4l2_m2m_release(m2m, &copy), -EINVAL);
	assert_int_equal(v4l2_m2m_release(m2m, &coded[1]), -EINVAL);
	assert_int_equal(v4l2_m2m_events(m2m), EPOLLIN | EPOLLPRI);
	bench_put(m2m, 4, 1);
	assert_int_equal(v4l2_m2m_events(m2m), EPOLLIN | EPOLLPRI | EPOLLOUT);
}

static void coded_buffers_are_the_callers_until_release(void **state)
{
	const struct step steps[] = {STEP_KEY(0), STEP_PICTURE(1), STEP_PICTURE(2),
				     STEP_PICTURE(3)};

	PLAY(steps, check_held);
}

static void check_raw_stall(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	assert_true(v4l2_m2m_deadline(m2m) == UINT64_MAX);
	d->keeps_raw = true;
	bench_put(m2m, 0, 3);
	assert_true(v4l2_m2m_holds(m2m, 0));
	assert_false(v4l2_m2m_holds(m2m, BUFFERS));
	assert_true(v4l2_m2m_deadline(m2m) == CLOCK + STALL_US);
	d->now = CLOCK + STALL_US - 1;
	bench_expect_error(m2m, -EAGAIN);
	d->now = CLOCK + STALL_US;
	bench_expect_error(m2m, -ETIMEDOUT);
	/* A sign of life, however late, sets it back. */
	d->keeps_raw = false;
	bench_expect_error(m2m, -EAGAIN);
	assert_false(v4l2_m2m_holds(m2m, 0));
}

static void a_stalled_raw_queue_is_told(void **state)
{
	play(NULL, 0, check_raw_stall);
}

static void check_coded_stall(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	bench_put(m2m, 0, 1);
	EXPECT_KEY(m2m, 0, 0);
	/* A few that never come out are no stall... */
	bench_put(m2m, 1, 3);
	d->now += 10 * STALL_US;
	bench_expect_error(m2m, -EAGAIN);
	/* ... but more are. */
	bench_put(m2m, 4, 1);
	bench_expect_error(m2m, -EAGAIN);
	d->now += STALL_US;
	bench_expect_error(m2m, -ETIMEDOUT);
}

static void a_stalled_coded_queue_is_told(void **state)
{
	const struct step steps[] = {STEP_KEY(0)};

	PLAY(steps, check_coded_stall);
}

static void check_too_many(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	struct v4l2_m2m_raw raw;

	bench_put(m2m, 0, 64);
	assert_int_equal(v4l2_m2m_take(m2m, &raw), 0);
	assert_int_equal(v4l2_m2m_put(m2m, raw.index, CLOCK + 9000), -EAGAIN);
}

static void pictures_that_never_come_out_have_a_limit(void **state)
{
	play(NULL, 0, check_too_many);
}

static void check_times(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	const uint64_t times[] = {CLOCK, CLOCK, CLOCK, CLOCK - 500};
	struct v4l2_m2m_coded coded;
	struct v4l2_m2m_raw raw;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		assert_int_equal(v4l2_m2m_take(m2m, &raw), 0);
		assert_int_equal(v4l2_m2m_put(m2m, raw.index, times[i]), 0);
		assert_true(i == 0 || timercmp(&d->put_times[i - 1], &d->put_times[i], <));
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		/* The second never comes. */
		if (i == 1)
			continue;
		assert_int_equal(v4l2_m2m_next(m2m, &coded), 0);
		assert_int_equal(coded.timestamp_us, times[i]);
		assert_int_equal(coded.lost_before, i == 2);
	}
}

/* They are what tells pictures apart: the driver gets rising ones, the caller its own. */
static void timestamps_need_not_rise(void **state)
{
	const struct step steps[] = {STEP_KEY(0), STEP_PICTURE(2), STEP_PICTURE(3)};

	PLAY(steps, check_times);
}

static void only_faulty_pictures_do_not_hold_the_caller(void **state)
{
	struct step steps[50] = {};
	struct encoder_driver d;
	struct v4l2_m2m *m2m;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		steps[i] = (struct step){.flags = V4L2_BUF_FLAG_ERROR};
	encoder_driver_init(&d, steps, ARRAY_SIZE(steps));
	m2m = bench_begin(&d, &bench_want);
	bench_put(m2m, 0, 1);
	bench_expect_error(m2m, -EAGAIN);
	assert_int_equal(d.at, BUFFERS + 1);
	bench_end(&d, m2m);
}

/* Of codecs without NAL units the driver's flags tell. JPEG has keyframes only. */
static void other_codecs_go_by_flags(void **state)
{
	const struct step steps[] = {
		{.of = 0, BYTES("one"), .flags = V4L2_BUF_FLAG_KEYFRAME},
		{.of = 1, BYTES("two")},
		{.of = 2, .flags = V4L2_BUF_FLAG_ERROR},
		{.of = 3, BYTES("four")},
	};
	const uint32_t codecs[] = {V4L2_PIX_FMT_FWHT, V4L2_PIX_FMT_JPEG};

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		bool jpeg = codecs[i] == V4L2_PIX_FMT_JPEG;
		struct v4l2_m2m_want want = bench_want;
		struct encoder_driver d;
		struct v4l2_m2m *m2m;

		want.codec = codecs[i];
		want.quality = 80;
		encoder_driver_init(&d, steps, ARRAY_SIZE(steps));
		d.coded[0] = codecs[i];
		m2m = bench_begin(&d, &want);
		v4l2_m2m_force_keyframe(m2m);
		bench_put(m2m, 0, 4);
		assert_int_equal(control_of(&d, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME)->sets, !jpeg);
		bench_expect(m2m, 0, true, 0, "one", 3);
		bench_expect(m2m, 1, jpeg, 0, "two", 3);
		if (jpeg)
			bench_expect(m2m, 3, true, 1, "four", 4);
		else
			bench_expect_error(m2m, -EAGAIN);
		bench_end(&d, m2m);
	}
}

static void check_not_started(const struct v4l2_m2m_want *want)
{
	struct v4l2_m2m *m2m = NULL;
	struct v4l2_m2m_coded coded;
	struct encoder_driver d;

	encoder_driver_init(&d, NULL, 0);
	assert_int_equal(v4l2_m2m_open(&d.sys, "encoder", want, &m2m), 0);
	assert_int_equal(v4l2_m2m_next(m2m, &coded), -EINVAL);
	assert_int_equal(v4l2_m2m_put(m2m, 0, 1), -EINVAL);
	assert_int_equal(v4l2_m2m_drain(m2m), -EINVAL);
	assert_int_equal(v4l2_m2m_reset(m2m), -EINVAL);
	bench_end(&d, m2m);
}

/* Whatever fails at the start leaves nothing behind, and a later one works. */
static void a_failed_start_can_be_repeated(void **state)
{
	const struct fault faults[] = {
		{VIDIOC_REQBUFS, 0, 1, -EBUSY},   {VIDIOC_REQBUFS, 1, 1, -ENOMEM},
		{VIDIOC_QUERYBUF, 0, 1, -EINVAL}, {1, 0, 1, -ENOMEM},
		{VIDIOC_QBUF, 0, 1, -EIO},        {VIDIOC_STREAMON, 0, 1, -EBUSY},
		{VIDIOC_STREAMON, 1, 1, -EBUSY},
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct encoder_driver d;
		struct v4l2_m2m *m2m = NULL;

		encoder_driver_init(&d, NULL, 0);
		assert_int_equal(v4l2_m2m_open(&d.sys, "encoder", &bench_want, &m2m), 0);
		d.faults[0] = faults[i];
		assert_int_equal(v4l2_m2m_start(m2m), faults[i].r);
		assert_int_equal(d.raw.allocated + d.out.allocated + d.mapped, 0);
		assert_int_equal(v4l2_m2m_start(m2m), 0);
		assert_int_equal(v4l2_m2m_start(m2m), -EBUSY);
		bench_end(&d, m2m);
	}
	check_not_started(&bench_want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_come_in_order),
		cmocka_unit_test(silent_drops_are_counted),
		cmocka_unit_test(after_a_faulty_picture_nothing_until_a_keyframe),
		cmocka_unit_test(a_payload_that_cannot_be_is_faulty),
		cmocka_unit_test(strays_and_reordered_pictures_are_held_back),
		cmocka_unit_test(separate_headers_come_with_each_keyframe),
		cmocka_unit_test(keyframes_without_headers_are_told),
		cmocka_unit_test(errors_of_the_queue_are_told_apart),
		cmocka_unit_test(raw_buffers_that_fail_are_told),
		cmocka_unit_test(coded_buffers_are_the_callers_until_release),
		cmocka_unit_test(a_stalled_raw_queue_is_told),
		cmocka_unit_test(a_stalled_coded_queue_is_told),
		cmocka_unit_test(pictures_that_never_come_out_have_a_limit),
		cmocka_unit_test(timestamps_need_not_rise),
		cmocka_unit_test(only_faulty_pictures_do_not_hold_the_caller),
		cmocka_unit_test(other_codecs_go_by_flags),
		cmocka_unit_test(a_failed_start_can_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
