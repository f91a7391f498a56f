// SPDX-License-Identifier: LGPL-2.1-or-later
/* Integrations, and clients that get another name or another integration: nothing of it ever lets
 * anybody see more than before, on disk as in memory. */
#include "bench-outcome.h"
#include "broker/db.h"
#include "broker/pin.h"

static int outcome_of_rename(struct bench *b, const char *from, const char *to)
{
	return WITHOUT_RESULT(b, control_rename_integration, from, to);
}

static void add_nest(struct bench *b)
{
	assert_int_equal(WITHOUT_RESULT(b, control_add_integration, "nest"), 0);
}

static void test_integrations_are_made_and_removed(void **state)
{
	struct bench *b = *state;

	add_nest(b);
	assert_int_equal(WITHOUT_RESULT(b, control_add_integration, "nest"),
			 CONTROL_INTEGRATION_EXISTS);
	assert_int_equal(WITHOUT_RESULT(b, control_add_integration, "No"), CONTROL_INVALID_NAME);
	assert_int_equal(OUTCOME(b, control_move_client, "bob", "nest"), 0);
	assert_int_equal(OUTCOME(b, control_remove_integration, "nest"), CONTROL_HAS_CLIENTS);
	restart(b);
	assert_string_equal(policy_find_client(b->broker.policy, "bob")->integration, "nest");
	bench_grant(b, &(struct control_grant){.integration = "nest"});
	assert_int_equal(OUTCOME(b, control_move_client, "bob", ""), 0);
	assert_int_equal(OUTCOME(b, control_remove_integration, "nest"), 0);
	assert_int_equal(OUTCOME(b, control_remove_integration, "nest"),
			 CONTROL_NO_SUCH_INTEGRATION);
	restart(b);
	assert_null(policy_find_integration(b->broker.policy, "nest"));
	assert_int_equal(b->broker.policy->n_grants, 1); /* alice's own */
}

static void test_a_client_makes_the_integration_it_is_of(void **state)
{
	struct bench *b = *state;

	assert_int_equal(OUTCOME(b, control_add_client, "hub", "new", 0), 0);
	assert_false(policy_find_integration(b->broker.policy, "new")->pending);
	set_disk(false);
	assert_true(OUTCOME(b, control_add_client, "hub2", "other", 0) < 0);
	set_disk(true);
	assert_null(policy_find_integration(b->broker.policy, "other"));
}

static void test_an_integration_removed_while_the_disk_fails_is_gone_later(void **state)
{
	struct bench *b = *state;

	add_nest(b);
	bench_grant(b, &(struct control_grant){.integration = "nest"});
	set_disk(false);
	assert_true(OUTCOME(b, control_remove_integration, "nest") < 0);
	set_disk(true);
	restart(b);
	assert_null(policy_find_integration(b->broker.policy, "nest"));
	assert_int_equal(b->broker.policy->n_grants, 1);
}

static void test_a_renamed_client_is_the_same_but_for_its_name(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b), old, new;

	assert_int_equal(OUTCOME(b, control_rename_client, "alice", "bob"), CONTROL_ALREADY_EXISTS);
	assert_int_equal(OUTCOME(b, control_rename_client, "alice", "kim"), 0);
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	old = fake_session_open(b);
	fake_session_ask(&old, "alice", b->alice, "front");
	assert_int_equal(fake_session_refused(b, &old), SESSION_DENIED_CREDENTIAL);
	new = fake_session_open(b);
	fake_session_ask(&new, "kim", b->alice, "back");
	assert_int_equal(fake_session_refused(b, &new), SESSION_DENIED_NOT_FOUND);
	restart(b);
	assert_null(policy_find_client(b->broker.policy, "alice"));
	assert_int_equal(policy_find_client(b->broker.policy, "kim")->n_tokens, 1);
	assert_string_equal(b->broker.policy->grants[0]->client, "kim");
	fake_session_close(&s);
	fake_session_close(&old);
	fake_session_close(&new);
}

/* Being suspended is not lost by another name, neither the old nor the new one's. */
static void test_a_suspension_goes_with_a_name(void **state)
{
	struct bench *b = *state;

	assert_int_equal(OUTCOME(b, control_suspend, SUSPENSION_CLIENT, "alice", ""), 0);
	assert_int_equal(OUTCOME(b, control_rename_client, "alice", "kim"), 0);
	assert_non_null(policy_find_suspension(b->broker.policy, SUSPENSION_CLIENT, "kim"));
	restart(b);
	assert_non_null(policy_find_suspension(b->broker.policy, SUSPENSION_CLIENT, "kim"));
	assert_int_equal(OUTCOME(b, control_remove_client, "kim"), 0);
	assert_int_equal(OUTCOME(b, control_rename_client, "bob", "kim"),
			 CONTROL_ALREADY_SUSPENDED);
	add_nest(b);
	assert_int_equal(OUTCOME(b, control_suspend, SUSPENSION_INTEGRATION, "nest", ""), 0);
	assert_int_equal(outcome_of_rename(b, "nest", "hubs"), 0);
	restart(b);
	assert_non_null(policy_find_suspension(b->broker.policy, SUSPENSION_INTEGRATION, "hubs"));
	assert_int_equal(OUTCOME(b, control_suspend, SUSPENSION_INTEGRATION, "late", ""), 0);
	assert_int_equal(outcome_of_rename(b, "hubs", "late"), CONTROL_ALREADY_SUSPENDED);
}

/* What a file grants it grants to a name: it neither goes along nor is it taken over. */
static void test_declared_grants_stay_with_the_name(void **state)
{
	struct bench *b = *state;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/policy.d", b->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/policy.d/x.conf", b->directory);
	file = fopen(path, "w");
	fputs("[grant one]\nclient = alice\ncamera = back\nrights = live\n", file);
	fputs("[grant two]\nclient = jo\ncamera = back\nrights = live\n", file);
	assert_int_equal(fclose(file), 0);
	bench_declare(b);
	assert_int_equal(b->broker.policy->n_grants, 2);
	assert_int_equal(OUTCOME(b, control_rename_client, "alice", "jo"), CONTROL_NAME_DECLARED);
	assert_int_equal(OUTCOME(b, control_rename_client, "alice", "kim"), 0);
	assert_int_equal(b->broker.policy->n_grants, 1);
	assert_int_equal(OUTCOME(b, control_rename_client, "kim", "alice"), CONTROL_NAME_DECLARED);
}

static void test_a_rotation_survives_a_restart(void **state)
{
	struct bench *b = *state;
	uint64_t end = clock_realtime() + 3600 * USEC_PER_SEC;
	const struct client *alice;

	assert_int_equal(OUTCOME(b, control_rotate_token, "alice", 0, 1), CONTROL_INVALID_LIMITS);
	assert_int_equal(OUTCOME(b, control_rotate_token, "alice", 0, end), 0);
	restart(b);
	alice = policy_find_client(b->broker.policy, "alice");
	assert_int_equal(alice->n_tokens, 2);
	assert_int_equal(alice->tokens[0].expires, end);
	assert_int_equal(alice->tokens[1].expires, 0);
	assert_int_equal(policy_find_client(b->broker.policy, "bob")->tokens[0].expires, 0);
}

static void test_nobody_leaves_a_suspended_integration(void **state)
{
	struct bench *b = *state;

	add_nest(b);
	assert_int_equal(OUTCOME(b, control_move_client, "alice", "nest"), 0);
	assert_int_equal(OUTCOME(b, control_suspend, SUSPENSION_INTEGRATION, "nest", ""), 0);
	assert_int_equal(OUTCOME(b, control_move_client, "alice", ""), CONTROL_IS_SUSPENDED);
}

static void run_sql(struct bench *b, const char *sql)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(db_exec(db, sql), 0);
}

/* A rename that the disk did not take has never been, whatever is tidied up meanwhile. */
static void test_a_rename_that_fails_has_not_been(void **state)
{
	struct bench *b = *state;

	struct control_result result = {};
	int before = b->done;

	run_sql(b, "INSERT INTO clients VALUES ('kim', NULL, 0)");
	assert_int_equal(control_rename_client(&b->broker, "alice", "kim", &result, bench_done, b),
			 0);
	assert_int_equal(OUTCOME(b, control_rename_client, "kim", "jo"), CONTROL_NO_SUCH_CLIENT);
	assert_int_equal(OUTCOME(b, control_add_client, "alice", "", 0), CONTROL_ALREADY_EXISTS);
	assert_int_equal(store_keep_only(b->broker.store, b->broker.policy, NULL, NULL), 0);
	while (b->done == before)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(b->error, CONTROL_ALREADY_EXISTS);
	assert_non_null(policy_find_client(b->broker.policy, "alice"));
	assert_string_equal(b->broker.policy->grants[0]->client, "alice");
	restart(b);
	assert_non_null(policy_find_client(b->broker.policy, "alice"));
	assert_int_equal(b->broker.policy->n_grants, 1);
	set_disk(false);
	assert_true(OUTCOME(b, control_rename_client, "alice", "jo") < 0);
	set_disk(true);
	restart(b);
	assert_non_null(policy_find_client(b->broker.policy, "alice"));
}

/* Only what the old integration gave ends, and before anything waits for the disk. */
static void test_a_move_ends_what_only_the_old_one_gave(void **state)
{
	struct bench *b = *state;
	struct fake_session s;
	struct control_result result = {};

	add_nest(b);
	assert_int_equal(WITHOUT_RESULT(b, control_add_integration, "hubs"), 0);
	assert_int_equal(OUTCOME(b, control_move_client, "alice", "nest"), 0);
	bench_grant(b, &(struct control_grant){.integration = "nest"});
	bench_grant(b, &(struct control_grant){.integration = "hubs"});
	assert_int_equal(OUTCOME(b, control_revoke, "alice", "front"), 0);
	s = bench_watching(b);
	assert_int_equal(OUTCOME(b, control_move_client, "alice", "hubs"), 0);
	assert_int_equal(viewer_state(&s), -EAGAIN); /* both gave it */
	assert_int_equal(outcome_of_rename(b, "hubs", "homes"), 0);
	assert_int_equal(viewer_state(&s), -EAGAIN);
	assert_int_equal(control_move_client(&b->broker, "alice", "", &result, bench_done, b), 0);
	assert_int_equal(result.leases_ended, 1);
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	bench_settle(b);
	fake_session_close(&s);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

struct of_first_pin {
	struct bench *bench;
	int error;
	bool other_pending;
};

static void note_first_pin(void *userdata, int error)
{
	struct of_first_pin *first = userdata;
	const struct client *bob = policy_find_client(first->bench->broker.policy, "bob");

	first->error = error;
	first->other_pending = bob->n_pins == 1 && bob->pins[0].pending;
}

static void test_a_pin_is_not_taken_for_another_clients(void **state)
{
	struct bench *b = *state;
	struct of_first_pin first = {.bench = b, .error = 1};
	struct control_result removed = {};
	uint8_t spki[TOKEN_HASH_SIZE] = {7};
	char pin[PIN_TEXT_SIZE];

	pin_format(spki, pin);
	assert_int_equal(control_pin(&b->broker, "alice", pin, 0, note_first_pin, &first), 0);
	assert_int_equal(control_remove_client(&b->broker, "alice", &removed, bench_done, b), 0);
	assert_int_equal(control_pin(&b->broker, "bob", pin, 0, bench_done, b), 0);
	b->done = 0;
	while (b->done < 2)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(first.error, CONTROL_NO_SUCH_CLIENT);
	assert_true(first.other_pending);
	assert_int_equal(b->error, 0);
	restart(b);
	assert_int_equal(policy_find_client(b->broker.policy, "bob")->n_pins, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_integrations_are_made_and_removed),
		BENCH(test_a_client_makes_the_integration_it_is_of),
		BENCH(test_an_integration_removed_while_the_disk_fails_is_gone_later),
		BENCH(test_a_renamed_client_is_the_same_but_for_its_name),
		BENCH(test_a_suspension_goes_with_a_name),
		BENCH(test_declared_grants_stay_with_the_name),
		BENCH(test_a_rotation_survives_a_restart),
		BENCH(test_nobody_leaves_a_suspended_integration),
		BENCH(test_a_rename_that_fails_has_not_been),
		BENCH(test_a_move_ends_what_only_the_old_one_gave),
		BENCH(test_a_pin_is_not_taken_for_another_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
