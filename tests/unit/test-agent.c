// SPDX-License-Identifier: LGPL-2.1-or-later
/* Leases by a grant that asks first: what is asked, and what each answer, its absence and the
 * agent's end do. */
#include "lease-bench.h"

struct agent_bench {
	struct bench *b;
	struct agent_peer peer;
	unsigned asked, cancelled;
	uint64_t lease; /* of the last question */
	char client[NAME_SIZE], camera[NAME_SIZE];
};

static int on_ask(void *userdata, const struct lease *lease)
{
	struct agent_bench *a = userdata;

	a->asked++;
	a->lease = lease->id;
	snprintf(a->client, sizeof(a->client), "%s", lease->client);
	snprintf(a->camera, sizeof(a->camera), "%s", lease->camera->name);
	return 0;
}

static void on_cancel(void *userdata, const struct lease *lease)
{
	struct agent_bench *a = userdata;

	a->cancelled += lease->id == a->lease;
}

/* alice may watch front if the agent says yes. */
static void setup_agent(struct bench *b, struct agent_bench *a)
{
	*a = (struct agent_bench){.b = b, .peer = {a, on_ask, on_cancel}};
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	bench_grant(b, &(struct control_grant){.client = "alice", .ask_first = true});
	assert_int_equal(agent_come(&b->broker, &a->peer), 0);
	b->broker.agent.quiet = 0;
}

static struct fake_session ask_for(struct agent_bench *a, const char *client, const char *token)
{
	struct fake_session s = fake_session_open(a->b);
	unsigned before = a->asked;

	fake_session_ask(&s, client, token, "front");
	assert_int_equal(bench_receive(a->b, s.link, NULL, 0), SESSION_PENDING);
	assert_int_equal(a->asked, before + 1);
	assert_string_equal(a->client, client);
	assert_string_equal(a->camera, "front");
	assert_int_equal(a->b->front.camera->epoch, 0);
	return s;
}

static struct fake_session alice_asks(struct agent_bench *a)
{
	return ask_for(a, "alice", a->b->alice);
}

static void assert_granted(struct agent_bench *a, struct fake_session *s)
{
	if (!a->b->front.camera->epoch)
		bench_turn(a->b, 0);
	fake_camera_serve(a->b, &a->b->front);
	assert_int_equal(bench_receive(a->b, s->link, NULL, 0), SESSION_GRANTED);
}

static void assert_refused(struct agent_bench *a, struct fake_session *s, const char *reason)
{
	assert_int_equal(fake_session_refused(a->b, s), SESSION_DENIED_NOT_FOUND);
	assert_ledger(a->b, LEDGER_DENIED, "reason", reason);
	fake_session_close(s);
}

static void test_a_yes_is_for_one_lease(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session one, two;

	setup_agent(b, &a);
	one = alice_asks(&a);
	agent_answered(&b->broker, a.lease, true);
	assert_granted(&a, &one);
	two = fake_session_open(b);
	fake_session_ask(&two, "alice", b->alice, "front");
	assert_int_equal(bench_receive(b, two.link, NULL, 0), SESSION_PENDING);
	assert_int_equal(a.asked, 2);
	agent_answered(&b->broker, a.lease, false);
	assert_refused(&a, &two, "the agent said no");
	/* Whatever is decided anew, the first goes on. */
	assert_int_equal(redecide_all(&b->broker), 0);
	assert_int_equal(viewer_state(&one), -EAGAIN);
	fake_session_close(&one);
}

static void test_a_no_holds_for_a_while(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session s;

	setup_agent(b, &a);
	b->broker.agent.quiet = AGENT_QUIET;
	s = alice_asks(&a);
	agent_answered(&b->broker, a.lease, false);
	assert_refused(&a, &s, "the agent said no");
	s = fake_session_open(b);
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_refused(&a, &s, "nobody said yes");
	assert_int_equal(a.asked, 1);
}

static void test_silence_is_a_no(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session s;

	setup_agent(b, &a);
	b->broker.agent.patience = 100 * USEC_PER_MSEC;
	s = alice_asks(&a);
	assert_refused(&a, &s, "nobody said yes in time");
	assert_int_equal(a.cancelled, 1);
	/* Too late, and about something else by now. */
	agent_answered(&b->broker, a.lease, true);
	assert_true(list_empty(&b->broker.leases));
}

static void test_a_refused_session_does_not_stay(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session s;
	struct session *session;

	setup_agent(b, &a);
	s = alice_asks(&a);
	session = lease_find(&b->broker, a.lease)->session;
	agent_answered(&b->broker, a.lease, false);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_NOT_FOUND);
	assert_int_equal(sd_event_source_set_time(session->exit_timer, 0), 0);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), 0);
	fake_session_close(&s);
}

static void test_with_the_agent_goes_what_it_allowed(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session allowed, asking, other;

	setup_agent(b, &a);
	allowed = alice_asks(&a);
	agent_answered(&b->broker, a.lease, true);
	assert_granted(&a, &allowed);
	asking = fake_session_open(b);
	fake_session_ask(&asking, "alice", b->alice, "front");
	assert_int_equal(bench_receive(b, asking.link, NULL, 0), SESSION_PENDING);
	bench_grant(b, &(struct control_grant){.client = "bob"});
	other = fake_session_open(b);
	fake_session_ask(&other, "bob", b->bob, "front");
	assert_int_equal(bench_receive(b, other.link, NULL, 0), SESSION_GRANTED);

	fill_connection(&allowed);
	assert_int_equal(agent_gone(&b->broker), 2);
	assert_refused(&a, &asking, "nobody can be asked");
	assert_ledger(b, LEDGER_CLOSED, "reason", "nobody can be asked");
	assert_int_equal(viewer_state(&other), -EAGAIN);
	fake_session_close(&allowed);
	fake_session_close(&other);
}

/* Nothing was handed to it yet that could be another camera's. */
static void test_who_is_asked_about_has_no_tripwire(void **state)
{
	struct bench *b = *state;
	struct session_tripwire m = {};
	struct agent_bench a;
	struct fake_session s;

	setup_agent(b, &a);
	s = alice_asks(&a);
	session_send(&s, SESSION_TRIPWIRE, &m);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), 0);
	bench_settle(b);
	assert_true(list_empty(&b->broker.leases));
	assert_int_equal(a.cancelled, 1);
	assert_null(policy_find_suspension(b->broker.policy, SUSPENSION_CAMERA, "front"));
	fake_session_close(&s);
}

static void test_the_word_of_one_agent_is_not_another_s(void **state)
{
	struct bench *b = *state;
	struct agent_bench a, other;
	struct fake_session s;

	setup_agent(b, &a);
	other = (struct agent_bench){.b = b, .peer = {&other, on_ask, on_cancel}};
	assert_int_equal(agent_come(&b->broker, &other.peer), -EBUSY);
	s = alice_asks(&a);
	agent_answered(&b->broker, a.lease, true);
	assert_granted(&a, &s);
	assert_int_equal(agent_gone(&b->broker), 1);
	assert_int_equal(agent_come(&b->broker, &other.peer), 0);
	assert_true(list_empty(&b->broker.leases));
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	fake_session_close(&s);
}

static void test_what_is_decided_meanwhile_needs_no_answer(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session s;

	setup_agent(b, &a);
	s = alice_asks(&a);
	BENCH_CONTROL(b, control_suspend, SUSPENSION_CAMERA, "front", "x");
	assert_refused(&a, &s, "suspended");
	assert_int_equal(a.cancelled, 1);
	assert_int_equal(control_resume(&b->broker, SUSPENSION_CAMERA, "front", bench_done, b), 0);
	bench_settle(b);

	s = alice_asks(&a);
	fake_session_close(&s);
	bench_settle(b);
	assert_int_equal(a.cancelled, 2);
	assert_true(list_empty(&b->broker.leases));

	s = alice_asks(&a);
	bench_grant(b, &(struct control_grant){.client = "alice"});
	assert_granted(&a, &s);
	assert_int_equal(a.cancelled, 3);
	assert_int_equal(agent_gone(&b->broker), 0);
	fake_session_close(&s);
}

static void test_revoking_what_is_asked_for_refuses(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session s;

	setup_agent(b, &a);
	s = alice_asks(&a);
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	assert_refused(&a, &s, "no grant");
	agent_answered(&b->broker, a.lease, true);
	assert_true(list_empty(&b->broker.leases));
}

/* Those that ask take nobody's place; a yes comes too late for the second. */
static void test_asking_takes_no_place(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session one, two;
	uint64_t first;

	setup_agent(b, &a);
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	bench_grant(b,
		    &(struct control_grant){.client = "alice", .ask_first = true, .max_leases = 1});
	one = alice_asks(&a);
	first = a.lease;
	two = alice_asks(&a);
	agent_answered(&b->broker, first, true);
	assert_granted(&a, &one);
	agent_answered(&b->broker, a.lease, true);
	assert_int_equal(fake_session_refused(b, &two), SESSION_DENIED_LIMIT);
	assert_ledger(b, LEDGER_DENIED, "reason", "as many watch already as may");
	fake_session_close(&two);
	fake_session_close(&one);
}

static void test_one_client_asks_twice_at_once_at_most(void **state)
{
	struct bench *b = *state;
	struct agent_bench a;
	struct fake_session s[AGENT_ASKED_PER_CLIENT], more;

	setup_agent(b, &a);
	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		s[i] = alice_asks(&a);
	more = fake_session_open(b);
	fake_session_ask(&more, "alice", b->alice, "front");
	assert_refused(&a, &more, "nobody said yes");
	bench_grant(b, &(struct control_grant){.client = "bob", .ask_first = true});
	more = ask_for(&a, "bob", b->bob);
	assert_int_equal(agent_gone(&b->broker), ARRAY_SIZE(s) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		fake_session_close(&s[i]);
	fake_session_close(&more);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_a_yes_is_for_one_lease),
		BENCH(test_a_no_holds_for_a_while),
		BENCH(test_silence_is_a_no),
		BENCH(test_a_refused_session_does_not_stay),
		BENCH(test_with_the_agent_goes_what_it_allowed),
		BENCH(test_who_is_asked_about_has_no_tripwire),
		BENCH(test_the_word_of_one_agent_is_not_another_s),
		BENCH(test_what_is_decided_meanwhile_needs_no_answer),
		BENCH(test_revoking_what_is_asked_for_refuses),
		BENCH(test_asking_takes_no_place),
		BENCH(test_one_client_asks_twice_at_once_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
