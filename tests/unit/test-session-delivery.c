// SPDX-License-Identifier: LGPL-2.1-or-later
/* A real ring, written at times that the test chooses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ring-writer.h"
#include "session/counters.h"
#include "session/delivery.h"

#define SLOTS     16
#define DATA_SIZE (1 << 16)
#define FRAME     (USEC_PER_SEC / 30)

static struct ring_writer *writer, *other;
static struct ring_reader reader, coming;
static struct session_counters counters;
static struct session_permit permit;
static struct delivery delivery;
static uint64_t sequence;

static void put_into(struct ring_writer *w, uint64_t captured, bool keyframe, size_t length)
{
	uint8_t bytes[DATA_SIZE / 2];
	struct ring_unit unit = {
		.sequence = ++sequence,
		.captured_monotonic = captured,
		.flags = keyframe ? RING_UNIT_KEYFRAME : 0,
	};
	struct iovec piece = {bytes, length};

	memset(bytes, (int)sequence, length);
	assert_int_equal(ring_writer_put(w, &unit, &piece, 1), 0);
}

static void put(uint64_t captured, bool keyframe, size_t length)
{
	put_into(writer, captured, keyframe, length);
}

/* The sequence of the unit delivered, 0 when there is none; handed to the kernel at once. */
static uint64_t next(uint64_t now)
{
	struct ring_unit unit;
	int r = delivery_next(&delivery, now, &unit);

	assert_in_range(r, 0, 1);
	if (r == 0)
		return 0;
	assert_int_equal(delivery.buffer[0], (uint8_t)unit.sequence);
	assert_int_equal(delivery.buffer[unit.length - 1], (uint8_t)unit.sequence);
	counters_begin(&counters, unit.sequence, counters.wire_bytes + unit.length);
	counters_sent(&counters, counters.wire_bytes + unit.length);
	return unit.sequence;
}

static void start(uint64_t now)
{
	uint64_t captured;

	delivery_start(&delivery, &reader, &coming, &counters, &permit, now, &captured);
}

static void assert_sums(uint64_t offered)
{
	uint64_t skipped = 0;

	for (size_t i = 0; i < SESSION_N_SKIP_REASONS; i++)
		skipped += counters.skipped[i];
	assert_int_equal(counters.offered, offered);
	assert_int_equal(counters.done + skipped, offered);
	assert_int_equal(counters.intent, counters.done);
}

static int setup(void **state)
{
	struct ring_description d = {
		.camera_name = "front", .codec = RING_CODEC_H264, .fps_denominator = 1};

	sequence = 0;
	counters = (struct session_counters){};
	permit.frames = UINT64_MAX;
	delivery = (struct delivery){};
	if (ring_writer_new(&d, SLOTS, DATA_SIZE, &writer) < 0)
		return -1;
	return ring_reader_open(&reader, ring_writer_fd(writer), ring_writer_size(writer));
}

static int teardown(void **state)
{
	delivery_release(&delivery);
	ring_reader_close(&reader);
	ring_reader_close(&coming);
	writer = ring_writer_free(writer);
	other = ring_writer_free(other);
	return 0;
}

static void test_a_joiner_begins_with_the_newest_keyframe(void **state)
{
	uint64_t captured;

	put(0, true, 100);
	put(1 * FRAME, false, 100);
	put(2 * FRAME, true, 100);
	put(3 * FRAME, false, 100);
	delivery_start(&delivery, &reader, &coming, &counters, &permit, 4 * FRAME, &captured);
	assert_int_equal(captured, 2 * FRAME);
	assert_int_equal(next(4 * FRAME), 3);
	assert_int_equal(next(4 * FRAME), 4);
	assert_int_equal(next(4 * FRAME), 0);
	assert_false(delivery.waiting);
	assert_sums(2);
	assert_int_equal(counters.first_sequence, 3 + 1);
	assert_int_equal(counters.last_sequence, 4 + 1);
}

static void test_an_old_keyframe_is_not_begun_with(void **state)
{
	uint64_t now = 10 * USEC_PER_SEC, captured;

	put(now - DELIVERY_MAX_AGE_USEC - 1, true, 100);
	put(now, false, 100);
	delivery_start(&delivery, &reader, &coming, &counters, &permit, now, &captured);
	assert_int_equal(captured, now);
	assert_int_equal(next(now), 0);
	assert_true(delivery.waiting);
	put(now, false, 100);
	assert_int_equal(next(now), 0);
	put(now, true, 100);
	assert_int_equal(next(now), 4);
	assert_false(delivery.waiting);
	/* What was there before PLAY was never offered. */
	assert_sums(2);
	assert_int_equal(counters.skipped[SESSION_SKIP_JOIN], 1);
}

static void test_a_keyframe_of_just_that_age_is(void **state)
{
	put(0, true, 100);
	start(DELIVERY_MAX_AGE_USEC);
	assert_int_equal(next(DELIVERY_MAX_AGE_USEC), 1);
}

static void test_late_units_are_skipped_to_the_newest_keyframe(void **state)
{
	uint64_t now = DELIVERY_MAX_AGE_USEC + 5 * FRAME;

	put(0, true, 100);
	start(0);
	assert_int_equal(next(0), 1);
	for (unsigned i = 1; i < 8; i++)
		put(i * FRAME, i == 6, 100);
	assert_int_equal(next(now), 7);
	assert_int_equal(next(now), 8);
	assert_int_equal(counters.skipped[SESSION_SKIP_LATE], 5);
	assert_sums(8);
}

static void test_without_a_young_keyframe_one_is_waited_for(void **state)
{
	uint64_t now = DELIVERY_MAX_AGE_USEC + 5 * FRAME;

	put(0, true, 100);
	start(0);
	assert_int_equal(next(0), 1);
	for (unsigned i = 1; i < 8; i++)
		put(i * FRAME, i == 2, 100);
	assert_int_equal(next(now), 0);
	assert_true(delivery.waiting);
	assert_int_equal(counters.skipped[SESSION_SKIP_LATE], 7);
	put(now, false, 100);
	put(now, true, 100);
	assert_int_equal(next(now), 10);
	assert_int_equal(counters.skipped[SESSION_SKIP_JOIN], 1);
	assert_sums(10);
}

/* The times are the camera's word; the order is not. */
static void test_it_never_goes_back(void **state)
{
	uint64_t now = 10 * USEC_PER_SEC;

	put(now, true, 100);
	start(now);
	assert_int_equal(next(now), 1);
	put(0, false, 100);
	assert_int_equal(next(now), 0);
	assert_true(delivery.waiting);
	put(now, true, 100);
	assert_int_equal(next(now), 3);
	assert_sums(3);
}

static void test_overwritten_units_are_skipped(void **state)
{
	put(0, true, 100);
	start(0);
	assert_int_equal(next(0), 1);
	/* All slots are overwritten, the next one among them. */
	for (unsigned i = 0; i < SLOTS + 4; i++)
		put(0, i == SLOTS, 100);
	assert_int_equal(next(0), SLOTS + 2);
	assert_int_equal(counters.skipped[SESSION_SKIP_OVERRUN], SLOTS);
	assert_int_equal(next(0), SLOTS + 3);
	assert_sums(SLOTS + 3);
}

static void test_overwritten_bytes_are_skipped(void **state)
{
	put(0, true, 100);
	start(0);
	assert_int_equal(next(0), 1);
	put(0, false, 100);
	put(0, false, DATA_SIZE / 2);
	put(0, true, DATA_SIZE / 2 - 100);
	assert_int_equal(next(0), 4);
	assert_int_equal(counters.skipped[SESSION_SKIP_OVERRUN], 2);
	assert_sums(4);
}

static void test_a_frame_counts_once_it_has_left_whole(void **state)
{
	counters_begin(&counters, 41, 1000);
	assert_true(counters_in_flight(&counters));
	counters_sent(&counters, 999);
	assert_int_equal(counters.intent, 1);
	assert_int_equal(counters.done, 0);
	assert_int_equal(counters.offered, 0);
	assert_int_equal(counters.wire_bytes, 999);
	counters_sent(&counters, 1000);
	assert_int_equal(counters.done, 1);
	assert_int_equal(counters.offered, 1);
	assert_int_equal(counters.wire_end[0], 1000);
	assert_false(counters_in_flight(&counters));
}

/* What the ledger has not reserved does not leave; what is too old by then is skipped. */
static void test_nothing_is_delivered_without_a_permit(void **state)
{
	uint64_t now = 0;

	permit.frames = 1;
	put(now, true, 100);
	put(now, false, 100);
	start(now);
	assert_int_equal(next(now), 1);
	assert_int_equal(next(now), 0);
	assert_sums(1);
	permit.frames = 2;
	assert_int_equal(next(now), 2);
	now = DELIVERY_MAX_AGE_USEC + FRAME;
	put(FRAME / 2, false, 100);
	put(now, true, 100);
	assert_int_equal(next(now), 0);
	assert_sums(2);
	permit.frames = 3;
	assert_int_equal(next(now), 4);
	assert_sums(4);
	assert_int_equal(counters.skipped[SESSION_SKIP_LATE], 1);
}

/* The ring of the other stream is there. */
static void come(void)
{
	struct ring_description d = {.camera_name = "front",
				     .stream = RING_STREAM_SUB,
				     .codec = RING_CODEC_H264,
				     .fps_denominator = 1};

	assert_int_equal(ring_writer_new(&d, SLOTS, DATA_SIZE, &other), 0);
	assert_int_equal(ring_reader_open(&coming, ring_writer_fd(other), ring_writer_size(other)),
			 0);
}

static void test_it_changes_over_at_a_later_keyframe(void **state)
{
	uint64_t now = 10 * USEC_PER_SEC;

	put(now, true, 100);
	start(now);
	assert_int_equal(next(now), 1);
	come();
	/* Of the same moment as what was delivered: no step forward, and what goes on meanwhile
	 * is delivered. */
	put_into(other, now, true, 50);
	put(now + FRAME, false, 100);
	assert_int_equal(next(now + FRAME), 3);
	assert_true(delivery_lacks_keyframe(&delivery));
	assert_false(delivery.changed);
	put(now + 2 * FRAME, false, 100);
	put(now + 3 * FRAME, false, 100);
	put_into(other, now + 2 * FRAME, false, 50);
	put_into(other, now + 3 * FRAME, true, 50);
	put_into(other, now + 4 * FRAME, false, 50);
	assert_int_equal(next(now + 4 * FRAME), 7);
	assert_true(delivery.changed);
	assert_false(delivery_lacks_keyframe(&delivery));
	assert_int_equal(reader.description.stream, RING_STREAM_SUB);
	assert_null(coming.header);
	assert_int_equal(next(now + 4 * FRAME), 8);
	/* What waited in the ring that it left is skipped; in the other nothing was. */
	assert_int_equal(counters.skipped[SESSION_SKIP_SWITCH], 2);
	assert_sums(6);
}

static void test_it_does_not_change_over_to_an_old_keyframe(void **state)
{
	uint64_t now = 10 * USEC_PER_SEC;

	put(now - 2 * DELIVERY_MAX_AGE_USEC, true, 100);
	start(now - 2 * DELIVERY_MAX_AGE_USEC);
	assert_int_equal(next(now - 2 * DELIVERY_MAX_AGE_USEC), 1);
	come();
	put_into(other, now - DELIVERY_MAX_AGE_USEC - 1, true, 50);
	assert_int_equal(next(now), 0);
	assert_false(delivery.changed);
	put_into(other, now, true, 50);
	assert_int_equal(next(now), 3);
	assert_true(delivery.changed);
	assert_sums(2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_joiner_begins_with_the_newest_keyframe),
		TEST(test_an_old_keyframe_is_not_begun_with),
		TEST(test_a_keyframe_of_just_that_age_is),
		TEST(test_late_units_are_skipped_to_the_newest_keyframe),
		TEST(test_without_a_young_keyframe_one_is_waited_for),
		TEST(test_it_never_goes_back),
		TEST(test_overwritten_units_are_skipped),
		TEST(test_overwritten_bytes_are_skipped),
		TEST(test_a_frame_counts_once_it_has_left_whole),
		TEST(test_nothing_is_delivered_without_a_permit),
		TEST(test_it_changes_over_at_a_later_keyframe),
		TEST(test_it_does_not_change_over_to_an_old_keyframe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
