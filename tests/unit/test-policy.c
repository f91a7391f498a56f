// SPDX-License-Identifier: LGPL-2.1-or-later
/* The decision, by table and by case. */
#include "broker/policy-authenticate.h"
#include "policy-house.h"

#define NOW 1000

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
	{"all rights", "alice", "", {.rights = 7}, "alice", 1, 2, 0, false, POLICY_ALLOWED, 0},
	{"raw, from afar", "alice", "", {.rights = 7}, "alice", 1, 4, 0, false, POLICY_NO_RIGHT, 0},
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

	grant = make_grant(6, "alice", 1);
	grant.not_before = NOW + 5;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	verdict = ask_live(policy, "alice", 1);
	assert_int_equal(verdict.reason, POLICY_ALLOWED);
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

static void test_everything_can_always_be_suspended(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct suspension all = make_suspension(SUSPENSION_ALL, "");
	struct suspension one;
	char name[NAME_SIZE];

	for (unsigned i = 0; i < POLICY_SUSPENSIONS_MAX; i++) {
		snprintf(name, sizeof(name), "maker-%u", i);
		one = make_suspension(SUSPENSION_INTEGRATION, name);
		assert_int_equal(policy_suspend(policy, &one), 0);
	}
	one = make_suspension(SUSPENSION_INTEGRATION, "one-more");
	assert_int_equal(policy_suspend(policy, &one), -ENOBUFS);
	assert_int_equal(policy_suspend(policy, &all), 0);
	assert_int_equal(policy_suspend(policy, &one), -ENOBUFS);
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

static void test_a_user_bounds_a_local_lease(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant grant = make_grant(1, "alice", 1);
	struct policy_request request = {
		.client = "alice", .local = true, .camera = {1, 0xca}, .right = RIGHT_RAW};

	grant.rights = RIGHT_RAW;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	/* Root's number, which nobody has named. */
	assert_int_equal(policy_decide(policy, &request, NOW, true).reason, POLICY_NO_USER);
	assert_int_equal(policy_add_user(policy, "alice", 0, true), 0);
	assert_int_equal(policy_decide(policy, &request, NOW, true).reason, POLICY_NO_USER);
	assert_int_equal(policy_add_user(policy, "alice", 7, false), -EEXIST);
	assert_int_equal(policy_commit_user(policy, "alice", 7), -ENOENT);
	assert_int_equal(policy_commit_user(policy, "alice", 0), 0);
	assert_true(policy_decide(policy, &request, NOW, true).allowed);
	request.user = 7;
	assert_int_equal(policy_decide(policy, &request, NOW, true).reason, POLICY_NO_USER);
	/* Raw pictures are for this machine only. */
	request.local = false;
	assert_int_equal(policy_decide(policy, &request, NOW, true).reason, POLICY_NO_RIGHT);
	assert_int_equal(policy_remove_user(policy, "alice"), 0);
	request = (struct policy_request){
		.client = "alice", .local = true, .camera = {1, 0xca}, .right = RIGHT_RAW};
	assert_int_equal(policy_decide(policy, &request, NOW, true).reason, POLICY_NO_USER);
	assert_int_equal(policy_remove_user(policy, "alice"), -ENOENT);
	assert_int_equal(policy_add_user(policy, "alice", UINT32_MAX, false), -EINVAL);
}

static void test_a_user_may_be_several_clients(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	const struct client *client = NULL;

	assert_int_equal(policy_identify(policy, 0, "alice", &client), -EACCES);
	assert_int_equal(policy_add_user(policy, "alice", 7, false), 0);
	assert_int_equal(policy_add_user(policy, "bob", 7, true), 0);
	assert_int_equal(policy_identify(policy, 7, "", &client), 0);
	assert_string_equal(client->name, "alice");
	assert_int_equal(policy_identify(policy, 7, "bob", &client), -EACCES);
	assert_int_equal(policy_commit_user(policy, "bob", 7), 0);
	assert_int_equal(policy_identify(policy, 7, "", &client), -ENOTUNIQ);
	assert_int_equal(policy_identify(policy, 7, "bob", &client), 0);
	assert_string_equal(client->name, "bob");
	assert_int_equal(policy_identify(policy, 7, "carol", &client), -EACCES);
	assert_int_equal(policy_identify(policy, 7, "nobody", &client), -EACCES);
	assert_int_equal(policy_identify(policy, 8, "alice", &client), -EACCES);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_several_grants),
		cmocka_unit_test(test_suspensions),
		cmocka_unit_test(test_everything_can_always_be_suspended),
		cmocka_unit_test(test_resume_is_overtaken_by_a_suspension),
		cmocka_unit_test(test_pending_is_overtaken_by_a_removal),
		cmocka_unit_test(test_token_bounds_a_lease),
		cmocka_unit_test(test_a_user_bounds_a_local_lease),
		cmocka_unit_test(test_a_user_may_be_several_clients),
		cmocka_unit_test(test_removal_takes_what_belongs),
		cmocka_unit_test(test_what_is_not_sound_is_refused),
		cmocka_unit_test(test_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
