// SPDX-License-Identifier: LGPL-2.1-or-later
/* camward-camera as it is installed, with this test as its broker. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/chan.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ring-reader.h"
#include "camera-process.h"
#include "camera/exit.h"
#include "proto/camera-msg.h"
#include "wire/h264.h"

#define GOP 60 /* frames, of a camera with 30 a second that is told nothing else */

/* Sequences rise by one, times rise, keyframes carry the ring's parameter sets. */
static void read_units(int wake, struct ring_reader *ring, unsigned n, unsigned *ret_keyframes)
{
	static uint8_t bytes[1 << 20];
	struct ring_unit unit = {}, last = {};

	*ret_keyframes = 0;
	for (unsigned i = 0; i < n; i++, last = unit) {
		read_unit(wake, ring, &unit, bytes, sizeof(bytes));
		assert_memory_equal(bytes, "\0\0\0\1", 4);
		assert_true(unit.sequence > 0);
		assert_true(unit.captured_monotonic <= clock_monotonic());
		assert_true(unit.captured_monotonic + 5 * USEC_PER_SEC > clock_monotonic());
		if (i > 0) {
			assert_int_equal(unit.sequence, last.sequence + 1);
			assert_true(unit.captured_monotonic > last.captured_monotonic);
		}
		assert_int_equal(!!(unit.flags & RING_UNIT_KEYFRAME),
				 h264_is_idr(slice_of(bytes, unit.length)));
		if (unit.flags & RING_UNIT_KEYFRAME) {
			check_keyframe(ring, bytes, unit.length);
			++*ret_keyframes;
		}
	}
}

/* Two epochs of one process. */
static void run_source(const char *source, uint32_t width, uint32_t path)
{
	struct process p;
	union message m;

	spawn(&p, source);
	welcome(&p, &m);
	for (uint64_t epoch = 7; epoch < 9; epoch++) {
		struct ring_reader ring;
		unsigned keyframes;
		int wake;

		start(&p, epoch);
		open_ring(&p, epoch, &ring);
		wake = add_wake(&p, epoch, 100 + epoch);
		expect_sequence(&p, 100 + epoch, true, &m);
		assert_true(m.sequence.next > 1);
		assert_int_equal(ring.description.width, width);
		/* 60 pictures: a GOP of two seconds, or the clip's end and beginning again. */
		read_units(wake, &ring, 60, &keyframes);
		assert_in_range(keyframes, 1, 3);
		expect_condition(&p, CAMERA_RUNNING, &m);
		assert_int_equal(m.state.path, path);
		assert_true(m.state.encoded > 1);
		assert_true(status_number(&p, "RssShmem:") > 0);
		stop(&p, epoch);
		expect_sequence(&p, 100 + epoch, false, &m);
		assert_true(m.sequence.next > 60);
		expect_condition(&p, CAMERA_IDLE, &m);
		/* No picture is left: the ring was its only shared memory. */
		assert_int_equal(status_number(&p, "RssShmem:"), 0);
		/* The camera's end of the wake is gone. */
		while (recv(wake, &m, sizeof(m), 0) > 0)
			;
		close(wake);
		ring_reader_close(&ring);
	}
	finish(&p);
}

static void pattern_fills_the_ring(void **state)
{
	run_source("pattern", 320, CAMERA_PATH_SOFTWARE);
}

static void clip_fills_the_ring(void **state)
{
	char source[4096];

	snprintf(source, sizeof(source), "clip:%s/unit/data/clip-x264.h264", getenv("TESTS"));
	run_source(source, 192, CAMERA_PATH_PASSTHROUGH);
}

/* Frames up to the next keyframe after the ring's first. */
static unsigned read_to_keyframe(int wake, struct ring_reader *ring, unsigned max)
{
	unsigned keyframes, n = 1;

	read_units(wake, ring, 1, &keyframes);
	assert_int_equal(keyframes, 1);
	do
		read_units(wake, ring, 1, &keyframes);
	while (!keyframes && ++n < max);
	return n;
}

static void keyframes_on_demand_are_coalesced(void **state)
{
	struct camera_keyframe k = {};
	struct ring_unit first;
	struct ring_reader ring;
	struct process p;
	unsigned keyframes;
	union message m;
	int wake;

	spawn(&p, "pattern");
	welcome(&p, &m);
	start(&p, 1);
	wake = add_wake(&p, 1, 1);
	open_ring(&p, 1, &ring);
	/* Ten requests within the first second: one keyframe, when the second is over. How many
	 * frames that takes is up to the machine, but fewer than a GOP. */
	for (int i = 0; i < 10; i++)
		send_message(&p, CAMERA_KEYFRAME, &k, sizeof(k), -1);
	assert_int_equal(ring_reader_peek(&ring, &first), 0);
	assert_true(read_to_keyframe(wake, &ring, GOP) < GOP);
	assert_true(clock_monotonic() - first.captured_monotonic >= USEC_PER_SEC);
	read_units(wake, &ring, 16, &keyframes);
	assert_int_equal(keyframes, 0);
	ring_reader_close(&ring);
	close(wake);
	finish(&p);
}

static void a_wake_ends_in_one_sequence(void **state)
{
	struct camera_drop_wake d = {.lease = 2};
	struct process p;
	union message m;
	int first, second;

	spawn(&p, "pattern");
	welcome(&p, &m);
	start(&p, 1);
	first = add_wake(&p, 1, 1);
	expect_sequence(&p, 1, true, &m);
	second = add_wake(&p, 1, 2);
	expect_sequence(&p, 2, true, &m);
	/* One whose epoch is another is not added: its end closes. */
	close(add_wake(&p, 99, 3));
	close(first);
	expect_sequence(&p, 1, false, &m);
	/* Already told: its reader went first. */
	d.lease = 1;
	send_message(&p, CAMERA_DROP_WAKE, &d, sizeof(d), -1);
	d.lease = 2;
	send_message(&p, CAMERA_DROP_WAKE, &d, sizeof(d), -1);
	expect_sequence(&p, 2, false, &m);
	close(second);
	finish(&p);
}

static void a_full_wake_does_not_hold_up_others(void **state)
{
	struct ring_reader ring;
	unsigned keyframes;
	struct process p;
	union message m;
	int deaf, wake;

	spawn(&p, "pattern");
	welcome(&p, &m);
	start(&p, 1);
	deaf = add_wake(&p, 1, 1);
	wake = add_wake(&p, 1, 2);
	open_ring(&p, 1, &ring);
	read_units(wake, &ring, 90, &keyframes);
	ring_reader_close(&ring);
	close(deaf);
	close(wake);
	finish(&p);
}

/* One more second of bits at another rate, in the same epoch. */
static void bitrate_changes_while_running(void **state)
{
	struct camera_set s = {.configuration = {.width = 320, .height = 240, .fps = 30}};
	struct ring_reader ring;
	unsigned keyframes;
	struct process p;
	union message m;
	int wake;

	spawn(&p, "pattern");
	welcome(&p, &m);
	start(&p, 1);
	wake = add_wake(&p, 1, 1);
	open_ring(&p, 1, &ring);
	s.configuration.bitrate = 3000000;
	s.configuration.gop = 10;
	send_message(&p, CAMERA_SET, &s, sizeof(s), -1);
	read_units(wake, &ring, 40, &keyframes);
	assert_true(keyframes >= 3);
	s.configuration.bitrate = 200000;
	send_message(&p, CAMERA_SET, &s, sizeof(s), -1);
	read_units(wake, &ring, 20, &keyframes);
	ring_reader_close(&ring);
	close(wake);
	finish(&p);
}

static void what_is_not_permitted_ends_it(void **state)
{
	struct camera_still still = {};
	struct process p;
	union message m;

	/* START before WELCOME */
	spawn(&p, "pattern");
	start(&p, 1);
	assert_int_equal(wait_exit(&p), 1);
	close(p.link);
	/* a message that has no handler yet */
	spawn(&p, "pattern");
	welcome(&p, &m);
	send_message(&p, CAMERA_STILL, &still, sizeof(still), -1);
	assert_int_equal(wait_exit(&p), 1);
	close(p.link);
	/* an epoch's number used again */
	spawn(&p, "pattern");
	welcome(&p, &m);
	start(&p, 5);
	stop(&p, 5);
	start(&p, 5);
	assert_int_equal(wait_exit(&p), 1);
	close(p.link);
}

static void software_stands_in_for_an_encoder_that_is_none(void **state)
{
	static const char *const cases[][2] = {
		{"software", "raw pictures, encoded by software"},
		{"/dev/null", "raw pictures, encoded by software: /dev/null is no encoder"},
		{"/dev/nothing-here",
		 "raw pictures, encoded by software: /dev/nothing-here is not there"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct process p;
		union message m;

		spawn_with(&p, "pattern", cases[i][0]);
		welcome(&p, &m);
		start(&p, 1);
		expect_condition(&p, CAMERA_RUNNING, &m);
		assert_int_equal(m.state.path, CAMERA_PATH_SOFTWARE);
		assert_string_equal(m.state.reason, cases[i][1]);
		finish(&p);
	}
}

/* A device that is none, then one that is not there at all. */
static void a_device_that_does_not_open_is_lost_with_a_reason(void **state)
{
	struct process p;
	union message m;

	spawn(&p, "v4l2:/dev/null");
	welcome(&p, &m);
	start(&p, 1);
	expect_condition(&p, CAMERA_LOST, &m);
	assert_string_equal(m.state.reason, "not a V4L2 capture device");
	assert_int_equal(m.state.epoch, 1);
	/* It waits for the next START; a STOP that crossed is no harm. */
	stop(&p, 1);
	start(&p, 2);
	expect_condition(&p, CAMERA_LOST, &m);
	assert_int_equal(m.state.epoch, 2);
	finish(&p);
	spawn(&p, "v4l2:/dev/camward/nothing-here");
	assert_int_equal(wait_exit(&p), CAMERA_EXIT_DEVICE);
	close(p.link);
}

static void a_bad_clip_ends_it_at_once(void **state)
{
	struct process p;

	spawn(&p, "clip:/nonexistent.h264");
	assert_int_equal(wait_exit(&p), 1);
	close(p.link);
	spawn(&p, "clip:/dev/null");
	assert_int_equal(wait_exit(&p), 1);
	close(p.link);
}

static void it_is_confined(void **state)
{
	struct process p;
	union message m;

	spawn(&p, "pattern");
	welcome(&p, &m);
	assert_int_equal(status_number(&p, "NoNewPrivs:"), 1);
	assert_int_equal(status_number(&p, "Seccomp:"), 2);
	finish(&p);
}

static void sigterm_ends_it_in_order(void **state)
{
	struct process p;
	union message m;

	spawn(&p, "pattern");
	welcome(&p, &m);
	start(&p, 1);
	expect_condition(&p, CAMERA_RUNNING, &m);
	kill(p.pid, SIGTERM);
	assert_int_equal(wait_exit(&p), 0);
	close(p.link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pattern_fills_the_ring),
		cmocka_unit_test(clip_fills_the_ring),
		cmocka_unit_test(keyframes_on_demand_are_coalesced),
		cmocka_unit_test(a_wake_ends_in_one_sequence),
		cmocka_unit_test(a_full_wake_does_not_hold_up_others),
		cmocka_unit_test(bitrate_changes_while_running),
		cmocka_unit_test(what_is_not_permitted_ends_it),
		cmocka_unit_test(software_stands_in_for_an_encoder_that_is_none),
		cmocka_unit_test(a_device_that_does_not_open_is_lost_with_a_reason),
		cmocka_unit_test(a_bad_clip_ends_it_at_once),
		cmocka_unit_test(it_is_confined),
		cmocka_unit_test(sigterm_ends_it_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
