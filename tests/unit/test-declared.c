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

static void remove_file(struct bench *b, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/policy.d/%s", b->directory, name);
	assert_int_equal(unlink(path), 0);
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
	bench_declare(b);
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

#define KEY64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="
#define KEY   "sha256/" KEY64
/* Of "hub-token". */
#define TOKEN "token-sha256=505a8c497606f899f72232a403399922417b7ca910dd96f341a44d1658a22a8f\n"

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
		 ":10: [grant a] is there already, in x.conf"},
		{"[grants]\nclient=bob\n",
		 ":2: there is no section [grants], only [grant NAME] and"},
		{"[grant A]\nclient=bob\n", ":2: there is no section [grant A]"},
		{"client=bob\n", ":1: 'client' stands in no section"},
		{"[client a]\n" TOKEN "camera=front\n", ":3: a client has no 'camera'"},
		{"[client a]\nintegration=nest\n[client b]\n" TOKEN,
		 ":4: [client a], which begins at line 2, has neither pin nor token-sha256"},
		{"[client a]\n" TOKEN "[client b]\n" TOKEN "[client a]\n" TOKEN,
		 ":6: [client a] is there already, in x.conf"},
		{"[client a]\ntoken-sha256=secret\n", ":2: token-sha256=secret: it takes up to 8"},
		{"[client a]\npin=sha256/AAAA\n", ":2: pin=sha256/AAAA: it takes up to 8"},
		{"[client a]\npin=" KEY "," KEY "\n", "it takes up to 8"},
		{"[client A]\n" TOKEN, ":2: there is no section [client A]"},
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
	bench_declare(b);
	assert_int_equal(N_OF(b), before + 1);
	assert_string_equal(find_declared(b)->source, "10.conf");
}

static void test_reloading_ends_what_stands_there_no_more(void **state)
{
	struct bench *b = *state;
	struct fake_session alice, bob = fake_session_open(b);
	uint64_t id;

	write_file(b, "10.conf", HEAD);
	bench_declare(b);
	id = find_declared(b)->id;
	alice = bench_watching(b);
	fake_session_ask(&bob, "bob", b->bob, "front");
	assert_int_equal(bench_receive(b, bob.link, NULL, 0), SESSION_GRANTED);
	/* What says the same goes on, also as the same grant. */
	write_file(b, "20.conf", "[grant c]\nclient=bob\ncamera=back\nrights=live\n");
	bench_declare(b);
	assert_int_equal(viewer_state(&bob), -EAGAIN);
	assert_non_null(policy_find_grant(b->broker.policy, id));
	write_file(b, "10.conf", HEAD "until=2020-01-01T00:00:00Z\n");
	bench_declare(b);
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
	bench_declare(b);
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
	bench_declare(b);
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

/* --- clients --- */

#define OTHER_HASH "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define HUB        "[client hub]\nintegration=nest\npin=" KEY "\n" TOKEN
#define HUB_SEES                                               \
	"[grant hub]\nclient=hub\ncamera=front\nrights=live\n" \
	"[grant all]\nintegration=nest\ncamera=back\nrights=live\n"

static void test_a_declared_client_watches_as_long_as_it_stands_there(void **state)
{
	struct bench *b = *state;
	struct fake_session hub = fake_session_open(b), other;
	const struct client *client;

	write_file(b, "10.conf", HUB HUB_SEES);
	bench_declare(b);
	client = policy_find_client(b->broker.policy, "hub");
	assert_non_null(client);
	assert_string_equal(client->source, "10.conf");
	assert_string_equal(client->integration, "nest");
	assert_int_equal(client->n_pins, 1);
	assert_true(declared_is_integration(&b->broker, "nest"));
	fake_session_ask(&hub, "hub", "hub-token", "front");
	fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive(b, hub.link, NULL, 0), SESSION_GRANTED);
	/* What stands there as before goes on. */
	write_file(b, "20.conf", "[client two]\nintegration=nest\ntoken-sha256=" OTHER_HASH "\n");
	bench_declare(b);
	assert_int_equal(viewer_state(&hub), -EAGAIN);
	assert_ptr_equal(policy_find_client(b->broker.policy, "hub"), client);
	remove_file(b, "10.conf");
	bench_declare(b);
	assert_int_equal(viewer_state(&hub), -ECONNRESET);
	assert_null(policy_find_client(b->broker.policy, "hub"));
	assert_true(declared_is_integration(&b->broker, "nest")); /* the other's still */
	assert_null(find_declared(b));
	other = fake_session_open(b);
	fake_session_ask(&other, "hub", "hub-token", "front");
	assert_int_equal(bench_receive(b, other.link, NULL, 0), SESSION_DENIED);
	remove_file(b, "20.conf");
	bench_declare(b);
	assert_null(policy_find_integration(b->broker.policy, "nest"));
	fake_session_close(&hub);
	fake_session_close(&other);
}

static void test_its_token_counts_for_it_alone(void **state)
{
	struct bench *b = *state;
	struct fake_session session = fake_session_open(b);

	write_file(b, "10.conf", HUB HUB_SEES);
	bench_declare(b);
	fake_session_ask(&session, "hub", "hub-tokem", "front");
	assert_int_equal(bench_receive(b, session.link, NULL, 0), SESSION_DENIED);
	fake_session_close(&session);
}

/* Neither a client's name nor an integration's, nor a key, can be the owner's and a file's. */
static void test_who_the_owner_has_made_is_not_taken_over(void **state)
{
	static const char *const files[] = {
		"[client bob]\n" TOKEN "[grant x]\nclient=bob\ncamera=front\nrights=live\n",
		"[client x]\nintegration=owners\n" TOKEN
		"[grant x]\nintegration=owners\ncamera=front\nrights=live\n",
		"[client x]\npin=" KEY "\n[grant x]\nclient=bob\ncamera=front\nrights=live\n",
	};
	struct bench *b = *state;
	size_t before = N_OF(b), clients = b->broker.policy->n_clients;

	assert_int_equal(control_add_integration(&b->broker, "owners", bench_done, b), 0);
	assert_int_equal(control_pin(&b->broker, "bob", KEY64, 0, bench_done, b), 0);
	bench_settle(b);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		write_file(b, "10.conf", files[i]);
		bench_declare(b);
		assert_int_equal(N_OF(b), before);
		assert_int_equal(b->broker.policy->n_clients, clients);
		assert_false(declared_is_client(&b->broker, "bob"));
	}
}

static void test_a_client_is_declared_once(void **state)
{
	struct bench *b = *state;

	write_file(b, "10.conf", HUB);
	write_file(b, "20.conf", "[client hub]\n" TOKEN);
	write_file(b, "30.conf", "[client other]\npin=" KEY "\n");
	bench_declare(b);
	/* The first stands, of a name and of a key. */
	assert_string_equal(policy_find_client(b->broker.policy, "hub")->source, "10.conf");
	assert_null(policy_find_client(b->broker.policy, "other"));
	remove_file(b, "10.conf");
	bench_declare(b);
	assert_string_equal(policy_find_client(b->broker.policy, "hub")->source, "20.conf");
	assert_non_null(policy_find_client(b->broker.policy, "other"));
}

#define REFUSED(call) assert_int_equal(call, CONTROL_IS_DECLARED)

static void test_it_can_be_suspended_and_nothing_else(void **state)
{
	struct bench *b = *state;
	struct broker *broker = &b->broker;
	struct fake_session hub = fake_session_open(b);
	struct control_grant grant = {.client = "hub", .camera = "front", .rights = RIGHT_LIVE};
	struct control_result r = {};
	struct tls_issued *issued = NULL;

	write_file(b, "10.conf", HUB HUB_SEES);
	bench_declare(b);
	REFUSED(control_remove_client(broker, "hub", &r, bench_done, b));
	REFUSED(control_add_client(broker, "new", "nest", 0, &r, bench_done, b));
	REFUSED(control_add_token(broker, "hub", 0, &r, bench_done, b));
	REFUSED(control_rotate_token(broker, "hub", 0, UINT64_C(1) << 60, &r, bench_done, b));
	REFUSED(control_remove_token(broker, "hub", 1, &r, bench_done, b));
	REFUSED(control_rename_client(broker, "hub", "new", &r, bench_done, b));
	REFUSED(control_move_client(broker, "hub", "", &r, bench_done, b));
	REFUSED(control_move_client(broker, "bob", "nest", &r, bench_done, b));
	REFUSED(control_bind_user(broker, "hub", 1000, bench_done, b));
	REFUSED(control_unbind_user(broker, "hub", &r, bench_done, b));
	REFUSED(control_pin(broker, "hub", KEY, 0, bench_done, b));
	REFUSED(control_issue(broker, "hub", NULL, 0, 0, issued, bench_done, b));
	REFUSED(control_unpin(broker, "hub", KEY, &r, bench_done, b));
	REFUSED(control_add_grant(broker, &grant, &r, bench_done, b));
	REFUSED(control_remove_integration(broker, "nest", &r, bench_done, b));
	REFUSED(control_rename_integration(broker, "nest", "new", bench_done, b));
	assert_int_equal(control_add_client(broker, "hub", "", 0, &r, bench_done, b),
			 CONTROL_ALREADY_EXISTS);
	fake_session_ask(&hub, "hub", "hub-token", "front");
	fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive(b, hub.link, NULL, 0), SESSION_GRANTED);
	BENCH_CONTROL(b, control_suspend, SUSPENSION_INTEGRATION, "nest", "x");
	assert_int_equal(viewer_state(&hub), -ECONNRESET);
	/* That holds whatever the files say meanwhile. */
	remove_file(b, "10.conf");
	bench_declare(b);
	write_file(b, "10.conf", HUB HUB_SEES);
	bench_declare(b);
	fake_session_close(&hub);
	hub = fake_session_open(b);
	fake_session_ask(&hub, "hub", "hub-token", "front");
	assert_int_equal(bench_receive(b, hub.link, NULL, 0), SESSION_DENIED);
	fake_session_close(&hub);
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
		BENCH(test_a_declared_client_watches_as_long_as_it_stands_there),
		BENCH(test_its_token_counts_for_it_alone),
		BENCH(test_who_the_owner_has_made_is_not_taken_over),
		BENCH(test_a_client_is_declared_once),
		BENCH(test_it_can_be_suspended_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
