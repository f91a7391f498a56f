// SPDX-License-Identifier: LGPL-2.1-or-later
/* Access that ends: whatever takes it away cuts the connection at once, and no byte leaves
 * afterwards. */
#include "lease-bench.h"

/* Room for a busy machine; what is promised (33 ms, p99) is for the bench to measure. */
#define LATE_MAX (100 * USEC_PER_MSEC)

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

struct two_viewers {
	struct fake_session sessions[2];
	unsigned ended;
	int states[2]; /* when the first lease was told to have ended */
};

static void note_lease_ended(void *userdata, const struct lease *lease, const char *reason,
			     uint64_t delivered)
{
	struct two_viewers *two = userdata;

	if (!two->ended++)
		for (size_t i = 0; i < ARRAY_SIZE(two->states); i++)
			two->states[i] = viewer_state(&two->sessions[i]);
}

static void ignore_camera(void *userdata, const struct camera *camera)
{
}

static void ignore_suspension(void *userdata, enum suspension_kind kind, const char *name)
{
}

static void ignore(void *userdata)
{
}

static void test_all_are_cut_before_one_is_ended(void **state)
{
	struct bench *b = *state;
	struct two_viewers two = {.sessions = {bench_watching(b), bench_watching(b)}};
	const struct observer observer = {
		.userdata = &two,
		.lease_ended = note_lease_ended,
		.camera_changed = ignore_camera,
		.watching_changed = ignore,
		.certificate_changed = ignore,
		.host_renamed = ignore,
		.suspensions_changed = ignore_suspension,
	};
	struct control_result result = {};

	b->broker.observer = &observer;
	assert_int_equal(
		control_suspend(&b->broker, SUSPENSION_ALL, "", "", &result, bench_done, b), 0);
	b->broker.observer = NULL;
	assert_int_equal(result.leases_ended, 2);
	assert_int_equal(two.ended, 2);
	for (size_t i = 0; i < ARRAY_SIZE(two.states); i++) {
		assert_int_equal(two.states[i], -ECONNRESET);
		fake_session_close(&two.sessions[i]);
	}
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

	bench_grant(b, &(struct control_grant){.client = "alice"});
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
	bench_grant(b, &(struct control_grant){.client = "alice", .not_after = end});
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
	bench_grant(b, &(struct control_grant){
			       .client = "alice",
			       .not_before = now - 60 * USEC_PER_SEC,
			       .not_after = now + 3600 * USEC_PER_SEC,
		       });
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

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_revocation_cuts_at_once),
		BENCH(test_all_are_cut_before_one_is_ended),
		BENCH(test_every_denial_cuts),
		BENCH(test_another_grant_keeps_it_running),
		BENCH(test_it_is_decided_again_when_the_ring_goes),
		BENCH(test_a_revocation_overtakes_a_grant_on_its_way),
		BENCH(test_a_time_limit_cuts_in_time),
		BENCH(test_setting_the_clock_decides_again),
		BENCH(test_an_administrator_can_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
