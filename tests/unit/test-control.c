// SPDX-License-Identifier: LGPL-2.1-or-later
/* Denials that the disk did not take: in force at once, on disk as soon as it
 * takes them, and to be had for good by asking again. */
#include "bench-outcome.h"
#include "broker/db.h"

static void test_a_revocation_can_be_repeated(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);

	set_disk(false);
	assert_true(OUTCOME(b, control_revoke, "alice", "front") < 0);
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	assert_true(OUTCOME(b, control_revoke, "alice", "front") < 0);
	set_disk(true);
	assert_int_equal(OUTCOME(b, control_revoke, "alice", "front"), CONTROL_NO_SUCH_GRANT);
	restart(b);
	assert_int_equal(b->broker.policy->n_grants, 0);
	fake_session_close(&s);
}

static void test_removing_a_client_can_be_repeated(void **state)
{
	struct bench *b = *state;

	set_disk(false);
	assert_true(OUTCOME(b, control_remove_client, "alice") < 0);
	set_disk(true);
	assert_int_equal(OUTCOME(b, control_remove_client, "alice"), 0);
	assert_int_equal(OUTCOME(b, control_remove_client, "alice"), CONTROL_NO_SUCH_CLIENT);
	restart(b);
	assert_null(policy_find_client(b->broker.policy, "alice"));
	assert_int_equal(b->broker.policy->n_grants, 0);
}

static void test_removing_a_token_can_be_repeated(void **state)
{
	struct bench *b = *state;
	uint64_t id = policy_find_client(b->broker.policy, "alice")->tokens[0].id;
	uint64_t others = policy_find_client(b->broker.policy, "bob")->tokens[0].id;

	set_disk(false);
	assert_true(OUTCOME(b, control_remove_token, "alice", id) < 0);
	set_disk(true);
	assert_int_equal(OUTCOME(b, control_remove_token, "alice", id), 0);
	assert_int_equal(OUTCOME(b, control_remove_token, "alice", id), CONTROL_NO_SUCH_TOKEN);
	assert_int_equal(OUTCOME(b, control_remove_token, "alice", others), CONTROL_NO_SUCH_TOKEN);
	restart(b);
	assert_int_equal(policy_find_client(b->broker.policy, "alice")->n_tokens, 0);
	assert_int_equal(policy_find_client(b->broker.policy, "bob")->n_tokens, 1);
}

static void test_a_user_is_bound_and_unbound(void **state)
{
	struct bench *b = *state;
	int before = b->done;

	assert_int_equal(control_bind_user(&b->broker, "alice", 7, bench_done, b), 0);
	assert_false(client_is_user(policy_find_client(b->broker.policy, "alice"), 7));
	assert_int_equal(OUTCOME(b, control_unbind_user, "alice"), CONTROL_NO_USER);
	while (b->done == before)
		bench_turn(b, USEC_PER_SEC);
	assert_true(client_is_user(policy_find_client(b->broker.policy, "alice"), 7));
	assert_int_equal(control_bind_user(&b->broker, "alice", 8, bench_done, b),
			 CONTROL_USER_BOUND);
	assert_int_equal(control_bind_user(&b->broker, "bob", UINT32_MAX, bench_done, b),
			 CONTROL_INVALID_USER);
	assert_int_equal(control_bind_user(&b->broker, "nobody", 7, bench_done, b),
			 CONTROL_NO_SUCH_CLIENT);
	set_disk(false);
	assert_true(OUTCOME(b, control_unbind_user, "alice") < 0);
	assert_false(policy_find_client(b->broker.policy, "alice")->has_user);
	set_disk(true);
	assert_int_equal(OUTCOME(b, control_unbind_user, "alice"), 0);
	assert_int_equal(OUTCOME(b, control_unbind_user, "alice"), CONTROL_NO_USER);
	restart(b);
	assert_false(policy_find_client(b->broker.policy, "alice")->has_user);
}

static void test_a_suspension_can_be_repeated(void **state)
{
	struct bench *b = *state;

	set_disk(false);
	assert_true(OUTCOME(b, control_suspend, SUSPENSION_CAMERA, "front", "repair") < 0);
	set_disk(true);
	assert_int_equal(OUTCOME(b, control_suspend, SUSPENSION_CAMERA, "front", "again"),
			 CONTROL_ALREADY_SUSPENDED);
	restart(b);
	assert_int_equal(b->broker.policy->n_suspensions, 1);
	assert_string_equal(b->broker.policy->suspensions[0]->reason, "repair");
}

static void test_a_suspension_that_was_never_written_can_be_taken_back(void **state)
{
	struct bench *b = *state;
	int before;

	set_disk(false);
	assert_true(OUTCOME(b, control_suspend, SUSPENSION_ALL, "", "") < 0);
	set_disk(true);
	before = b->done;
	assert_int_equal(control_resume(&b->broker, SUSPENSION_ALL, "", bench_done, b), 0);
	while (b->done == before)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(b->error, 0);
	assert_int_equal(b->broker.policy->n_suspensions, 0);
}

static uint64_t count(struct bench *b, const char *sql)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	char path[128];
	uint64_t n;

	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(db_get(db, &n, sql, ""), 0);
	return n;
}

static void test_denials_reach_the_disk_by_themselves(void **state)
{
	struct bench *b = *state;
	uint64_t token = policy_find_client(b->broker.policy, "bob")->tokens[0].id;

	set_disk(false);
	assert_true(OUTCOME(b, control_remove_client, "alice") < 0);
	assert_true(OUTCOME(b, control_remove_token, "bob", token) < 0);
	assert_true(OUTCOME(b, control_suspend, SUSPENSION_CAMERA, "front", "repair") < 0);
	bench_wait(b, 2 * CATCH_UP_DELAY_FIRST);
	assert_true(b->broker.catch_up.needed);
	set_disk(true);
	wait_for_the_disk(b);
	assert_int_equal(count(b, "SELECT count(*) FROM clients"), 1);
	assert_int_equal(count(b, "SELECT count(*) FROM tokens"), 0);
	assert_int_equal(count(b, "SELECT count(*) FROM grants"), 0);
	assert_int_equal(count(b, "SELECT count(*) FROM suspensions"), 1);
}

static void test_limits_that_are_none_are_refused(void **state)
{
	static const struct {
		struct control_grant asked;
		int error;
	} tries[] = {
		{{.client = "alice", .hours = "mon 8-18"}, CONTROL_INVALID_HOURS},
		{{.client = "alice", .max_leases = GRANT_LEASES_MAX + 1},
		 CONTROL_INVALID_MAX_LEASES},
		{{.client = "alice", .max_leases = 1ULL << 32}, CONTROL_INVALID_MAX_LEASES},
		{{.client = "alice", .not_before = 2, .not_after = 1}, CONTROL_INVALID_LIMITS},
		{{.client = "alice", .not_after = 1}, CONTROL_INVALID_LIMITS},
		{{.client = "alice", .integration = "nest"}, CONTROL_INVALID_HOLDER},
		{{.client = ""}, CONTROL_INVALID_HOLDER},
		{{.integration = "nest"}, CONTROL_NO_SUCH_INTEGRATION},
		{{.client = "mallory"}, CONTROL_NO_SUCH_CLIENT},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct control_grant asked = tries[i].asked;

		asked.camera = "front";
		asked.rights = RIGHT_LIVE;
		assert_int_equal(OUTCOME(b, control_add_grant, &asked), tries[i].error);
	}
	assert_int_equal(b->broker.policy->n_grants, 1);
}

static void test_limits_survive_a_restart(void **state)
{
	struct bench *b = *state;
	const struct grant *grant;

	BENCH_CONTROL(b, control_revoke, "alice", "front");
	assert_int_equal(OUTCOME(b, control_add_client, "hub", "nest", 0), 0);
	bench_grant(b, &(struct control_grant){
			       .integration = "nest",
			       .not_before = 5,
			       .not_after = INT64_MAX,
			       .hours = "mon-fri 08:00-18:00, sat 22:00-02:00",
			       .max_leases = 3,
			       .only_sub = true,
			       .ask_first = true,
		       });
	restart(b);
	grant = b->broker.policy->grants[0];
	assert_string_equal(grant->client, "");
	assert_string_equal(grant->integration, "nest");
	assert_int_equal(grant->not_before, 5);
	assert_int_equal(grant->not_after, INT64_MAX);
	assert_string_equal(grant->hours, "mon-fri 08:00-18:00, sat 22:00-02:00");
	assert_int_equal(grant->max_leases, 3);
	assert_true(grant->only_sub && grant->ask_first);
}

static void test_what_is_permitted_meanwhile_stays(void **state)
{
	struct bench *b = *state;
	uint64_t old = b->broker.policy->grants[0]->id;
	struct control_grant grant = {.client = "alice", .camera = "front", .rights = RIGHT_LIVE};

	set_disk(false);
	assert_true(OUTCOME(b, control_revoke, "alice", "front") < 0);
	assert_true(OUTCOME(b, control_suspend, SUSPENSION_ALL, "", "") < 0);
	set_disk(true);
	assert_int_equal(OUTCOME(b, control_add_grant, &grant), 0);
	b->done = 0;
	assert_int_equal(control_resume(&b->broker, SUSPENSION_ALL, "", bench_done, b), 0);
	wait_for_the_disk(b);
	restart(b);
	assert_int_equal(b->broker.policy->n_suspensions, 0);
	assert_int_equal(b->broker.policy->n_grants, 1);
	assert_int_not_equal(b->broker.policy->grants[0]->id, old);
}

static void test_the_end_is_a_last_try(void **state)
{
	struct bench *b = *state;

	set_disk(false);
	assert_true(OUTCOME(b, control_revoke, "alice", "front") < 0);
	set_disk(true);
	restart(b);
	assert_int_equal(b->broker.policy->n_grants, 0);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_a_revocation_can_be_repeated),
		BENCH(test_removing_a_client_can_be_repeated),
		BENCH(test_removing_a_token_can_be_repeated),
		BENCH(test_a_user_is_bound_and_unbound),
		BENCH(test_a_suspension_can_be_repeated),
		BENCH(test_a_suspension_that_was_never_written_can_be_taken_back),
		BENCH(test_denials_reach_the_disk_by_themselves),
		BENCH(test_limits_that_are_none_are_refused),
		BENCH(test_limits_survive_a_restart),
		BENCH(test_what_is_permitted_meanwhile_stays),
		BENCH(test_the_end_is_a_last_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
