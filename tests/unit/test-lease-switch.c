// SPDX-License-Identifier: LGPL-2.1-or-later
/* A lease that goes from one stream to the other, and back. */
#include "broker/closing.h"
#include "lease-bench.h"

#define MAIN (1U << RING_STREAM_MAIN)
#define SUB  (1U << RING_STREAM_SUB)

/* The next message to front's process that is not about a wake, nor a statement. */
static int next_to_camera(struct bench *b, void *message, size_t size, uint64_t timeout)
{
	int type;

	do
		type = bench_receive_within(b, timeout, b->front.link, message, size, NULL, 0);
	while (type == CAMERA_ADD_WAKE || type == CAMERA_MOVE_WAKE || type == CAMERA_DROP_WAKE);
	return type;
}

static struct camera_streams assert_streams(struct bench *b, uint32_t streams, uint32_t turn)
{
	struct camera_streams m;

	assert_int_equal(next_to_camera(b, &m, sizeof(m), CAMERA_LINGER + 3 * USEC_PER_SEC),
			 CAMERA_STREAMS);
	assert_int_equal(m.epoch, b->front.epoch);
	assert_int_equal(m.streams, streams);
	assert_int_equal(m.turn, turn);
	return m;
}

/* alice watches front, and may switch. */
static struct fake_session begin(struct bench *b)
{
	struct fake_session s = fake_session_open(b);

	fake_session_ask_stream(&s, "alice", b->alice, "front", RING_STREAM_MAIN, true);
	fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_GRANTED);
	return s;
}

static void ask(struct fake_session *s, uint32_t stream)
{
	struct session_switch m = {.stream = stream};

	session_send(s, SESSION_SWITCH, &m);
}

/* The ring that comes is this one. */
static void assert_ring(struct bench *b, struct fake_session *s, uint32_t stream,
			const struct ring_writer *ring)
{
	struct session_ring m;
	struct stat given, own;
	int fd = -EBADF;

	assert_int_equal(bench_receive_within(b, 5 * USEC_PER_SEC, s->link, &m, sizeof(m), &fd, 1),
			 SESSION_RING);
	assert_int_equal(m.stream, stream);
	assert_int_equal(m.epoch, b->front.epoch);
	assert_int_equal(m.ring_size, ring_writer_size(ring));
	assert_int_equal(fstat(fd, &given), 0);
	assert_int_equal(fstat(ring_writer_fd(ring), &own), 0);
	assert_int_equal(given.st_ino, own.st_ino);
	close_fd(fd);
}

static struct fake_session begin_and_go_down(struct bench *b)
{
	struct fake_session s = begin(b);

	ask(&s, RING_STREAM_SUB);
	assert_streams(b, MAIN | SUB, 2);
	fake_camera_give(&b->front, RING_STREAM_SUB, 2);
	assert_ring(b, &s, RING_STREAM_SUB, b->front.sub);
	return s;
}

static void assert_ended(struct bench *b, struct fake_session *s)
{
	assert_int_equal(bench_receive(b, s->link, NULL, 0), 0);
	bench_settle(b);
	assert_int_equal(viewer_state(s), -ECONNRESET);
	fake_session_close(s);
}

static void it_goes_down_and_comes_back(void **state)
{
	struct bench *b = *state;
	struct fake_session s = begin(b);
	struct camera_add_wake add;
	struct camera_move_wake move;

	assert_int_equal(bench_receive(b, b->front.link, &add, sizeof(add)), CAMERA_ADD_WAKE);
	ask(&s, RING_STREAM_SUB);
	assert_streams(b, MAIN | SUB, 2);
	fake_camera_give(&b->front, RING_STREAM_SUB, 2);
	assert_ring(b, &s, RING_STREAM_SUB, b->front.sub);
	assert_ledger(b, LEDGER_SWITCHED, "stream", "1");
	assert_int_equal(bench_receive(b, b->front.link, &move, sizeof(move)), CAMERA_MOVE_WAKE);
	assert_int_equal(move.lease, add.lease);
	assert_int_equal(move.stream, RING_STREAM_SUB);
	/* What nobody takes any more is made no longer. */
	assert_streams(b, SUB, 3);
	ask(&s, RING_STREAM_MAIN);
	assert_streams(b, MAIN | SUB, 4);
	fake_camera_give(&b->front, RING_STREAM_MAIN, 4);
	assert_ring(b, &s, RING_STREAM_MAIN, b->front.ring);
	assert_ledger(b, LEDGER_SWITCHED, "stream", "0");
	/* One that is still there comes at once. */
	bench_wait(b, SESSION_SWITCH_USEC);
	ask(&s, RING_STREAM_SUB);
	assert_ring(b, &s, RING_STREAM_SUB, b->front.sub);
	assert_ledger(b, LEDGER_SWITCHED, "count(*)", "3");
	assert_ledger(b, LEDGER_SWITCHED, "count(peer_hash) = 0 AND count(DISTINCT lease) = 1",
		      "1");
	fake_session_close(&s);
	assert_int_equal(next_to_camera(b, NULL, 0, USEC_PER_SEC), -EAGAIN);
	/* The last word is of the stream that it began with. */
	assert_ledger(b, LEDGER_CLOSED, "stream", "0");
}

static void one_that_may_not_switch_is_ended(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);

	ask(&s, RING_STREAM_SUB);
	assert_ended(b, &s);
}

static void one_that_switches_too_often_is_ended(void **state)
{
	struct bench *b = *state;
	struct fake_session s = begin_and_go_down(b);

	ask(&s, RING_STREAM_MAIN);
	assert_ended(b, &s);
}

static void one_that_asks_while_it_waits_is_ended(void **state)
{
	struct bench *b = *state;
	struct fake_session s = begin(b);

	ask(&s, RING_STREAM_SUB);
	bench_wait(b, SESSION_SWITCH_USEC);
	ask(&s, RING_STREAM_SUB);
	assert_ended(b, &s);
	assert_int_equal(b->front.camera->streams[RING_STREAM_SUB].n_leases, 0);
	assert_int_equal(b->front.camera->n_leases, 0);
}

static void without_a_ring_it_stays(void **state)
{
	struct bench *b = *state;
	struct fake_session s = begin(b);
	struct camera_state told = {.condition = CAMERA_RUNNING, .streams = MAIN};
	struct session_denied m;

	ask(&s, RING_STREAM_SUB);
	assert_streams(b, MAIN | SUB, 2);
	assert_int_equal(bench_receive_within(b, LEASE_OPEN_TIMEOUT + 2 * USEC_PER_SEC, s.link, &m,
					      sizeof(m), NULL, 0),
			 SESSION_DENIED);
	assert_int_equal(m.reason, SESSION_DENIED_UNAVAILABLE);
	assert_ledger(b, LEDGER_SWITCHED, "count(*)", "0");
	/* The next time it turns out that there is none. */
	ask(&s, RING_STREAM_SUB);
	bench_turn(b, USEC_PER_SEC);
	told.epoch = b->front.epoch;
	camera_send(&b->front, CAMERA_STATE, &told);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	assert_int_equal(b->front.camera->streams[RING_STREAM_MAIN].n_leases, 1);
	assert_int_equal(b->front.camera->n_leases, 1);
	fake_session_close(&s);
}

/* It has main's ring still. */
static void what_ends_main_ends_it_also_on_sub(void **state)
{
	struct bench *b = *state;
	struct fake_session s = begin_and_go_down(b);

	bench_grant(b, &(struct control_grant){.client = "alice", .only_sub = true});
	assert_true(bench_silent(b, s.link));
	BENCH_CONTROL(b, control_remove_grant, b->broker.policy->grants[0]->id);
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	fake_session_close(&s);
}

/* Its own place is its own. */
static void a_limit_in_number_does_not_hinder_it(void **state)
{
	struct bench *b = *state;
	struct fake_session s;

	bench_grant(b, &(struct control_grant){.client = "alice", .max_leases = 1});
	BENCH_CONTROL(b, control_remove_grant, b->broker.policy->grants[0]->id);
	s = begin_and_go_down(b);
	fake_session_close(&s);
}

static void set_disk(struct bench *b, const char *sql)
{
	sqlite3 *db;
	char path[128];

	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* A sum that does not fit is no fault of the row's, as a disk's error is none. */
static void refuse_switches(struct bench *b)
{
	set_disk(b, "CREATE TRIGGER no BEFORE INSERT ON events WHEN NEW.kind = 6"
		    " BEGIN SELECT abs(-9223372036854775807 - 1); END");
}

/* Meanwhile it stays where it is, so that no more than one row of it waits; and its end is not told
 * before. */
static void what_the_disk_refuses_is_written_later(void **state)
{
	struct bench *b = *state;
	struct fake_session s = begin(b);
	uint64_t lease = lease_of(b), end = clock_monotonic() + 10 * USEC_PER_SEC;
	struct session_denied m;

	refuse_switches(b);
	ask(&s, RING_STREAM_SUB);
	assert_streams(b, MAIN | SUB, 2);
	fake_camera_give(&b->front, RING_STREAM_SUB, 2);
	assert_ring(b, &s, RING_STREAM_SUB, b->front.sub);
	while (!closing_is_behind(&b->broker, lease) && clock_monotonic() < end)
		bench_turn(b, 10 * USEC_PER_MSEC);
	assert_true(closing_is_behind(&b->broker, lease));
	bench_wait(b, SESSION_SWITCH_USEC);
	ask(&s, RING_STREAM_MAIN);
	assert_int_equal(bench_receive_within(b, 5 * USEC_PER_SEC, s.link, &m, sizeof(m), NULL, 0),
			 SESSION_DENIED);
	assert_int_equal(m.reason, SESSION_DENIED_UNAVAILABLE);
	fake_session_close(&s);
	bench_settle(b);
	assert_ledger(b, LEDGER_SWITCHED, "count(*)", "0");
	set_disk(b, "DROP TRIGGER no");
	for (end = clock_monotonic() + 20 * USEC_PER_SEC;
	     !list_empty(&b->broker.closings) && clock_monotonic() < end;)
		bench_turn(b, 10 * USEC_PER_MSEC);
	assert_ledger(b, LEDGER_SWITCHED, "count(*) || ' ' || stream", "1 1");
	assert_ledger(b, LEDGER_CLOSED,
		      "count(*) || ' ' || (seq > (SELECT seq FROM events WHERE kind = 6))", "1 1");
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(it_goes_down_and_comes_back),
		BENCH(one_that_may_not_switch_is_ended),
		BENCH(one_that_switches_too_often_is_ended),
		BENCH(one_that_asks_while_it_waits_is_ended),
		BENCH(without_a_ring_it_stays),
		BENCH(what_ends_main_ends_it_also_on_sub),
		BENCH(a_limit_in_number_does_not_hinder_it),
		BENCH(what_the_disk_refuses_is_written_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
