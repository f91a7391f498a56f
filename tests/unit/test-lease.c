// SPDX-License-Identifier: LGPL-2.1-or-later
/* The life of a lease: however it ends, the viewer, the camera, the gate and the session hear of it
 * in the right way, and no byte leaves afterwards. */
#include <sqlite3.h>

/* Room for a busy machine; what is promised (33 ms, p99) is for the bench to measure. */
#define LATE_MAX (100 * USEC_PER_MSEC)

#include "broker-bench.h"

/* More than both kernels hold on the way: the rest stays in the sender's queue. */
static void fill_connection(struct fake_session *s)
{
	static const char bytes[1 << 16];

	while (send(s->socket, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	assert_int_equal(errno, EAGAIN);
}

/* All that the viewer can still read; then *ret says how it ended. */
static size_t drain_viewer(struct fake_session *s, int *ret)
{
	static char bytes[1 << 16];
	size_t total = 0;
	ssize_t n;

	while ((n = recv(s->viewer, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		total += (size_t)n;
	*ret = n < 0 ? -errno : 0;
	return total;
}

/* The broker has let go of everything about this session. */
static void assert_cut(struct bench *b, struct fake_session *s, uint64_t lease)
{
	struct camera_drop_wake drop;
	struct gate_kill kill;
	int r;

	assert_null(lease_find(&b->broker, lease));
	assert_int_equal(send(s->socket, "x", 1, MSG_NOSIGNAL), -1);
	drain_viewer(s, &r);
	assert_int_equal(r, -ECONNRESET);
	assert_int_equal(bench_receive(b, b->gate_link, &kill, sizeof(kill)), GATE_KILL);
	assert_int_equal(kill.connection, s->connection);
	assert_int_equal(bench_receive(b, s->link, NULL, 0), 0);
	assert_int_equal(bench_receive(b, b->front.link, NULL, 0), CAMERA_ADD_WAKE);
	assert_int_equal(bench_receive(b, b->front.link, &drop, sizeof(drop)), CAMERA_DROP_WAKE);
	assert_int_equal(drop.lease, lease);
}

static uint64_t lease_of(struct bench *b)
{
	assert_false(list_empty(&b->broker.leases));
	return list_entry(b->broker.leases.next, struct lease, list)->id;
}

/* One column of the ledger's newest row of this kind. */
static void ledger_text(struct bench *b, enum ledger_kind kind, const char *column, char text[64])
{
	char path[128], sql[128];
	sqlite3_stmt *statement;
	sqlite3 *db;

	bench_settle(b);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	snprintf(sql, sizeof(sql), "SELECT %s FROM events WHERE kind = %d ORDER BY seq DESC",
		 column, kind);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	text[0] = '\0';
	if (sqlite3_step(statement) == SQLITE_ROW)
		snprintf(text, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static void assert_ledger(struct bench *b, enum ledger_kind kind, const char *column,
			  const char *expected)
{
	char text[64];

	ledger_text(b, kind, column, text);
	assert_string_equal(text, expected);
}

static void test_revocation_cuts_at_once(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct control_result result = {};
	uint64_t lease = lease_of(b);

	fill_connection(&s);
	assert_int_equal(control_revoke(&b->broker, "alice", "front", &result, bench_done, b), 0);
	/* Before any disk was asked, and before the reply. */
	assert_int_equal(result.grants_removed, 1);
	assert_int_equal(result.leases_ended, 1);
	assert_cut(b, &s, lease);
	assert_ledger(b, LEDGER_CLOSED, "reason", "no grant");
	fake_session_close(&s);
}

static void test_every_denial_cuts(void **state)
{
	struct bench *b = *state;
	struct fake_session s;

	s = bench_watching(b);
	BENCH_CONTROL(b, control_suspend, SUSPENSION_CAMERA, "front", "why");
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	fake_session_close(&s);
	assert_int_equal(control_resume(&b->broker, SUSPENSION_CAMERA, "front", bench_done, b), 0);
	bench_settle(b);
	s = bench_watching(b);
	BENCH_CONTROL(b, control_remove_token, "alice",
		      policy_find_client(b->broker.policy, "alice")->tokens[0].id);
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	assert_ledger(b, LEDGER_CLOSED, "count(*)", "2");
	fake_session_close(&s);
}

static void test_another_grant_keeps_it_running(void **state)
{
	struct bench *b = *state;
	struct fake_session s;
	uint64_t first = b->broker.policy->grants[0]->id;

	BENCH_CONTROL(b, control_add_grant, "alice", "front", RIGHT_LIVE, 0, 0);
	s = bench_watching(b);
	BENCH_CONTROL(b, control_remove_grant, first);
	assert_int_equal(viewer_state(&s), -EAGAIN);
	assert_int_equal(lease_find(&b->broker, lease_of(b))->state, LEASE_RUNNING);
	fake_session_close(&s);
}

/* Its OPENED is on its way to the disk. */
static struct fake_session recording(struct bench *b)
{
	struct fake_session s = fake_session_open(b);

	fake_session_ask(&s, "alice", b->alice, "front");
	fake_camera_serve(b, &b->front);
	while (list_empty(&b->broker.leases) ||
	       lease_find(&b->broker, lease_of(b))->state != LEASE_RECORDING)
		bench_turn(b, USEC_PER_SEC);
	return s;
}

static void test_it_is_decided_again_when_the_ring_goes(void **state)
{
	struct bench *b = *state;
	struct fake_session s = recording(b);

	/* As when time has passed: nobody says that anything has changed. */
	policy_remove_grant(b->broker.policy, b->broker.policy->grants[0]->id);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_NOT_FOUND);
	assert_true(list_empty(&b->broker.leases));
	fake_session_close(&s);
}

static void test_a_revocation_overtakes_a_grant_on_its_way(void **state)
{
	struct bench *b = *state;
	struct fake_session s = recording(b);
	struct control_result result = {};

	assert_int_equal(control_revoke(&b->broker, "alice", "front", &result, bench_done, b), 0);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_NOT_FOUND);
	bench_settle(b);
	assert_true(bench_silent(b, s.link));
	assert_true(list_empty(&b->broker.leases));
	assert_ledger(b, LEDGER_CLOSED, "reason", "no grant");
	fake_session_close(&s);
}

static void test_a_time_limit_cuts_in_time(void **state)
{
	struct bench *b = *state;
	uint64_t end = clock_realtime() + 700 * USEC_PER_MSEC, late;
	struct fake_session s;

	BENCH_CONTROL(b, control_revoke, "alice", "front");
	BENCH_CONTROL(b, control_add_grant, "alice", "front", RIGHT_LIVE, 0, end);
	s = bench_watching(b);
	while (viewer_state(&s) == -EAGAIN)
		bench_turn(b, USEC_PER_MSEC);
	late = clock_realtime();
	assert_in_range(late, end, end + LATE_MAX);
	assert_ledger(b, LEDGER_CLOSED, "reason", "grant expired");
	fake_session_close(&s);
}

/* Moves the machine's clock: only where that is asked for, in the virtual machine. */
static void move_clock(int64_t seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	assert_int_equal(clock_settime(CLOCK_REALTIME, &now), 0);
}

static void test_setting_the_clock_decides_again(void **state)
{
	struct bench *b = *state;
	uint64_t now = clock_realtime(), moved;
	struct fake_session s;

	if (!getenv("CAMWARD_TEST_MAY_SET_CLOCK"))
		skip();
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	BENCH_CONTROL(b, control_add_grant, "alice", "front", RIGHT_LIVE, now - 60 * USEC_PER_SEC,
		      now + 3600 * USEC_PER_SEC);
	for (int64_t seconds = -7200; seconds <= 7200; seconds += 14400) {
		s = bench_watching(b);
		bench_settle(b);
		assert_int_equal(viewer_state(&s), -EAGAIN);
		moved = clock_monotonic();
		move_clock(seconds);
		while (viewer_state(&s) == -EAGAIN)
			bench_turn(b, USEC_PER_MSEC);
		assert_in_range(clock_monotonic() - moved, 0, LATE_MAX);
		move_clock(-seconds);
		fake_session_close(&s);
	}
}

static void test_an_administrator_can_end_it(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	uint64_t lease = lease_of(b);

	assert_int_equal(control_end_lease(&b->broker, lease, "a\nb"), CONTROL_INVALID_REASON);
	assert_int_equal(control_end_lease(&b->broker, lease, "g\xc3\xa4ste"), 0);
	assert_cut(b, &s, lease);
	assert_int_equal(control_end_lease(&b->broker, lease, ""), CONTROL_NO_SUCH_LEASE);
	assert_ledger(b, LEDGER_CLOSED, "reason", "g\xc3\xa4ste");
	fake_session_close(&s);
}

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

	assert_int_equal(send(s.socket, "the rest", 8, 0), 8);
	session_send(&s, SESSION_DONE, &done);
	bench_settle(b);
	assert_int_equal(recv(s.viewer, bytes, sizeof(bytes), MSG_DONTWAIT), 8);
	assert_int_equal(viewer_state(&s), 0);
	assert_true(list_empty(&b->broker.leases));
	/* The session is held to its word. */
	assert_int_equal(send(s.socket, "x", 1, MSG_NOSIGNAL), -1);
	assert_ledger(b, LEDGER_CLOSED, "reason", "viewer left");
	assert_true(bench_silent(b, b->gate_link));
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

	fake_camera_stop(&b->front);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_END);
	bench_wait(b, LEASE_END_TIMEOUT - 200 * USEC_PER_MSEC);
	assert_int_equal(viewer_state(&s), -EAGAIN);
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

static void test_a_camera_without_picture_is_unavailable(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	uint64_t begin = clock_monotonic();

	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	assert_in_range(clock_monotonic() - begin, LEASE_OPEN_TIMEOUT,
			LEASE_OPEN_TIMEOUT + 200 * USEC_PER_MSEC);
	assert_true(list_empty(&b->broker.leases));
	assert_ledger(b, LEDGER_OPENED, "count(*)", "0");
	assert_ledger(b, LEDGER_DENIED, "reason", "camera gives no picture");
	fake_camera_stop(&b->front);
	bench_settle(b);
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	fake_session_close(&s);
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
	page->offered = 5;
	page->skipped[SESSION_SKIP_LATE] = 3;
	page->first_sequence = 8;
	page->last_sequence = 12;
	page->wire_end[0] = 5;
	page->wire_end[1] = 10;
	session_send(&s, SESSION_DONE, &done);
	assert_ledger(b, LEDGER_CLOSED, "delivered || ' ' || offered || ' ' || skipped_late",
		      "2 5 3");
	assert_ledger(b, LEDGER_CLOSED, "frames_low || ' ' || frames_high", "2 3");
	assert_ledger(b, LEDGER_CLOSED, "bytes_sent || ' ' || uncertain", "10 0");
	munmap(page, sizeof(*page));
	close_fds(fds, SESSION_GRANTED_FDS);
	fake_session_close(&s);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_revocation_cuts_at_once),
		BENCH(test_every_denial_cuts),
		BENCH(test_another_grant_keeps_it_running),
		BENCH(test_it_is_decided_again_when_the_ring_goes),
		BENCH(test_a_revocation_overtakes_a_grant_on_its_way),
		BENCH(test_a_time_limit_cuts_in_time),
		BENCH(test_setting_the_clock_decides_again),
		BENCH(test_an_administrator_can_end_it),
		BENCH(test_a_dead_session_is_cut),
		BENCH(test_last_words_are_heard),
		BENCH(test_an_orderly_end_delivers_the_rest),
		BENCH(test_what_still_drains_can_be_cut),
		BENCH(test_a_reset_viewer_does_not_drain),
		BENCH(test_a_lost_camera_ends_in_order),
		BENCH(test_who_does_not_end_is_cut),
		BENCH(test_stopping_tells_the_sessions),
		BENCH(test_a_camera_without_picture_is_unavailable),
		BENCH(test_the_ledger_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
