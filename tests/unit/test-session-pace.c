// SPDX-License-Identifier: LGPL-2.1-or-later
/* When a viewer goes down, and when it is tried whether it can come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/pace.h"

#define BEGIN (100 * USEC_PER_SEC)
#define FRAME (USEC_PER_SEC / 30)

static struct pace pace;
static uint64_t now;

static int setup(void **state)
{
	now = BEGIN;
	pace_begin(&pace, now);
	return 0;
}

/* So much of a stream, each frame of that age. Ends when another one is wanted: says whether. */
static bool changes(uint64_t duration, uint64_t age)
{
	enum ring_stream stream = pace.stream;

	for (uint64_t end = now + duration; now < end; now += FRAME) {
		pace_frame(&pace, now, age);
		if (pace_wanted(&pace, now) != stream)
			return true;
	}
	return false;
}

static void go_down(void)
{
	now += PACE_SETTLE;
	assert_true(changes(FRAME, PACE_BEHIND_AGE));
	pace_switched(&pace, RING_STREAM_SUB, now);
}

static uint64_t time_to_come_up(void)
{
	uint64_t begin = now;

	assert_true(changes(2 * PACE_CALM_FOR_MAX, FRAME));
	pace_switched(&pace, RING_STREAM_MAIN, now);
	return now - begin;
}

static void one_that_keeps_up_stays(void **state)
{
	assert_false(changes(600 * USEC_PER_SEC, PACE_BEHIND_AGE - 1));
}

/* It begins at a keyframe that may be old. */
static void one_that_settles_stays(void **state)
{
	assert_false(changes(PACE_SETTLE, PACE_BEHIND_AGE));
	assert_false(changes(600 * USEC_PER_SEC, 0));
}

static void one_that_falls_behind_goes_down(void **state)
{
	assert_true(changes(10 * USEC_PER_SEC, PACE_BEHIND_AGE));
	assert_in_range(now - BEGIN, PACE_SETTLE, PACE_SETTLE + FRAME);
}

/* What comes after a burst is young again. */
static void a_moment_is_enough(void **state)
{
	assert_false(changes(PACE_SETTLE + FRAME, 0));
	pace_frame(&pace, now, PACE_BEHIND_AGE);
	pace_frame(&pace, now, 0);
	assert_int_equal(pace_wanted(&pace, now), RING_STREAM_SUB);
}

static void a_skip_is_enough(void **state)
{
	pace_skipped(&pace, now);
	pace_frame(&pace, now, 0);
	assert_int_equal(pace_wanted(&pace, now), RING_STREAM_SUB);
}

static void it_comes_back_once_all_is_calm(void **state)
{
	go_down();
	assert_false(changes(10 * PACE_CALM_FOR, PACE_CALM_AGE));
	pace_skipped(&pace, now);
	assert_in_range(time_to_come_up(), PACE_CALM_FOR, PACE_CALM_FOR + 2 * FRAME);
}

static void a_trial_that_fails_makes_the_next_later(void **state)
{
	uint64_t wait = PACE_CALM_FOR;

	go_down();
	for (int i = 0; i < 8; i++) {
		assert_in_range(time_to_come_up(), wait, wait + 2 * FRAME);
		go_down();
		if (wait < PACE_CALM_FOR_MAX)
			wait *= 2;
	}
	assert_int_equal(wait, PACE_CALM_FOR_MAX);
	/* One that has lasted is no trial any more. */
	time_to_come_up();
	assert_false(changes(PACE_TRIAL, 0));
	go_down();
	assert_in_range(time_to_come_up(), PACE_CALM_FOR, PACE_CALM_FOR + 2 * FRAME);
}

static void a_refusal_is_not_asked_again_at_once(void **state)
{
	pace_skipped(&pace, now);
	pace_refused(&pace, now);
	assert_int_equal(pace_wanted(&pace, now), RING_STREAM_MAIN);
	go_down();
	assert_true(changes(PACE_CALM_FOR + USEC_PER_SEC, 0));
	pace_refused(&pace, now);
	assert_false(changes(PACE_CALM_FOR - FRAME, 0));
	assert_true(changes(2 * FRAME, 0));
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_keeps_up_stays),
		TEST(one_that_settles_stays),
		TEST(one_that_falls_behind_goes_down),
		TEST(a_moment_is_enough),
		TEST(a_skip_is_enough),
		TEST(it_comes_back_once_all_is_calm),
		TEST(a_trial_that_fails_makes_the_next_later),
		TEST(a_refusal_is_not_asked_again_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
