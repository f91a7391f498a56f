// SPDX-License-Identifier: LGPL-2.1-or-later
/* Deliveries that end by themselves: in order where that can be, counted always. */
#include "camera/epoch.h"
#include "lease-bench.h"

static void test_a_dead_session_is_cut(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);

	fill_connection(&s);
	close_fd(steal_fd(&s.link));
	bench_settle(b);
	assert_true(list_empty(&b->broker.leases));
	assert_int_equal(send(s.socket, "x", 1, MSG_NOSIGNAL), -1);
	assert_ledger(b, LEDGER_CLOSED, "reason", "session died");
	fake_session_close(&s);
}

static void test_last_words_are_heard(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_done done = {.how = SESSION_DONE_STALLED};
	struct gate_exited exited = {.connection = s.connection, .how = GATE_EXIT_ORDERLY};

	/* The gate's word comes first: its link is served before those of sessions. */
	session_send(&s, SESSION_DONE, &done);
	bench_send(b->gate_link, GATE_EXITED, GATE_MSG_VERSION, &exited, sizeof(exited), NULL, 0);
	bench_settle(b);
	assert_int_equal(viewer_state(&s), 0);
	assert_ledger(b, LEDGER_CLOSED, "reason", "viewer stalled");
	fake_session_close(&s);
}

static void test_an_orderly_end_delivers_the_rest(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_done done = {.how = SESSION_DONE_VIEWER};
	char bytes[8] = "";
	uint64_t begin;

	assert_int_equal(send(s.socket, "the rest", 8, 0), 8);
	begin = clock_monotonic();
	session_send(&s, SESSION_DONE, &done);
	/* What was sent has to be acknowledged first, which takes as long as it takes. */
	while (!list_empty(&b->broker.leases))
		bench_turn(b, USEC_PER_SEC);
	/* Its process has that long to go by itself. */
	assert_true(bench_silent(b, b->gate_link) ||
		    clock_monotonic() - begin >= SESSION_EXIT_TIMEOUT);
	assert_int_equal(recv(s.viewer, bytes, sizeof(bytes), MSG_DONTWAIT), 8);
	assert_int_equal(viewer_state(&s), 0);
	/* The session is held to its word. */
	assert_int_equal(send(s.socket, "x", 1, MSG_NOSIGNAL), -1);
	assert_ledger(b, LEDGER_CLOSED, "reason", "viewer left");
	fake_session_close(&s);
}

static void test_what_still_drains_can_be_cut(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_done done = {.how = SESSION_DONE_VIEWER};
	uint64_t lease = lease_of(b);
	int r;

	fill_connection(&s);
	session_send(&s, SESSION_DONE, &done);
	bench_wait(b, 10 * LEASE_DRAIN_CHECK);
	assert_int_equal(lease_find(&b->broker, lease)->state, LEASE_DRAINING);
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	assert_null(lease_find(&b->broker, lease));
	drain_viewer(&s, &r);
	assert_int_equal(r, -ECONNRESET);
	fake_session_close(&s);
}

/* The session has gone by then, and what it came with ends all the same. */
static void test_a_certificate_ends_what_still_drains(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_done done = {.how = SESSION_DONE_VIEWER};
	struct lease *lease = lease_find(&b->broker, lease_of(b));
	int r;

	lease->until = clock_realtime() + 3 * USEC_PER_SEC;
	assert_int_equal(redecide_all(&b->broker), 0);
	fill_connection(&s);
	session_send(&s, SESSION_DONE, &done);
	bench_wait(b, 5 * LEASE_DRAIN_CHECK);
	assert_int_equal(lease->state, LEASE_DRAINING);
	bench_wait(b, 3 * USEC_PER_SEC);
	assert_true(list_empty(&b->broker.leases));
	drain_viewer(&s, &r);
	assert_int_equal(r, -ECONNRESET);
	fake_session_close(&s);
}

static void test_a_reset_viewer_does_not_drain(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_done done = {.how = SESSION_DONE_VIEWER};
	struct linger reset = {.l_onoff = 1};

	fill_connection(&s);
	assert_int_equal(setsockopt(s.viewer, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
	close_fd(steal_fd(&s.viewer));
	session_send(&s, SESSION_DONE, &done);
	bench_wait(b, 10 * LEASE_DRAIN_CHECK);
	assert_true(list_empty(&b->broker.leases));
	fake_session_close(&s);
}

static void test_a_lost_camera_ends_in_order(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct camera_state lost = {.condition = CAMERA_LOST, .epoch = b->front.epoch};
	struct session_done done = {.how = SESSION_DONE_SERVER};
	struct session_end end;

	camera_send(&b->front, CAMERA_STATE, &lost);
	assert_int_equal(bench_receive(b, s.link, &end, sizeof(end)), SESSION_END);
	assert_int_equal(end.reason, SESSION_END_CAMERA);
	assert_int_equal(b->front.camera->epoch, 0);
	session_send(&s, SESSION_DONE, &done);
	bench_settle(b);
	assert_int_equal(viewer_state(&s), 0);
	assert_ledger(b, LEDGER_CLOSED, "reason", "camera lost");
	fake_session_close(&s);
}

static void test_who_does_not_end_is_cut(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);

	uint64_t begin = clock_monotonic();

	fake_camera_stop(&b->front);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_END);
	bench_wait(b, LEASE_END_TIMEOUT - 200 * USEC_PER_MSEC);
	assert_true(viewer_state(&s) == -EAGAIN || clock_monotonic() - begin >= LEASE_END_TIMEOUT);
	bench_wait(b, 400 * USEC_PER_MSEC);
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	fake_session_close(&s);
}

static void test_stopping_tells_the_sessions(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_done done = {.how = SESSION_DONE_SERVER};
	struct session_end end;

	broker_stop(&b->broker);
	assert_int_equal(bench_receive(b, s.link, &end, sizeof(end)), SESSION_END);
	assert_int_equal(end.reason, SESSION_END_SHUTDOWN);
	assert_int_equal(sd_event_get_state(b->event), SD_EVENT_INITIAL);
	session_send(&s, SESSION_DONE, &done);
	while (sd_event_get_state(b->event) == SD_EVENT_INITIAL)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(viewer_state(&s), 0);
	fake_session_close(&s);
}

static void test_nobody_keeps_it_from_stopping(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);

	bench_settle(b);
	broker_stop(&b->broker);
	bench_settle(b);
	assert_int_equal(sd_event_get_state(b->event), SD_EVENT_FINISHED);
	fake_session_close(&s);
}

static void test_a_camera_without_picture_is_unavailable(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	uint64_t begin = clock_monotonic();

	/* The camera's process is the first to give up: it knows why. */
	assert_true(LEASE_OPEN_TIMEOUT > EPOCH_STALL_FIRST_USEC + EPOCH_STALL_USEC);
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	assert_true(clock_monotonic() - begin >= LEASE_OPEN_TIMEOUT);
	assert_true(list_empty(&b->broker.leases));
	assert_ledger(b, LEDGER_OPENED, "count(*)", "0");
	assert_ledger(b, LEDGER_CLOSED, "count(*)", "0");
	assert_ledger(b, LEDGER_DENIED, "reason", "camera gives no picture");
	fake_camera_stop(&b->front);
	bench_settle(b);
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	fake_session_close(&s);
}

/* Its device is closed with the suspension, and not when the camera would have lingered enough. */
static void test_suspending_closes_the_device_at_once(void **state)
{
	static const struct {
		enum suspension_kind kind;
		const char *name;
	} each[] = {{SUSPENSION_CAMERA, "front"}, {SUSPENSION_ALL, ""}};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		struct fake_session s = bench_watching(b);
		uint64_t began = clock_monotonic();
		int type;

		BENCH_CONTROL(b, control_suspend, each[i].kind, each[i].name, "x");
		do
			type = bench_receive(b, b->front.link, NULL, 0);
		while (type == CAMERA_ADD_WAKE || type == CAMERA_DROP_WAKE);
		assert_int_equal(type, CAMERA_STOP);
		assert_true(clock_monotonic() - began < CAMERA_LINGER);
		assert_int_equal(b->front.camera->epoch, 0);
		assert_int_equal(
			control_resume(&b->broker, each[i].kind, each[i].name, bench_done, b), 0);
		bench_settle(b);
		fake_session_close(&s);
	}
}

static void test_the_ledger_counts(void **state)
{
	struct bench *b = *state;
	struct session_granted granted;
	int fds[SESSION_GRANTED_FDS];
	struct fake_session s = bench_watch(b, &granted, fds);
	struct session_done done = {.how = SESSION_DONE_VIEWER};
	struct session_counters *page =
		mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fds[2], 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(send(s.socket, "0123456789", 10, 0), 10);
	page->intent = 3; /* the third had begun */
	page->done = 2;
	page->offered = 4; /* killed before it raised that, too */
	page->skipped[SESSION_SKIP_LATE] = 3;
	page->first_sequence = 8;
	page->last_sequence = 12;
	page->wire_end[0] = 5;
	page->wire_end[1] = 50; /* more than the viewer has: one frame has arrived for certain */
	session_send(&s, SESSION_DONE, &done);
	assert_ledger(b, LEDGER_CLOSED, "delivered || ' ' || offered || ' ' || skipped_late",
		      "2 5 3");
	assert_ledger(b, LEDGER_CLOSED, "frames_low || ' ' || frames_high", "1 3");
	assert_ledger(b, LEDGER_CLOSED, "bytes_sent || ' ' || uncertain", "10 0");
	munmap(page, sizeof(*page));
	close_fds(fds, SESSION_GRANTED_FDS);
	fake_session_close(&s);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_a_dead_session_is_cut),
		BENCH(test_last_words_are_heard),
		BENCH(test_an_orderly_end_delivers_the_rest),
		BENCH(test_what_still_drains_can_be_cut),
		BENCH(test_a_certificate_ends_what_still_drains),
		BENCH(test_a_reset_viewer_does_not_drain),
		BENCH(test_a_lost_camera_ends_in_order),
		BENCH(test_who_does_not_end_is_cut),
		BENCH(test_stopping_tells_the_sessions),
		BENCH(test_nobody_keeps_it_from_stopping),
		BENCH(test_a_camera_without_picture_is_unavailable),
		BENCH(test_suspending_closes_the_device_at_once),
		BENCH(test_the_ledger_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
