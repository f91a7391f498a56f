// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the ledger says about how much a viewer received: by the camera, the session, the kernel. */
#include "broker/closing.h"
#include "lease-bench.h"

/* A running lease whose session is the test. */
struct watching {
	struct fake_session session;
	struct session_granted granted;
	int fds[SESSION_GRANTED_FDS];
	struct session_counters *page;
	struct session_permit *permit;
};

static void watch(struct bench *b, struct watching *w)
{
	w->session = bench_watch(b, &w->granted, w->fds);
	w->page = mmap(NULL, sizeof(*w->page), PROT_READ | PROT_WRITE, MAP_SHARED, w->fds[2], 0);
	w->permit = mmap(NULL, sizeof(*w->permit), PROT_READ, MAP_SHARED, w->fds[3], 0);
	assert_ptr_not_equal(w->page, MAP_FAILED);
	assert_ptr_not_equal(w->permit, MAP_FAILED);
}

static void unwatch(struct watching *w)
{
	munmap(w->page, sizeof(*w->page));
	munmap(w->permit, sizeof(*w->permit));
	close_fds(w->fds, SESSION_GRANTED_FDS);
	fake_session_close(&w->session);
}

static void say_sequence_as(struct bench *b, struct fake_camera *camera, const struct watching *w,
			    bool added, uint64_t first, uint64_t next)
{
	struct camera_sequence m = {
		.epoch = w->granted.epoch,
		.lease = w->granted.lease,
		.first = first,
		.next = next,
		.added = added,
	};

	camera_send(camera, CAMERA_SEQUENCE, &m);
	bench_settle(b);
}

static void say_sequence(struct bench *b, const struct watching *w, bool added, uint64_t first,
			 uint64_t next)
{
	say_sequence_as(b, &b->front, w, added, first, next);
}

/* n frames of 10 bytes each, all taken by the kernel. */
static void deliver(struct watching *w, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		assert_int_equal(send(w->session.socket, "0123456789", 10, 0), 10);
		w->page->intent++;
		w->page->wire_bytes += 10;
		w->page->wire_end[i % SESSION_COUNTERS_FRAMES] = w->page->wire_bytes;
		w->page->done++;
		w->page->offered++;
	}
}

static void end(struct bench *b, const struct watching *w)
{
	assert_int_equal(control_end_lease(&b->broker, w->granted.lease, "enough"), 0);
}

#define INTERVAL "frames_low || ' ' || frames_high || ' ' || uncertain"
#define EXPOSURE "exposed_first || ' ' || exposed_next || ' ' || exposed"

static void test_the_camera_bounds_what_was_seen(void **state)
{
	struct bench *b = *state;
	struct watching w;

	watch(b, &w);
	say_sequence(b, &w, true, 40, 100);
	deliver(&w, 5);
	end(b, &w);
	say_sequence(b, &w, false, 60, 130);
	assert_ledger(b, LEDGER_CLOSED, EXPOSURE, "40 130 90");
	assert_ledger(b, LEDGER_CLOSED, INTERVAL, "5 5 0");
	unwatch(&w);
}

static void test_no_other_camera_says_what_was_seen(void **state)
{
	struct bench *b = *state;
	struct watching w;

	watch(b, &w);
	say_sequence_as(b, &b->back, &w, true, 1, 1);
	say_sequence(b, &w, true, 40, 100);
	deliver(&w, 5);
	end(b, &w);
	say_sequence_as(b, &b->back, &w, false, 40, 41);
	assert_false(list_empty(&b->broker.closings));
	say_sequence(b, &w, false, 60, 130);
	assert_ledger(b, LEDGER_CLOSED, EXPOSURE, "40 130 90");
	unwatch(&w);
}

static void test_a_silent_camera_is_not_waited_for(void **state)
{
	struct bench *b = *state;
	struct watching w;

	watch(b, &w);
	say_sequence(b, &w, true, 40, 100);
	deliver(&w, 5);
	end(b, &w);
	bench_settle(b);
	assert_false(list_empty(&b->broker.closings));
	assert_ledger(b, LEDGER_CLOSED, EXPOSURE, "0 0 0");
	assert_ledger(b, LEDGER_CLOSED, INTERVAL, "5 5 0");
	unwatch(&w);
}

/* Whatever it wrote: nobody has seen more than the camera has shown, and that is said. */
static void assert_lie(struct bench *b, void (*lie)(struct watching *w), uint64_t shown,
		       const char *interval)
{
	struct watching w;

	watch(b, &w);
	say_sequence(b, &w, true, 1, 1);
	deliver(&w, 5);
	lie(&w);
	end(b, &w);
	say_sequence(b, &w, false, 1, 1 + shown);
	assert_ledger(b, LEDGER_CLOSED, INTERVAL, interval);
	unwatch(&w);
}

static void claim_more(struct watching *w)
{
	w->page->intent = w->page->done = w->page->offered = 100;
}

static void claim_less_than_the_kernel_sent(struct watching *w)
{
	static const char bytes[100000];

	assert_int_equal(send(w->session.socket, bytes, sizeof(bytes), 0), sizeof(bytes));
}

static void contradict_itself(struct watching *w)
{
	w->page->done = 5;
	w->page->intent = 2;
}

static void claim_more_than_permitted(struct watching *w)
{
	w->page->intent = w->page->done = w->page->offered = w->permit->frames + 1;
}

static void test_a_session_that_lies_is_clamped(void **state)
{
	assert_lie(*state, claim_more, 20, "0 20 1");
	assert_lie(*state, claim_less_than_the_kernel_sent, 20, "0 20 1");
	assert_lie(*state, contradict_itself, 20, "0 20 1");
	assert_lie(*state, claim_more_than_permitted, 100000, "0 100000 1");
}

static void test_a_permit_cannot_be_written(void **state)
{
	struct bench *b = *state;
	struct watching w;

	watch(b, &w);
	assert_true(w.permit->frames > 0);
	assert_ptr_equal(mmap(NULL, sizeof(*w.permit), PROT_WRITE, MAP_SHARED, w.fds[3], 0),
			 MAP_FAILED);
	assert_int_equal(errno, EPERM);
	assert_int_equal(mprotect(w.permit, sizeof(*w.permit), PROT_WRITE), -1);
	assert_int_equal(write(w.fds[3], "x", 1), -1);
	unwatch(&w);
}

static void reservation(struct bench *b, const char *column, char text[64])
{
	char path[128], sql[128];
	sqlite3_stmt *statement;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	snprintf(sql, sizeof(sql), "SELECT %s FROM reservations", column);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	text[0] = '\0';
	if (sqlite3_step(statement) == SQLITE_ROW)
		snprintf(text, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

/* Durable first, then permitted; renewed by what was used up. */
static void test_reservations_are_renewed(void **state)
{
	struct bench *b = *state;
	uint64_t first, end_of_wait = clock_monotonic() + 20 * USEC_PER_SEC;
	char text[64], expected[64];
	struct watching w;

	watch(b, &w);
	first = w.permit->frames;
	reservation(b, "done || ' ' || frames_high", text);
	snprintf(expected, sizeof(expected), "0 %lu", (unsigned long)first);
	assert_string_equal(text, expected);
	deliver(&w, 7);
	while (w.permit->frames == first && clock_monotonic() < end_of_wait)
		bench_turn(b, 10 * USEC_PER_MSEC);
	assert_int_equal(w.permit->frames, first + 7);
	reservation(b, "done || ' ' || frames_low || ' ' || frames_high", text);
	snprintf(expected, sizeof(expected), "7 7 %lu", (unsigned long)first + 7);
	assert_string_equal(text, expected);
	end(b, &w);
	say_sequence(b, &w, false, 1, 1);
	assert_ledger(b, LEDGER_CLOSED, "count(*)", "1");
	reservation(b, "count(*)", text);
	assert_string_equal(text, "0");
	unwatch(&w);
}

/* It is cut off while it runs, and takes nothing from the others. */
static void test_who_claims_too_much_is_ended_and_delays_nobody(void **state)
{
	struct bench *b = *state;
	uint64_t first, end_of_wait = clock_monotonic() + 20 * USEC_PER_SEC;
	struct watching liar, w;

	watch(b, &liar);
	watch(b, &w);
	first = w.permit->frames;
	say_sequence(b, &liar, true, 1, 1);
	deliver(&w, 7);
	liar.page->intent = UINT64_MAX;
	while (w.permit->frames == first && clock_monotonic() < end_of_wait)
		bench_turn(b, 10 * USEC_PER_MSEC);
	assert_int_equal(w.permit->frames, first + 7);
	assert_int_equal(liar.permit->frames, first);
	assert_int_equal(viewer_state(&liar.session), -ECONNRESET);
	assert_non_null(lease_find(&b->broker, w.granted.lease));
	liar.page->intent = 0;
	say_sequence(b, &liar, false, 1, 21);
	assert_ledger(b, LEDGER_CLOSED, INTERVAL, "0 20 1");
	assert_ledger(b, LEDGER_CLOSED, "reason", "false count");
	unwatch(&liar);
	unwatch(&w);
}

/* Less than once before is a lie, however often it is told. */
static void test_what_was_done_stays_done(void **state)
{
	struct bench *b = *state;
	uint64_t end_of_wait = clock_monotonic() + 20 * USEC_PER_SEC;
	struct lease *lease;
	struct watching w;

	watch(b, &w);
	lease = lease_find(&b->broker, w.granted.lease);
	say_sequence(b, &w, true, 1, 1);
	deliver(&w, 5);
	while (lease->checkpoint < 5 && clock_monotonic() < end_of_wait)
		bench_turn(b, 10 * USEC_PER_MSEC);
	while (b->broker.reserve.running && clock_monotonic() < end_of_wait)
		bench_turn(b, 10 * USEC_PER_MSEC);
	w.page->intent = w.page->done = w.page->offered = 2;
	while (lease_find(&b->broker, w.granted.lease) && clock_monotonic() < end_of_wait)
		bench_turn(b, 10 * USEC_PER_MSEC);
	assert_null(lease_find(&b->broker, w.granted.lease));
	say_sequence(b, &w, false, 1, 21);
	assert_ledger(b, LEDGER_CLOSED, INTERVAL, "0 20 1");
	unwatch(&w);
}

/* Somebody else's lock stops the store's thread as a disk does that does not answer. */
static void test_a_stalled_disk_stops_frames_and_not_the_end(void **state)
{
	struct bench *b = *state;
	struct watching w;
	uint64_t first, begun;
	char path[128];
	sqlite3 *db;
	int viewer;

	watch(b, &w);
	first = w.permit->frames;
	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	deliver(&w, 7);
	bench_wait(b, RESERVE_INTERVAL + USEC_PER_SEC);
	assert_true(b->broker.reserve.running);
	assert_int_equal(w.permit->frames, first);
	begun = clock_monotonic();
	end(b, &w);
	assert_in_range(clock_monotonic() - begun, 0, 250 * USEC_PER_MSEC);
	do
		viewer = viewer_state(&w.session);
	while (viewer > 0);
	assert_int_equal(viewer, -ECONNRESET);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_ledger(b, LEDGER_CLOSED, INTERVAL, "7 7 0");
	unwatch(&w);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_the_camera_bounds_what_was_seen),
		BENCH(test_no_other_camera_says_what_was_seen),
		BENCH(test_a_silent_camera_is_not_waited_for),
		BENCH(test_a_session_that_lies_is_clamped),
		BENCH(test_a_permit_cannot_be_written),
		BENCH(test_reservations_are_renewed),
		BENCH(test_who_claims_too_much_is_ended_and_delays_nobody),
		BENCH(test_what_was_done_stays_done),
		BENCH(test_a_stalled_disk_stops_frames_and_not_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
