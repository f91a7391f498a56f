// SPDX-License-Identifier: LGPL-2.1-or-later
/* Grants that stand in policy.d: which there are, when they hold, and what an error in a file does
 * to them. */
#include "broker/declared-file.h"
#include "lease-bench.h"

#define N_OF(b) ((b)->broker.policy->n_grants)

static void write_file(struct bench *b, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/policy.d", b->directory);
	assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/policy.d/%s", b->directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const struct grant *find_declared(struct bench *b)
{
	for (size_t i = 0; i < N_OF(b); i++)
		if (grant_is_declared(b->broker.policy->grants[i]))
			return b->broker.policy->grants[i];
	return NULL;
}

static void test_every_limit_is_read(void **state)
{
	struct bench *b = *state;
	const struct grant *grant;

	write_file(b, "10-hub.conf",
		   "; a comment\n[grant day]\nclient=bob\ncamera=front\nrights=live, still\n"
		   "from=2026-01-01T00:00:00Z\nuntil=2100-01-02T03:04:05Z\n"
		   "hours=mon-fri 08:00-18:00\nmax-leases=3\nonly-sub=yes\nask-first=yes\n");
	declared_load(&b->broker);
	grant = find_declared(b);
	assert_non_null(grant);
	assert_string_equal(grant->client, "bob");
	assert_string_equal(grant->source, "10-hub.conf");
	assert_memory_equal(grant->camera, b->front.camera->uuid, UUID_SIZE);
	assert_int_equal(grant->rights, RIGHT_LIVE | RIGHT_STILL);
	assert_int_equal(grant->not_before, 1767225600 * USEC_PER_SEC);
	assert_int_equal(grant->not_after, 4102542245 * USEC_PER_SEC);
	assert_string_equal(grant->hours, "mon-fri 08:00-18:00");
	assert_int_equal(grant->max_leases, 3);
	assert_true(grant->only_sub && grant->ask_first && !grant->pending);
	assert_true(grant->id >= DECLARED_ID_FIRST);
}

#define HEAD "[grant a]\nclient=bob\ncamera=front\nrights=live\n"

static void test_an_error_names_file_and_line(void **state)
{
	static const struct {
		const char *text, *error;
	} files[] = {
		{HEAD "hours=mon\n", ":5: hours=mon: it takes"},
		{HEAD "until=tomorrow\n", ":5: until=tomorrow: it takes a time like"},
		{HEAD "max-leases=0\n", ":5: max-leases=0: it takes 1 to 10000"},
		{HEAD "only-sub=maybe\n", ":5: only-sub=maybe: it takes yes or no"},
		{HEAD "rights=raw\n", ":5: 'rights' is given twice"},
		{HEAD "right=raw\n", ":5: a grant has no 'right'"},
		{HEAD "nonsense\n", ":5: this is no line of the form KEY=VALUE"},
		{HEAD "integration=nest\n", ":2: [grant a], which begins at line 2, takes either"},
		{"[grant a]\nclient=bob\nrights=live\n[grant b]\nclient=bob\n",
		 ":5: [grant a], which begins at line 2, names no camera"},
		{"[grant a]\ncamera=front\nclient=bob\n", "gives no rights"},
		{HEAD "from=2027-01-01T00:00:00Z\nuntil=2026-01-01T00:00:00Z\n",
		 "ends before it begins"},
		{HEAD "[grant b]\nclient=bob\ncamera=back\nrights=live\n[grant a]\nclient=bob\n",
		 ":10: [grant a] is there already"},
		{"[grants]\nclient=bob\n", ":2: there is no section [grants], only [grant NAME]"},
		{"[grant A]\nclient=bob\n", ":2: there is no section [grant A]"},
		{"client=bob\n", ":1: 'client' stands in no section"},
		{"[grant a]\nrights=\n", ":2: rights=: it takes"},
		{"[grant a]\nrights=live,everything\n", ":2: rights=live,everything: it takes"},
	};
	struct bench *b = *state;
	char path[128], error[SETTINGS_ERROR_SIZE];

	snprintf(path, sizeof(path), "%s/policy.d/x.conf", b->directory);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct declared declared = {};

		write_file(b, "x.conf", files[i].text);
		assert_int_equal(declared_file_read(path, &declared, error), -EINVAL);
		assert_int_equal(declared.n, 0);
		assert_non_null(strstr(error, "/policy.d/x.conf:"));
		if (!strstr(error, files[i].error))
			fail_msg("%s", error);
		declared_free(&declared);
	}
}

static void test_a_broken_file_grants_nothing_and_hinders_no_other(void **state)
{
	struct bench *b = *state;
	size_t before = N_OF(b);

	write_file(b, "10.conf", HEAD);
	write_file(b, "20.conf", HEAD "[grant b]\nclient=bob\ncamera=back\nrights=live\nuntil=x\n");
	write_file(b, "notes.txt", "not a file of grants");
	declared_load(&b->broker);
	assert_int_equal(N_OF(b), before + 1);
	assert_string_equal(find_declared(b)->source, "10.conf");
}

static void test_reloading_ends_what_stands_there_no_more(void **state)
{
	struct bench *b = *state;
	struct fake_session alice, bob = fake_session_open(b);
	uint64_t id;

	write_file(b, "10.conf", HEAD);
	declared_load(&b->broker);
	id = find_declared(b)->id;
	alice = bench_watching(b);
	fake_session_ask(&bob, "bob", b->bob, "front");
	assert_int_equal(bench_receive(b, bob.link, NULL, 0), SESSION_GRANTED);
	/* What says the same goes on, also as the same grant. */
	write_file(b, "20.conf", "[grant c]\nclient=bob\ncamera=back\nrights=live\n");
	declared_load(&b->broker);
	assert_int_equal(viewer_state(&bob), -EAGAIN);
	assert_non_null(policy_find_grant(b->broker.policy, id));
	write_file(b, "10.conf", HEAD "until=2020-01-01T00:00:00Z\n");
	declared_load(&b->broker);
	assert_int_equal(viewer_state(&bob), -ECONNRESET);
	assert_ledger(b, LEDGER_CLOSED, "reason", "grant expired");
	assert_int_equal(viewer_state(&alice), -EAGAIN);
	fake_session_close(&alice);
	fake_session_close(&bob);
}

static void test_clients_and_cameras_may_come_later(void **state)
{
	struct bench *b = *state;
	char token[TOKEN_TEXT_SIZE];
	struct camera *camera;

	write_file(b, "10.conf",
		   "[grant a]\nclient=carol\ncamera=garden\nrights=live\n"
		   "[grant b]\nintegration=nest\ncamera=garden\nrights=live\n");
	declared_load(&b->broker);
	assert_null(find_declared(b));
	assert_int_equal(camera_register(&b->broker, "garden", &camera), 0);
	assert_string_equal(find_declared(b)->integration, "nest");
	bench_add_client(b, "carol", token);
	assert_int_equal(N_OF(b), 3);
	BENCH_CONTROL(b, control_remove_client, "carol");
	assert_int_equal(N_OF(b), 2);
	bench_add_client(b, "carol", token);
	assert_int_equal(N_OF(b), 3);
}

static void test_it_cannot_be_revoked_but_suspended(void **state)
{
	struct bench *b = *state;
	struct control_result result = {};
	struct fake_session bob = fake_session_open(b);

	write_file(b, "10.conf", HEAD);
	declared_load(&b->broker);
	bench_grant(b, &(struct control_grant){.client = "bob"});
	fake_session_ask(&bob, "bob", b->bob, "front");
	fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive(b, bob.link, NULL, 0), SESSION_GRANTED);
	assert_int_equal(
		control_remove_grant(&b->broker, find_declared(b)->id, &result, bench_done, b),
		CONTROL_GRANT_DECLARED);
	/* What can be revoked is; that this is not all is said. */
	b->done = 0;
	assert_int_equal(control_revoke(&b->broker, "bob", "front", &result, bench_done, b), 0);
	bench_settle(b);
	assert_int_equal(b->error, CONTROL_GRANT_DECLARED);
	assert_int_equal(result.grants_removed, 1);
	assert_int_equal(viewer_state(&bob), -EAGAIN);
	BENCH_CONTROL(b, control_suspend, SUSPENSION_CLIENT, "bob", "x");
	assert_int_equal(viewer_state(&bob), -ECONNRESET);
	fake_session_close(&bob);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_every_limit_is_read),
		BENCH(test_an_error_names_file_and_line),
		BENCH(test_a_broken_file_grants_nothing_and_hinders_no_other),
		BENCH(test_reloading_ends_what_stands_there_no_more),
		BENCH(test_clients_and_cameras_may_come_later),
		BENCH(test_it_cannot_be_revoked_but_suspended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
