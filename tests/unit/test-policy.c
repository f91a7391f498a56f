// SPDX-License-Identifier: LGPL-2.1-or-later
/* The decision, by table and by what must hold for any policy. */
#include "base/ring.h"
#include "broker-state.h"
#include "broker/policy-decide.h"

#define NOW 1000

/* alice and bob of nest, carol of nobody; front (1), back (2). */
static struct policy *make_house(void)
{
	struct policy *policy = policy_new();
	struct client alice = make_client("alice", "nest"), bob = make_client("bob", "nest"),
		      carol = make_client("carol", "");
	struct camera_record front = make_camera("front", 1), back = make_camera("back", 2);

	assert_int_equal(policy_add_client(policy, &alice), 0);
	assert_int_equal(policy_add_client(policy, &bob), 0);
	assert_int_equal(policy_add_client(policy, &carol), 0);
	assert_int_equal(policy_add_camera(policy, &front), 0);
	assert_int_equal(policy_add_camera(policy, &back), 0);
	return policy;
}

static struct policy_verdict ask(const struct policy *policy, const char *client, uint8_t camera,
				 uint32_t right, uint32_t stream, uint64_t now, bool clock_set)
{
	struct policy_request request = {
		.client = client, .camera = {camera, 0xca}, .right = right, .stream = stream};

	return policy_decide(policy, &request, now, clock_set);
}

static struct policy_verdict ask_live(const struct policy *policy, const char *client,
				      uint8_t camera)
{
	return ask(policy, client, camera, RIGHT_LIVE, RING_STREAM_MAIN, NOW, true);
}

/* One grant for alice or nest on front, and what it makes of a request. */
static const struct {
	const char *what;
	const char *client, *integration;
	struct grant limits;
	const char *asks;
	uint8_t camera;
	uint32_t right, stream;
	bool clock_not_set;
	enum policy_reason reason;
	uint64_t ask_again;
} cases[] = {
	{"plain", "alice", "", {.rights = 1}, "alice", 1, 1, 0, false, POLICY_ALLOWED, 0},
	{"plain, no clock", "alice", "", {.rights = 1}, "alice", 1, 1, 0, true, POLICY_ALLOWED, 0},
	{"another client", "alice", "", {.rights = 1}, "bob", 1, 1, 0, false, POLICY_NO_GRANT, 0},
	{"nobody", "alice", "", {.rights = 1}, "mallory", 1, 1, 0, false, POLICY_NO_CLIENT, 0},
	{"empty name", "", "nest", {.rights = 1}, "", 1, 1, 0, false, POLICY_NO_CLIENT, 0},
	{"prefix of a name",
	 "alice",
	 "",
	 {.rights = 1},
	 "alic",
	 1,
	 1,
	 0,
	 false,
	 POLICY_NO_CLIENT,
	 0},
	{"another camera", "alice", "", {.rights = 1}, "alice", 2, 1, 0, false, POLICY_NO_GRANT, 0},
	{"no camera", "alice", "", {.rights = 1}, "alice", 9, 1, 0, false, POLICY_NO_CAMERA, 0},
	{"integration", "", "nest", {.rights = 1}, "bob", 1, 1, 0, false, POLICY_ALLOWED, 0},
	{"not of it", "", "nest", {.rights = 1}, "carol", 1, 1, 0, false, POLICY_NO_GRANT, 0},
	{"another right", "alice", "", {.rights = 1}, "alice", 1, 2, 0, false, POLICY_NO_RIGHT, 0},
	{"no right", "alice", "", {.rights = 7}, "alice", 1, 0, 0, false, POLICY_NO_RIGHT, 0},
	{"two rights at once",
	 "alice",
	 "",
	 {.rights = 1},
	 "alice",
	 1,
	 3,
	 0,
	 false,
	 POLICY_NO_RIGHT,
	 0},
	{"all rights", "alice", "", {.rights = 7}, "alice", 1, 4, 0, false, POLICY_ALLOWED, 0},
	{"no such stream", "alice", "", {.rights = 1}, "alice", 1, 1, 2, false, POLICY_NO_RIGHT, 0},
	{"only sub, main",
	 "alice",
	 "",
	 {.rights = 1, .only_sub = true},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_NO_STREAM,
	 0},
	{"only sub, sub",
	 "alice",
	 "",
	 {.rights = 1, .only_sub = true},
	 "alice",
	 1,
	 1,
	 1,
	 false,
	 POLICY_ALLOWED,
	 0},
	{"begins now",
	 "alice",
	 "",
	 {.rights = 1, .not_before = NOW},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_ALLOWED,
	 0},
	{"begins next",
	 "alice",
	 "",
	 {.rights = 1, .not_before = NOW + 1},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_NOT_YET,
	 NOW + 1},
	{"ends now",
	 "alice",
	 "",
	 {.rights = 1, .not_after = NOW},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_EXPIRED,
	 0},
	{"ends next",
	 "alice",
	 "",
	 {.rights = 1, .not_after = NOW + 1},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_ALLOWED,
	 NOW + 1},
	{"ends, no clock",
	 "alice",
	 "",
	 {.rights = 1, .not_after = NOW + 1},
	 "alice",
	 1,
	 1,
	 0,
	 true,
	 POLICY_CLOCK_NOT_SET,
	 0},
	{"began, no clock",
	 "alice",
	 "",
	 {.rights = 1, .not_before = 1},
	 "alice",
	 1,
	 1,
	 0,
	 true,
	 POLICY_CLOCK_NOT_SET,
	 0},
	{"pending",
	 "alice",
	 "",
	 {.rights = 1, .pending = true},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_NO_GRANT,
	 0},
	{"ask first",
	 "alice",
	 "",
	 {.rights = 1, .ask_first = true},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_LIMIT,
	 0},
	{"hours",
	 "alice",
	 "",
	 {.rights = 1, .hours = "x"},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_LIMIT,
	 0},
	{"max leases",
	 "alice",
	 "",
	 {.rights = 1, .max_leases = 9},
	 "alice",
	 1,
	 1,
	 0,
	 false,
	 POLICY_LIMIT,
	 0},
};

static void test_cases(void **s)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(policy_freep) struct policy *policy = make_house();
		struct grant grant = cases[i].limits;
		struct policy_verdict verdict;

		grant.id = 7;
		grant.camera[0] = 1;
		grant.camera[1] = 0xca;
		strcpy(grant.client, cases[i].client);
		strcpy(grant.integration, cases[i].integration);
		assert_int_equal(policy_add_grant(policy, &grant), 0);
		verdict = ask(policy, cases[i].asks, cases[i].camera, cases[i].right,
			      cases[i].stream, NOW, !cases[i].clock_not_set);
		if (verdict.reason != cases[i].reason || verdict.ask_again != cases[i].ask_again ||
		    verdict.allowed != (cases[i].reason == POLICY_ALLOWED) ||
		    verdict.grant != (verdict.allowed ? 7 : 0))
			fail_msg("%s: %s, ask again %llu", cases[i].what,
				 policy_reason_text(verdict.reason),
				 (unsigned long long)verdict.ask_again);
	}
}

static void test_several_grants(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant grant = make_grant(1, "alice", 1);
	struct policy_verdict verdict;

	grant.not_before = NOW + 50;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	grant = make_grant(2, "alice", 1);
	grant.not_before = NOW + 20;
	grant.not_after = NOW + 30;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	verdict = ask_live(policy, "alice", 1);
	assert_int_equal(verdict.reason, POLICY_NOT_YET);
	assert_int_equal(verdict.ask_again, NOW + 20);

	grant = make_grant(3, "alice", 1);
	grant.not_after = NOW + 10;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	grant = make_grant(4, "", 1);
	strcpy(grant.integration, "nest");
	grant.not_after = NOW + 15;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	verdict = ask_live(policy, "alice", 1);
	assert_true(verdict.allowed);
	assert_int_equal(verdict.grant, 4);
	assert_int_equal(verdict.ask_again, NOW + 15);

	grant = make_grant(5, "alice", 1);
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	verdict = ask_live(policy, "alice", 1);
	assert_int_equal(verdict.grant, 5);
	assert_int_equal(verdict.ask_again, 0);
}

static void test_suspensions(void **s)
{
	static const struct {
		enum suspension_kind kind;
		const char *name;
		bool stops;
	} tries[] = {
		{SUSPENSION_ALL, "", true},
		{SUSPENSION_CAMERA, "front", true},
		{SUSPENSION_CAMERA, "back", false},
		{SUSPENSION_CLIENT, "alice", true},
		{SUSPENSION_CLIENT, "bob", false},
		{SUSPENSION_INTEGRATION, "nest", true},
		{SUSPENSION_INTEGRATION, "alice", false},
	};
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant grant = make_grant(1, "alice", 1);

	assert_int_equal(policy_add_grant(policy, &grant), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct suspension suspension = make_suspension(tries[i].kind, tries[i].name);

		assert_true(ask_live(policy, "alice", 1).allowed);
		assert_int_equal(policy_suspend(policy, &suspension), 0);
		assert_int_equal(policy_suspend(policy, &suspension), -EALREADY);
		assert_int_equal(ask_live(policy, "alice", 1).reason,
				 tries[i].stops ? POLICY_SUSPENDED : POLICY_ALLOWED);
		assert_int_equal(policy_begin_resume(policy, tries[i].kind, tries[i].name), 0);
		assert_int_equal(ask_live(policy, "alice", 1).allowed, !tries[i].stops);
		assert_int_equal(policy_commit_resume(policy, tries[i].kind, tries[i].name, 0), 0);
	}
}

static void test_resume_is_overtaken_by_a_suspension(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct suspension all = make_suspension(SUSPENSION_ALL, "");

	assert_int_equal(policy_begin_resume(policy, SUSPENSION_ALL, ""), -ENOENT);
	assert_int_equal(policy_suspend(policy, &all), 0);
	assert_int_equal(policy_begin_resume(policy, SUSPENSION_ALL, ""), 0);
	assert_int_equal(policy_begin_resume(policy, SUSPENSION_ALL, ""), -EALREADY);
	assert_int_equal(policy_suspend(policy, &all), 0);
	assert_int_equal(policy_commit_resume(policy, SUSPENSION_ALL, "", 0), -ENOENT);
	assert_non_null(policy_find_suspension(policy, SUSPENSION_ALL, ""));

	assert_int_equal(policy_begin_resume(policy, SUSPENSION_ALL, ""), 0);
	assert_int_equal(policy_commit_resume(policy, SUSPENSION_ALL, "", -EIO), -EIO);
	assert_int_equal(policy_suspend(policy, &all), -EALREADY);
}

static void test_pending_is_overtaken_by_a_removal(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant grant = make_grant(1, "alice", 1);
	struct client dave = make_client("dave", "nest");
	const uint8_t front[UUID_SIZE] = {1, 0xca};

	grant.pending = true;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	assert_int_equal(policy_remove_grants(policy, "alice", front), 1);
	assert_int_equal(policy_commit_grant(policy, 1), -ENOENT);

	grant = make_grant(2, "", 1);
	strcpy(grant.integration, "nest");
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	dave.pending = true;
	assert_int_equal(policy_add_client(policy, &dave), 0);
	assert_int_equal(policy_add_client(policy, &dave), -EEXIST);
	assert_int_equal(ask_live(policy, "dave", 1).reason, POLICY_NO_CLIENT);
	assert_int_equal(policy_commit_client(policy, "dave"), 0);
	assert_true(ask_live(policy, "dave", 1).allowed);
}

static void test_token_bounds_a_lease(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant grant = make_grant(1, "alice", 1);
	struct token token = {.id = 4, .expires = NOW + 5};
	struct policy_request request = {
		.client = "alice", .token = 4, .camera = {1, 0xca}, .right = RIGHT_LIVE};

	grant.not_after = NOW + 9;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	assert_int_equal(policy_decide(policy, &request, NOW, true).reason, POLICY_NO_TOKEN);
	assert_int_equal(policy_add_token(policy, "alice", &token), 0);
	assert_int_equal(policy_decide(policy, &request, NOW, true).ask_again, NOW + 5);
	assert_int_equal(policy_decide(policy, &request, NOW + 5, true).reason, POLICY_NO_TOKEN);
	assert_int_equal(policy_decide(policy, &request, NOW, false).reason, POLICY_NO_TOKEN);
	assert_int_equal(policy_remove_token(policy, "alice", 4), 0);
	assert_int_equal(policy_decide(policy, &request, NOW, true).reason, POLICY_NO_TOKEN);
}

static void test_removal_takes_what_belongs(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant one = make_grant(1, "alice", 1), two = make_grant(2, "alice", 2),
		     three = make_grant(3, "bob", 1);
	struct client alice = make_client("alice", "");

	assert_int_equal(policy_add_grant(policy, &one), 0);
	assert_int_equal(policy_add_grant(policy, &two), 0);
	assert_int_equal(policy_add_grant(policy, &three), 0);
	assert_int_equal(policy_remove_client(policy, "alice"), 0);
	assert_int_equal(policy->n_grants, 1);
	assert_int_equal(policy_add_client(policy, &alice), 0);
	assert_false(ask_live(policy, "alice", 1).allowed);
	assert_true(ask_live(policy, "bob", 1).allowed);
	assert_int_equal(policy_remove_camera(policy, three.camera), 0);
	assert_int_equal(policy->n_grants, 0);
}

static void test_what_is_not_sound_is_refused(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant grant = make_grant(1, "alice", 1);
	struct client client = make_client("Alice", "");
	struct suspension suspension = make_suspension(SUSPENSION_ALL, "front");

	strcpy(grant.integration, "nest");
	assert_int_equal(policy_add_grant(policy, &grant), -EINVAL);
	grant = make_grant(1, "", 1);
	assert_int_equal(policy_add_grant(policy, &grant), -EINVAL);
	grant = make_grant(1, "mallory", 1);
	assert_int_equal(policy_add_grant(policy, &grant), -ENOENT);
	grant = make_grant(1, "alice", 3);
	assert_int_equal(policy_add_grant(policy, &grant), -ENOENT);
	grant = make_grant(1, "alice", 1);
	grant.rights = 8;
	assert_int_equal(policy_add_grant(policy, &grant), -EINVAL);
	grant.rights = 1;
	grant.not_before = grant.not_after = 5;
	assert_int_equal(policy_add_grant(policy, &grant), -EINVAL);
	assert_int_equal(policy_add_client(policy, &client), -EINVAL);
	assert_int_equal(policy_suspend(policy, &suspension), -EINVAL);
}

static void test_rights(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant grant = make_grant(1, "alice", 1);
	struct policy_request request = {.client = "alice", .camera = {1, 0xca}};

	assert_int_equal(policy_rights(policy, &request, NOW, true), 0);
	grant.only_sub = true;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	grant = make_grant(2, "alice", 1);
	grant.rights = RIGHT_STILL;
	grant.not_after = NOW;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	assert_int_equal(policy_rights(policy, &request, NOW, true), RIGHT_LIVE);
	assert_int_equal(policy_rights(policy, &request, NOW - 1, true), RIGHT_LIVE | RIGHT_STILL);
}

/* Random policies: what must hold for any. */

static uint32_t random_state = 1;

static uint32_t any(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static const char *const people[] = {"alice", "bob", "carol"};
static const char *const integrations[] = {"", "nest", "other"};
static const char *const cameras[] = {"front", "back"};

#define TIMES 12

static struct grant any_grant(uint64_t id)
{
	struct grant grant = make_grant(id, any(2) ? people[any(3)] : "", (uint8_t)(1 + any(2)));

	if (!grant.client[0])
		strcpy(grant.integration, integrations[1 + any(2)]);
	grant.rights = 1 + any(7);
	grant.not_before = any(3) ? 0 : any(TIMES);
	grant.not_after = any(2) ? 0 : grant.not_before + 1 + any(TIMES);
	grant.only_sub = any(4) == 0;
	grant.pending = any(6) == 0;
	return grant;
}

static struct suspension any_suspension(void)
{
	switch (any(4)) {
	case 0:
		return make_suspension(SUSPENSION_ALL, "");
	case 1:
		return make_suspension(SUSPENSION_CAMERA, cameras[any(2)]);
	case 2:
		return make_suspension(SUSPENSION_CLIENT, people[any(3)]);
	default:
		return make_suspension(SUSPENSION_INTEGRATION, integrations[1 + any(2)]);
	}
}

#define N_ANSWERS (3 * 2 * 3 * 2 * 2 * TIMES)

struct answers {
	struct policy_verdict verdicts[N_ANSWERS];
};

/* Every request at every time; the last dimension is time. */
static void ask_everything(const struct policy *policy, struct answers *answers)
{
	for (uint32_t i = 0; i < N_ANSWERS; i++) {
		uint32_t n = i / TIMES;

		answers->verdicts[i] = ask(policy, people[n % 3], (uint8_t)(1 + n / 3 % 2),
					   1U << n / 6 % 3, n / 18 % 2, i % TIMES, n / 36 % 2);
	}
}

static size_t count_allowed(const struct answers *answers)
{
	size_t n = 0;

	for (size_t i = 0; i < N_ANSWERS; i++)
		n += answers->verdicts[i].allowed;
	return n;
}

static void assert_allows_no_more(const struct answers *before, const struct answers *after)
{
	for (size_t i = 0; i < N_ANSWERS; i++)
		assert_false(after->verdicts[i].allowed && !before->verdicts[i].allowed);
}

/* Between one answer and the time at which it says to ask again, nothing changes. */
static void assert_asks_in_time(const struct answers *answers)
{
	for (size_t i = 0; i + 1 < N_ANSWERS; i++) {
		const struct policy_verdict *verdict = &answers->verdicts[i];
		uint64_t now = i % TIMES;

		assert_true(!verdict->ask_again || verdict->ask_again > now);
		if (now + 1 < TIMES && (!verdict->ask_again || verdict->ask_again > now + 1))
			assert_int_equal(verdict->allowed, verdict[1].allowed);
	}
}

static size_t check_random_policy(void)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	static struct answers before, after;
	struct suspension suspension;
	uint32_t n = any(6);
	size_t allowed;

	for (uint64_t id = 1; id <= n; id++) {
		struct grant grant = any_grant(id);

		assert_int_equal(policy_add_grant(policy, &grant), 0);
	}
	ask_everything(policy, &before);
	assert_asks_in_time(&before);
	allowed = count_allowed(&before);
	if (n > 0) {
		assert_int_equal(policy_remove_grant(policy, 1 + any(n)), 0);
		ask_everything(policy, &after);
		assert_allows_no_more(&before, &after);
		before = after;
	}
	suspension = any_suspension();
	assert_int_equal(policy_suspend(policy, &suspension), 0);
	ask_everything(policy, &after);
	assert_allows_no_more(&before, &after);
	while (policy->n_grants > 0)
		policy_remove_grant(policy, policy->grants[0]->id);
	ask_everything(policy, &after);
	assert_int_equal(count_allowed(&after), 0);
	return allowed;
}

static void test_any_policy(void **s)
{
	size_t allowed = 0;

	for (int i = 0; i < 3000; i++)
		allowed += check_random_policy();
	assert_true(allowed > 10000); /* else the above says little */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_several_grants),
		cmocka_unit_test(test_suspensions),
		cmocka_unit_test(test_resume_is_overtaken_by_a_suspension),
		cmocka_unit_test(test_pending_is_overtaken_by_a_removal),
		cmocka_unit_test(test_token_bounds_a_lease),
		cmocka_unit_test(test_removal_takes_what_belongs),
		cmocka_unit_test(test_what_is_not_sound_is_refused),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_any_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
