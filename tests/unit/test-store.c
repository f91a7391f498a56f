// SPDX-License-Identifier: LGPL-2.1-or-later
/* The store: what is durable, what a failure leaves, and that jobs and their ends match. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "broker-state.h"
#include "broker/db.h"

static int make(void **s)
{
	static struct state state;

	state_make(&state);
	state_open(&state);
	*s = &state;
	return 0;
}

static int drop(void **s)
{
	state_remove(*s);
	return 0;
}

static void run_sql(const struct state *state, const char *sql)
{
	char path[128];
	sqlite3 *db;

	state_path(state, STORE_FILE, path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void fill(struct state *state)
{
	struct client client = make_client("alice", "nest");
	struct camera_record camera = make_camera("front", 1);
	struct grant grant = make_grant(1, "alice", 1), wide = make_grant(2, "", 1);
	struct suspension suspension = make_suspension(SUSPENSION_CAMERA, "garden");
	struct token token = {.id = 9, .hash = {9}, .created = 5, .expires = 6};

	client.n_tokens = 1;
	client.tokens[0] = (struct token){.id = 3, .hash = {1, 2, 3}, .created = 7};
	strcpy(camera.hardware, "pci-0000:00:14.0-usb-0:3:1.0 0");
	grant.not_before = 10;
	grant.not_after = 20;
	strcpy(wide.integration, "nest");
	wide.only_sub = wide.ask_first = true;
	wide.max_leases = 4;
	strcpy(wide.hours, "mon-fri 08:00-18:00");
	assert_int_equal(STATE_RUN(state, store_add_client, &client), 0);
	assert_int_equal(STATE_RUN(state, store_add_token, "alice", &token, (uint64_t)0), 0);
	assert_int_equal(STATE_RUN(state, store_add_camera, &camera), 0);
	assert_int_equal(STATE_RUN(state, store_add_grant, &grant), 0);
	assert_int_equal(STATE_RUN(state, store_add_grant, &wide), 0);
	assert_int_equal(STATE_RUN(state, store_suspend, &suspension), 0);
}

static void test_everything_comes_back(void **s)
{
	struct state *state = *s;
	const struct client *client;
	const struct grant *wide;

	fill(state);
	state_reopen(state);
	client = policy_find_client(state->policy, "alice");
	assert_non_null(client);
	assert_string_equal(client->integration, "nest");
	assert_int_equal(client->created, 1000);
	assert_int_equal(client->n_tokens, 2);
	assert_int_equal(client->tokens[0].id, 3);
	assert_int_equal(client->tokens[0].hash[2], 3);
	assert_int_equal(client->tokens[1].expires, 6);
	assert_string_equal(policy_find_camera(state->policy, "front")->hardware,
			    "pci-0000:00:14.0-usb-0:3:1.0 0");
	assert_int_equal(policy_find_grant(state->policy, 1)->not_before, 10);
	assert_int_equal(policy_find_grant(state->policy, 1)->not_after, 20);
	wide = policy_find_grant(state->policy, 2);
	assert_string_equal(wide->integration, "nest");
	assert_string_equal(wide->client, "");
	assert_true(wide->only_sub && wide->ask_first && wide->max_leases == 4);
	assert_string_equal(wide->hours, "mon-fri 08:00-18:00");
	assert_string_equal(
		policy_find_suspension(state->policy, SUSPENSION_CAMERA, "garden")->reason,
		"a test");
}

static void test_a_user_comes_back(void **s)
{
	struct state *state = *s;
	struct client *alice;

	fill(state);
	assert_int_equal(STATE_RUN(state, store_set_user, "alice", 4294967294U), 0);
	assert_int_equal(STATE_RUN(state, store_set_user, "nobody", 1), -ENOENT);
	state_reopen(state);
	alice = policy_find_client(state->policy, "alice");
	assert_true(client_is_user(alice, 4294967294U));
	/* Not written yet by whoever took it away: memory is what counts. */
	assert_int_equal(policy_remove_user(state->policy, "alice"), 0);
	assert_int_equal(STATE_RUN(state, store_keep_only, state->policy), 0);
	state_reopen(state);
	assert_false(policy_find_client(state->policy, "alice")->has_user);
	assert_int_equal(STATE_RUN(state, store_set_user, "alice", 5), 0);
	assert_int_equal(STATE_RUN(state, store_remove_user, "alice"), 0);
	assert_int_equal(STATE_RUN(state, store_remove_user, "alice"), -ENOENT);
	state_reopen(state);
	assert_false(policy_find_client(state->policy, "alice")->has_user);
}

static void test_removals_stay(void **s)
{
	struct state *state = *s;
	const uint8_t front[UUID_SIZE] = {1, 0xca};

	fill(state);
	assert_int_equal(STATE_RUN(state, store_remove_token, 9), 0);
	assert_int_equal(STATE_RUN(state, store_remove_token, 9), -ENOENT);
	assert_int_equal(STATE_RUN(state, store_remove_grants, "alice", front), 0);
	assert_int_equal(STATE_RUN(state, store_remove_grants, "alice", front), 0);
	assert_int_equal(STATE_RUN(state, store_resume, SUSPENSION_CAMERA, "garden"), 0);
	assert_int_equal(STATE_RUN(state, store_resume, SUSPENSION_CAMERA, "garden"), -ENOENT);
	state_reopen(state);
	assert_int_equal(policy_find_client(state->policy, "alice")->n_tokens, 1);
	assert_null(policy_find_grant(state->policy, 1));
	assert_non_null(policy_find_grant(state->policy, 2));
	assert_int_equal(state->policy->n_suspensions, 0);
	assert_int_equal(STATE_RUN(state, store_remove_grant, 2), 0);
	assert_int_equal(STATE_RUN(state, store_remove_client, "alice"), 0);
	assert_int_equal(STATE_RUN(state, store_remove_client, "alice"), -ENOENT);
	state_reopen(state);
	assert_int_equal(state->policy->n_clients, 0);
	assert_int_equal(state->policy->n_grants, 0);
}

static void test_ids_are_not_used_again(void **s)
{
	struct state *state = *s;
	uint64_t run = store_run(state->store), first, last = 0;

	assert_int_equal(run, 1);
	fill(state);
	assert_int_equal(STATE_RUN(state, store_remove_grant, 2), 0);
	assert_int_equal(STATE_RUN(state, store_remove_client, "alice"), 0);
	assert_int_equal(store_next_lease_id(state->store), 1);
	assert_int_equal(store_next_lease_id(state->store), 2);
	state_reopen(state);
	assert_int_equal(store_run(state->store), 2);
	assert_int_equal(policy_next_grant_id(state->policy), 3);
	assert_int_equal(policy_next_token_id(state->policy), 10);
	assert_int_equal(first = store_next_lease_id(state->store), 3);
	/* More than are reserved at a time: either a new one or none yet, never one twice. */
	for (int i = 0; i < 5000; i++) {
		uint64_t id = store_next_lease_id(state->store);

		assert_true(id == 0 || id > last);
		last = id ? id : last;
		store_dispatch(state->store);
		if (id == 0)
			usleep(1000);
	}
	assert_true(last > first + 2000);
}

/* A crash, not a close: the process that had it open is gone at once. */
static void test_crash_keeps_ids_and_commits(void **s)
{
	struct state *state = *s;
	int status;
	pid_t child;

	state_close(state);
	child = fork();
	if (child == 0) {
		struct client bob = make_client("bob", "");

		state_open(state);
		if (STATE_RUN(state, store_add_client, &bob) < 0 ||
		    store_next_lease_id(state->store) != 1)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	state_open(state);
	assert_int_equal(store_run(state->store), 3);
	assert_non_null(policy_find_client(state->policy, "bob"));
	assert_true(store_next_lease_id(state->store) > 1);
}

static void test_a_bad_job_harms_no_neighbour(void **s)
{
	struct state *state = *s;
	struct client names[] = {make_client("a", ""), make_client("b", ""), make_client("a", ""),
				 make_client("c", "")};
	struct token twice = {.id = 1, .hash = {7}}, lost = {.id = 2, .hash = {8}};
	int outcomes[7];

	names[3].n_tokens = 2; /* the client goes with its second token */
	names[3].tokens[0] = lost;
	names[3].tokens[1] = twice;
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		outcomes[i] = OUTCOME_NONE;
	store_add_client(state->store, &names[0], outcome_set, &outcomes[0]);
	store_add_token(state->store, "a", &twice, 0, outcome_set, &outcomes[1]);
	store_add_client(state->store, &names[2], outcome_set, &outcomes[2]);
	store_add_token(state->store, "nobody", &lost, 0, outcome_set, &outcomes[3]);
	store_add_client(state->store, &names[3], outcome_set, &outcomes[4]);
	store_add_token(state->store, "a", &lost, 0, outcome_set, &outcomes[5]);
	store_add_client(state->store, &names[1], outcome_set, &outcomes[6]);
	state_wait(state, &outcomes[6]);
	assert_int_equal(outcomes[0], 0);
	assert_int_equal(outcomes[1], 0);
	assert_int_equal(outcomes[2], -EEXIST);
	assert_int_equal(outcomes[3], -ENOENT);
	assert_int_equal(outcomes[4], -EEXIST);
	assert_int_equal(outcomes[5], 0);
	assert_int_equal(outcomes[6], 0);
	state_reopen(state);
	assert_null(policy_find_client(state->policy, "c"));
	assert_int_equal(policy_find_client(state->policy, "a")->n_tokens, 2);
	assert_non_null(policy_find_client(state->policy, "b"));
}

static void limit_files(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size == RLIM_INFINITY ? limit.rlim_max : size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Files that cannot grow stand for a full disk: the kernel refuses the same writes. */
static void test_a_failing_disk_is_reported_and_survived(void **s)
{
	struct state *state = *s;
	struct client client = make_client("a", "");
	int outcomes[50], r = 0;

	limit_files(16384);
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		snprintf(client.name, sizeof(client.name), "client%zu", i);
		outcomes[i] = OUTCOME_NONE;
		assert_int_equal(store_add_client(state->store, &client, outcome_set, &outcomes[i]),
				 0);
	}
	state_wait(state, &outcomes[ARRAY_SIZE(outcomes) - 1]);
	limit_files(RLIM_INFINITY);
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		assert_true(outcomes[i] == -EIO || outcomes[i] == -ENOSPC);
		r = outcomes[i];
	}
	assert_int_not_equal(r, 0);
	assert_int_equal(STATE_RUN(state, store_add_client, &client), 0);
	state_reopen(state);
	assert_int_equal(state->policy->n_clients, 1);
}

static void test_close_writes_what_is_queued(void **s)
{
	struct state *state = *s;
	int outcomes[500];

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		struct client client = make_client("", "");

		snprintf(client.name, sizeof(client.name), "client%zu", i);
		outcomes[i] = OUTCOME_NONE;
		assert_int_equal(store_add_client(state->store, &client, outcome_set, &outcomes[i]),
				 0);
	}
	state_reopen(state);
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		assert_int_equal(outcomes[i], 0);
	assert_int_equal(state->policy->n_clients, ARRAY_SIZE(outcomes));
}

static void test_one_broker_a_directory(void **s)
{
	struct state *state = *s, other = *state;

	assert_int_equal(state_try_open(&other), -EBUSY);
	policy_free(other.policy);
}

static void test_a_foreign_database_is_refused(void **s)
{
	struct state *state = *s;

	state_close(state);
	run_sql(state, "PRAGMA application_id = 1");
	assert_int_equal(state_try_open(state), -EUCLEAN);
}

/* In a place that nothing reads at start. */
static void test_a_damaged_database_is_refused(void **s)
{
	struct state *state = *s;
	uint8_t noise[256];
	uint64_t page;
	char path[128];
	sqlite3 *db;
	int fd;

	fill(state);
	state_close(state);
	state_path(state, STORE_FILE, path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(db_get(db, &page,
				"SELECT rootpage FROM sqlite_schema WHERE name = 'pins_client'",
				""),
			 0);
	sqlite3_close(db);
	memset(noise, 0xa5, sizeof(noise));
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, noise, sizeof(noise), (off_t)(page - 1) * 4096), sizeof(noise));
	close(fd);
	assert_int_equal(state_try_open(state), -EUCLEAN);
}

static void test_an_unsound_row_is_refused(void **s)
{
	struct state *state = *s;

	state_close(state);
	run_sql(state, "INSERT INTO clients VALUES ('Not A Name', NULL, 1)");
	assert_int_equal(state_try_open(state), -EUCLEAN);
}

static void test_only_the_owner_can_read(void **s)
{
	struct state *state = *s;
	static const char *const names[] = {STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];

		state_path(state, names[i], path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	assert_int_equal(chmod(state->dir, 0770), 0);
	state_close(state);
	assert_int_equal(state_try_open(state), -EPERM);
}

static void test_bad_input_is_refused_at_once(void **s)
{
	struct state *state = *s;
	struct grant grant = make_grant(0, "alice", 1);
	struct suspension suspension = make_suspension(SUSPENSION_ALL, "x");
	struct client client = make_client("alice", "");

	assert_int_equal(STATE_RUN(state, store_add_grant, &grant), -EINVAL);
	assert_int_equal(STATE_RUN(state, store_suspend, &suspension), -EINVAL);
	assert_int_equal(STATE_RUN(state, store_remove_client, ""), -EINVAL);
	client.created = UINT64_MAX;
	assert_int_equal(STATE_RUN(state, store_add_client, &client), -EINVAL);
}

#define STORE(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE(test_everything_comes_back),
		STORE(test_a_user_comes_back),
		STORE(test_removals_stay),
		STORE(test_ids_are_not_used_again),
		STORE(test_crash_keeps_ids_and_commits),
		STORE(test_a_bad_job_harms_no_neighbour),
		STORE(test_a_failing_disk_is_reported_and_survived),
		STORE(test_close_writes_what_is_queued),
		STORE(test_one_broker_a_directory),
		STORE(test_a_foreign_database_is_refused),
		STORE(test_a_damaged_database_is_refused),
		STORE(test_an_unsound_row_is_refused),
		STORE(test_only_the_owner_can_read),
		STORE(test_bad_input_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
