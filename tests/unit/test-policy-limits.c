// SPDX-License-Identifier: LGPL-2.1-or-later
/* The decision over what limits a grant: hours, leases at once, somebody to ask; each alone and
 * with the others. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "policy-house.h"

#define ZONE "CET-1CEST,M3.5.0,M10.5.0/3" /* as Europe/Berlin */

/* "2026-03-29 01:00:00", UTC; 0 for NULL. */
static uint64_t utc(const char *text)
{
	struct tm tm = {0};

	if (!text)
		return 0;
	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return (uint64_t)timegm(&tm) * USEC_PER_SEC;
}

#define MONDAY_8  "2026-11-23 07:00:00" /* in Berlin */
#define MONDAY_9  "2026-11-23 08:00:00"
#define MONDAY_18 "2026-11-23 17:00:00"
#define WORK      "mon-fri 08:00-18:00"

/* Grant 7 for alice on front; others: how many watch by it. */
static const struct {
	const char *what;
	const char *hours, *from, *until;
	uint32_t max_leases;
	bool ask_first;

	const char *now;
	bool clock_not_set;
	unsigned others;
	bool holds, agent, approved;

	enum policy_reason reason;
	const char *ask_again;
} cases[] = {
	{"within hours", WORK, .now = MONDAY_9, .ask_again = MONDAY_18},
	{"hours begin", WORK, .now = MONDAY_8, .ask_again = MONDAY_18},
	{"hours end", WORK, .now = MONDAY_18, .reason = POLICY_OUTSIDE_HOURS,
	 .ask_again = "2026-11-24 07:00:00"},
	{"before hours", WORK, .now = "2026-11-23 06:59:59", .reason = POLICY_OUTSIDE_HOURS,
	 .ask_again = MONDAY_8},
	{"hours, no clock", WORK, .now = MONDAY_9, .clock_not_set = true,
	 .reason = POLICY_CLOCK_NOT_SET},
	{"the clock has jumped back", WORK, .now = "1970-01-05 09:00:00",
	 .ask_again = "1970-01-05 17:00:00"},
	{"hours that cannot be read", "x", .now = MONDAY_9, .reason = POLICY_OUTSIDE_HOURS},
	{"ends before its hours do", WORK, .until = "2026-11-23 12:00:00", .now = MONDAY_9,
	 .ask_again = "2026-11-23 12:00:00"},
	{"ends after its hours do", WORK, .until = "2026-11-24 12:00:00", .now = MONDAY_9,
	 .ask_again = MONDAY_18},
	{"expired within hours", WORK, .until = MONDAY_8, .now = MONDAY_9,
	 .reason = POLICY_EXPIRED},
	{"begins within hours", WORK, .from = MONDAY_9, .now = MONDAY_8, .reason = POLICY_NOT_YET,
	 .ask_again = MONDAY_9},
	{"its next hours come after its end", WORK, .until = "2026-11-24 06:00:00",
	 .now = MONDAY_18, .reason = POLICY_OUTSIDE_HOURS},
	{"hours end in the hour that comes twice", "sun 00:00-02:30", .now = "2026-10-25 00:15:00",
	 .ask_again = "2026-10-25 00:30:00"},
	{"and again", "sun 00:00-02:30", .now = "2026-10-25 01:15:00",
	 .ask_again = "2026-10-25 01:30:00"},
	{"hours begin in the hour that is skipped", "sun 02:30-05:00", .now = "2026-03-29 00:59:59",
	 .reason = POLICY_OUTSIDE_HOURS, .ask_again = "2026-03-29 01:00:00"},
	{"and hold after it", "sun 02:30-05:00", .now = "2026-03-29 01:00:00",
	 .ask_again = "2026-03-29 03:00:00"},

	{"one of two", .max_leases = 2, .now = MONDAY_9, .others = 1},
	{"two of two", .max_leases = 2, .now = MONDAY_9, .others = 2,
	 .reason = POLICY_LEASES_TAKEN},
	{"one of one", .max_leases = 1, .now = MONDAY_9, .others = 1,
	 .reason = POLICY_LEASES_TAKEN},
	{"the one itself", .max_leases = 1, .now = MONDAY_9, .holds = true},
	{"one that has no room any more", .max_leases = 1, .now = MONDAY_9, .others = 1,
	 .holds = true, .reason = POLICY_LEASES_TAKEN},
	{"no limit", .now = MONDAY_9, .others = 50},
	{"taken, and hours", WORK, .max_leases = 1, .now = MONDAY_9, .others = 1,
	 .reason = POLICY_LEASES_TAKEN},
	{"taken, outside hours", WORK, .max_leases = 1, .now = MONDAY_18, .others = 1,
	 .reason = POLICY_OUTSIDE_HOURS, .ask_again = "2026-11-24 07:00:00"},

	{"nobody to ask", .ask_first = true, .now = MONDAY_9, .reason = POLICY_NO_AGENT},
	{"nobody any more", .ask_first = true, .now = MONDAY_9, .approved = true, .holds = true,
	 .reason = POLICY_NO_AGENT},
	{"to be asked", .ask_first = true, .now = MONDAY_9, .agent = true, .reason = POLICY_ASK},
	{"said yes", .ask_first = true, .now = MONDAY_9, .agent = true, .approved = true},
	{"said yes, and hours", WORK, .ask_first = true, .now = MONDAY_9, .agent = true,
	 .approved = true, .ask_again = MONDAY_18},
	{"said yes, hours have ended", WORK, .ask_first = true, .now = MONDAY_18, .agent = true,
	 .approved = true, .reason = POLICY_OUTSIDE_HOURS, .ask_again = "2026-11-24 07:00:00"},
	{"nobody is asked outside hours", WORK, .ask_first = true, .now = MONDAY_18, .agent = true,
	 .reason = POLICY_OUTSIDE_HOURS, .ask_again = "2026-11-24 07:00:00"},
	{"nobody is asked for what is taken", .ask_first = true, .max_leases = 1, .now = MONDAY_9,
	 .agent = true, .others = 1, .reason = POLICY_LEASES_TAKEN},
};

static void test_cases(void **s)
{
	const uint64_t others[] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
				   7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
				   7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(policy_freep) struct policy *policy = make_house();
		struct grant grant = make_grant(7, "alice", 1);
		struct policy_request request = {
			.client = "alice",
			.camera = {1, 0xca},
			.right = RIGHT_LIVE,
			.holds = cases[i].holds ? 7 : 0,
			.others = others,
			.n_others = cases[i].others,
			.agent = cases[i].agent,
			.approved = cases[i].approved ? 7 : 0,
		};
		struct policy_verdict verdict;

		grant.not_before = utc(cases[i].from);
		grant.not_after = utc(cases[i].until);
		grant.max_leases = cases[i].max_leases;
		grant.ask_first = cases[i].ask_first;
		assert_int_equal(policy_add_grant(policy, &grant), 0);
		/* Past the check that nothing unreadable passes. */
		if (cases[i].hours)
			strcpy(policy->grants[0]->hours, cases[i].hours);
		verdict =
			policy_decide(policy, &request, utc(cases[i].now), !cases[i].clock_not_set);
		if (verdict.reason != cases[i].reason ||
		    verdict.ask_again != utc(cases[i].ask_again) ||
		    verdict.allowed != (cases[i].reason == POLICY_ALLOWED) ||
		    (verdict.grant == 7) != (verdict.allowed || verdict.reason == POLICY_ASK))
			fail_msg("%s: %s, ask again %llu", cases[i].what,
				 policy_reason_text(verdict.reason),
				 (unsigned long long)(verdict.ask_again / USEC_PER_SEC));
	}
}

static void test_which_grant_a_lease_runs_by(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	const uint64_t others[] = {3};
	struct policy_request request = {
		.client = "alice", .camera = {1, 0xca}, .right = RIGHT_LIVE, .agent = true};
	struct grant grant = make_grant(1, "alice", 1);

	/* 1 must be asked for, 2 ends, 3 lasts but takes one lease only. */
	grant.ask_first = true;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	assert_int_equal(policy_decide(policy, &request, 5, true).reason, POLICY_ASK);
	assert_int_equal(policy_decide(policy, &request, 5, true).grant, 1);
	grant = make_grant(2, "alice", 1);
	grant.not_after = 10;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	grant = make_grant(3, "alice", 1);
	grant.max_leases = 1;
	assert_int_equal(policy_add_grant(policy, &grant), 0);

	assert_int_equal(policy_decide(policy, &request, 5, true).grant, 3);
	request.others = others;
	request.n_others = 1;
	assert_int_equal(policy_decide(policy, &request, 5, true).grant, 2);
	request.n_others = 0;
	/* What it holds it keeps, so that it takes no other lease's room. */
	request.holds = 2;
	assert_int_equal(policy_decide(policy, &request, 5, true).grant, 2);
	assert_int_equal(policy_decide(policy, &request, 5, true).ask_again, 10);
	assert_int_equal(policy_decide(policy, &request, 10, true).grant, 3);
	request.n_others = 1;
	assert_int_equal(policy_decide(policy, &request, 10, true).reason, POLICY_ASK);
	/* Another's yes, and that to another grant, is none. */
	request.approved = 2;
	assert_int_equal(policy_decide(policy, &request, 10, true).reason, POLICY_ASK);
	request.approved = 1;
	assert_true(policy_decide(policy, &request, 10, true).allowed);
}

static void test_what_is_listed(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct policy_request request = {.client = "alice", .camera = {1, 0xca}};
	struct grant grant = make_grant(1, "alice", 1);

	grant.ask_first = true;
	grant.max_leases = 1;
	strcpy(grant.hours, WORK);
	assert_int_equal(policy_add_grant(policy, &grant), 0);
	assert_int_equal(policy_rights(policy, &request, utc(MONDAY_9), true), 0);
	assert_int_equal(policy_streams(policy, &request, utc(MONDAY_9), true), 0);
	request.agent = true;
	assert_int_equal(policy_rights(policy, &request, utc(MONDAY_9), true), RIGHT_LIVE);
	assert_int_equal(policy_rights(policy, &request, utc(MONDAY_18), true), 0);
}

static void test_limits_that_are_none(void **s)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	struct grant grant = make_grant(1, "alice", 1);

	strcpy(grant.hours, "mon 8-18");
	assert_int_equal(policy_add_grant(policy, &grant), -EINVAL);
	strcpy(grant.hours, WORK);
	grant.max_leases = GRANT_LEASES_MAX + 1;
	assert_int_equal(policy_add_grant(policy, &grant), -EINVAL);
	grant.max_leases = GRANT_LEASES_MAX;
	assert_int_equal(policy_add_grant(policy, &grant), 0);
}

static int set_zone(void **s)
{
	setenv("TZ", ZONE, true);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_which_grant_a_lease_runs_by),
		cmocka_unit_test(test_what_is_listed),
		cmocka_unit_test(test_limits_that_are_none),
	};

	return cmocka_run_group_tests(tests, set_zone, NULL);
}
