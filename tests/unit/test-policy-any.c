// SPDX-License-Identifier: LGPL-2.1-or-later
/* Random policies: what must hold for any decision. */
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "policy-house.h"

static uint32_t random_state = 1;

static uint32_t any(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static const char *const people[] = {"alice", "bob", "carol"};
static const char *const integrations[] = {"", "nest", "other"};
static const char *const cameras[] = {"front", "back"};

/* From one in the morning on, in Berlin, on the day whose hour from two to three comes twice. */
#define ZONE  "CET-1CEST,M3.5.0,M10.5.0/3"
#define BEGIN (1792882800 * USEC_PER_SEC)
#define TICK  (20 * 60 * USEC_PER_SEC)
#define TIMES 12

static const char *const hours[] = {"sun 01:00-02:00", "sun 02:20-04:00", "sat 22:00-02:40",
				    "sun 01:20-02:40, sun 03:00-05:00", "mon 00:00-24:00"};

/* 0 for a tick before the first. */
static uint64_t time_of(uint32_t tick)
{
	return tick ? BEGIN + (tick - 1) * TICK : 0;
}

static struct grant any_grant(uint64_t id)
{
	struct grant grant = make_grant(id, any(2) ? people[any(3)] : "", (uint8_t)(1 + any(2)));

	if (!grant.client[0])
		strcpy(grant.integration, integrations[1 + any(2)]);
	grant.rights = 1 + any(7);
	grant.not_before = time_of(any(3) ? 0 : any(TIMES));
	grant.not_after = any(2) ? 0
				 : grant.not_before + (grant.not_before ? 0 : BEGIN) +
					   (1 + any(TIMES)) * TICK;
	if (!any(3))
		strcpy(grant.hours, hours[any(ARRAY_SIZE(hours))]);
	grant.max_leases = any(2) ? 0 : 1 + any(2);
	grant.ask_first = any(5) == 0;
	grant.only_sub = any(4) == 0;
	grant.pending = any(6) == 0;
	return grant;
}

/* The earlier of two ends, of which 0 is none. */
static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a && a < b ? a : b;
}

/* One limit more, or a narrower one. */
static void limit(struct grant *grant)
{
	uint64_t when = BEGIN + (1 + any(TIMES)) * TICK;

	switch (any(7)) {
	case 0:
		grant->not_after = sooner(grant->not_after, when);
		break;
	case 1:
		grant->not_before = grant->not_before > when ? grant->not_before : when;
		break;
	case 2:
		if (!grant->hours[0])
			strcpy(grant->hours, hours[any(ARRAY_SIZE(hours))]);
		break;
	case 3:
		grant->max_leases = grant->max_leases ? 1 : 1 + any(2);
		break;
	case 4:
		grant->ask_first = true;
		break;
	case 5:
		grant->only_sub = true;
		break;
	default:
		grant->rights &= ~(1U << any(3));
	}
}

/* Each client comes with its first token. */
static void give_tokens(struct policy *policy)
{
	for (size_t i = 0; i < ARRAY_SIZE(people); i++) {
		struct token token = {.id = 1 + i, .expires = time_of(any(TIMES))};

		token.hash[0] = (uint8_t)(1 + i);
		assert_int_equal(policy_add_token(policy, people[i], &token), 0);
	}
}

/* One that ends, or ends sooner. */
static void limit_token(struct policy *policy)
{
	uint32_t n = any(ARRAY_SIZE(people));
	struct client *client = policy_find_client(policy, people[n]);
	struct token *token = client_find_token(client, 1 + n);

	token->expires = sooner(token->expires, BEGIN + (1 + any(TIMES)) * TICK);
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

/* What else may be the case when somebody asks. */
struct present {
	uint64_t holds, approved, others[4];
	bool agent, by_token;
};

static struct present any_present(void)
{
	struct present present = {
		.holds = any(7), .approved = any(7), .agent = any(2), .by_token = any(2)};

	for (size_t i = 0; i < ARRAY_SIZE(present.others); i++)
		present.others[i] = any(4);
	return present;
}

/* Every request at every time; the last dimension is time. */
static void ask_everything(const struct policy *policy, const struct present *present,
			   struct answers *answers)
{
	for (uint32_t i = 0; i < N_ANSWERS; i++) {
		uint32_t n = i / TIMES;
		struct policy_request request = {
			.client = people[n % 3],
			.token = present->by_token ? 1 + n % 3 : 0,
			.camera = {(uint8_t)(1 + n / 3 % 2), 0xca},
			.right = 1U << n / 6 % 3,
			.stream = n / 18 % 2,
			.holds = present->holds,
			.others = present->others,
			.n_others = ARRAY_SIZE(present->others),
			.agent = present->agent,
			.approved = present->approved,
		};

		answers->verdicts[i] =
			policy_decide(policy, &request, BEGIN + i % TIMES * TICK, n / 36 % 2);
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
		uint64_t now = BEGIN + i % TIMES * TICK;

		assert_true(!verdict->ask_again || verdict->ask_again > now);
		if (i % TIMES + 1 < TIMES &&
		    (!verdict->ask_again || verdict->ask_again > now + TICK))
			assert_int_equal(verdict->allowed, verdict[1].allowed);
	}
}

static size_t check_random_policy(void)
{
	_cleanup_(policy_freep) struct policy *policy = make_house();
	static struct answers before, after;
	struct present present = any_present();
	struct suspension suspension;
	uint32_t n = any(6);
	size_t allowed;

	for (uint64_t id = 1; id <= n; id++) {
		struct grant grant = any_grant(id);

		assert_int_equal(policy_add_grant(policy, &grant), 0);
	}
	give_tokens(policy);
	ask_everything(policy, &present, &before);
	assert_asks_in_time(&before);
	allowed = count_allowed(&before);
	if (n > 0) {
		limit(policy->grants[any(n)]);
		ask_everything(policy, &present, &after);
		assert_allows_no_more(&before, &after);
		assert_asks_in_time(&after);
		before = after;
	}
	limit_token(policy);
	ask_everything(policy, &present, &after);
	assert_allows_no_more(&before, &after);
	assert_asks_in_time(&after);
	before = after;
	if (n > 0) {
		assert_int_equal(policy_remove_grant(policy, 1 + any(n)), 0);
		ask_everything(policy, &present, &after);
		assert_allows_no_more(&before, &after);
		before = after;
	}
	suspension = any_suspension();
	assert_int_equal(policy_suspend(policy, &suspension), 0);
	ask_everything(policy, &present, &after);
	assert_allows_no_more(&before, &after);
	while (policy->n_grants > 0)
		policy_remove_grant(policy, policy->grants[0]->id);
	ask_everything(policy, &present, &after);
	assert_int_equal(count_allowed(&after), 0);
	return allowed;
}

static void test_any_policy(void **s)
{
	size_t allowed = 0;

	setenv("TZ", ZONE, true);
	tzset();
	for (int i = 0; i < 3000; i++)
		allowed += check_random_policy();
	assert_true(allowed > 10000); /* else the above says little */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
