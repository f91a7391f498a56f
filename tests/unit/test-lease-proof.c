// SPDX-License-Identifier: LGPL-2.1-or-later
/* What proves a lease: the epoch's certificate, the camera's statement on its way to the viewer,
 * and the tripwire. */
#include "lease-bench.h"
#include "seal/certificate.h"

static const uint8_t nonce[PROTO_NONCE_SIZE] = "a nonce", exporter[PROTO_EXPORTER_SIZE] = "a key";

/* A busy disk takes its time. */
static void await_ledger(struct bench *b, enum ledger_kind kind, const char *column,
			 const char *expected)
{
	uint64_t end = clock_monotonic() + 5 * USEC_PER_SEC;
	char text[64];

	do
		ledger_text(b, kind, column, text);
	while (strcmp(text, expected) != 0 && clock_monotonic() < end);
	assert_string_equal(text, expected);
}

static void ask_with_nonce(struct bench *b, struct fake_session *s)
{
	struct session_open m = {
		.credential = bench_credential("alice", b->alice),
		.camera = "front",
		.right = RIGHT_LIVE,
		.protocol = SESSION_PROTOCOL_RTSP,
		.has_nonce = 1,
	};

	memcpy(m.nonce, nonce, sizeof(nonce));
	memcpy(m.exporter, exporter, sizeof(exporter));
	session_send(s, SESSION_OPEN, &m);
}

/* Asks and has the camera start; what it is to state. */
static struct camera_lease await_lease(struct bench *b, struct fake_session *s)
{
	struct camera_lease lease;

	ask_with_nonce(b, s);
	fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive(b, b->front.link, &lease, sizeof(lease)), CAMERA_LEASE);
	assert_int_equal(lease.epoch, b->front.epoch);
	assert_int_equal(lease.lease, lease_of(b));
	assert_memory_equal(lease.nonce, nonce, sizeof(nonce));
	assert_memory_equal(lease.exporter, exporter, sizeof(exporter));
	return lease;
}

static void state_lease(struct fake_camera *c, uint64_t epoch, uint64_t lease, const char *text)
{
	struct camera_statement m = {.epoch = epoch, .lease = lease, .size = 4};

	memcpy(m.statement, text, 4);
	camera_send(c, CAMERA_STATEMENT, &m);
}

static void test_the_statement_goes_to_its_viewer(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct camera_lease lease = await_lease(b, &s);
	struct session_granted granted;

	bench_settle(b);
	assert_true(bench_silent(b, s.link));
	/* Of nobody, of another epoch, of somebody else's camera: nothing is taken from these. */
	state_lease(&b->front, lease.epoch, lease.lease + 1, "none");
	state_lease(&b->front, lease.epoch - 1, lease.lease, "old!");
	state_lease(&b->back, lease.epoch, lease.lease, "back");
	assert_true(bench_silent(b, s.link));
	state_lease(&b->front, lease.epoch, lease.lease, "this");
	assert_int_equal(bench_receive(b, s.link, &granted, sizeof(granted)), SESSION_GRANTED);
	assert_int_equal(granted.statement_size, 4);
	assert_memory_equal(granted.statement, "this", 4);
	assert_int_equal(granted.seal_certificate_size, b->front.certificate.size);
	assert_memory_equal(granted.seal_certificate, b->front.certificate.certificate,
			    granted.seal_certificate_size);
	fake_session_close(&s);
}

static void test_without_a_nonce_there_is_nothing_to_state(void **state)
{
	struct bench *b = *state;
	struct session_granted granted;
	int fds[SESSION_GRANTED_FDS];
	struct fake_session s = bench_watch(b, &granted, fds);

	close_fds(fds, SESSION_GRANTED_FDS);
	assert_int_equal(granted.statement_size, 0);
	assert_int_equal(granted.seal_certificate_size, 0);
	assert_int_equal(bench_receive(b, b->front.link, NULL, 0), CAMERA_ADD_WAKE);
	fake_session_close(&s);
}

static void test_a_camera_that_does_not_state_is_not_waited_for_long(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	uint64_t begin = clock_monotonic();

	await_lease(b, &s);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	assert_true(clock_monotonic() - begin > LEASE_STATE_TIMEOUT - 100 * USEC_PER_MSEC);
	await_ledger(b, LEDGER_CLOSED, "reason", "camera gives no statement");
	fake_session_close(&s);
}

static void test_a_camera_that_dies_before_is_one_that_is_gone(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);

	await_lease(b, &s);
	bench_settle(b);
	fake_camera_stop(&b->front);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	await_ledger(b, LEDGER_CLOSED, "reason", "camera lost");
	fake_session_close(&s);
}

static void test_a_revocation_while_the_statement_is_awaited(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);

	await_lease(b, &s);
	while (lease_find(&b->broker, lease_of(b))->state != LEASE_STATING)
		bench_turn(b, USEC_PER_SEC);
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_NOT_FOUND);
	fake_session_close(&s);
}

static void test_a_certificate_is_of_the_camera_that_the_broker_knows(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	const char *pem = seal_root_pem(b->broker.seal_root);
	struct seal_certificate c;
	uint8_t root[SEAL_KEY_SIZE];

	assert_int_equal(seal_public_read(pem, strlen(pem), root), 0);
	assert_int_equal(seal_certificate_read(b->front.certificate.certificate,
					       b->front.certificate.size, root, &c),
			 b->front.certificate.size);
	assert_memory_equal(c.camera_uuid, b->front.camera->uuid, UUID_SIZE);
	assert_string_equal(c.camera_name, "front");
	assert_int_equal(c.epoch, b->front.epoch);
	assert_int_equal(c.key[0], 7);
	fake_session_close(&s);
}

static void assert_key_ends_link(struct bench *b, uint64_t epoch)
{
	struct camera_epoch_key key = {.epoch = epoch, .key = {8}};

	camera_send(&b->front, CAMERA_EPOCH_KEY, &key);
	bench_settle(b);
	assert_string_equal(camera_condition_text(b->front.camera), "absent");
}

static void test_an_epoch_has_one_key(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);

	assert_key_ends_link(b, b->front.epoch);
	fake_session_close(&s);
}

static void test_no_key_for_an_epoch_that_was_never_begun(void **state)
{
	struct bench *b = *state;

	assert_key_ends_link(b, broker_last_epoch(&b->broker) + 1);
}

static void test_a_ring_without_a_key_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct camera_start start;
	struct camera_ring ring = {.ring_size = 1 << 20, .turn = 1};
	int fd;

	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(bench_receive(b, b->front.link, &start, sizeof(start)), CAMERA_START);
	ring.epoch = start.epoch;
	fd = memfd_create("ring", MFD_CLOEXEC);
	bench_send(b->front.link, CAMERA_RING, CAMERA_MSG_VERSION, &ring, sizeof(ring), &fd, 1);
	close(fd);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	assert_string_equal(camera_condition_text(b->front.camera), "absent");
	fake_session_close(&s);
}

static void test_a_tripwire_ends_the_lease_and_suspends_the_camera(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b), other = bench_watching(b);
	struct session_tripwire m = {};
	const struct suspension *suspension;
	int r;

	fill_connection(&s);
	session_send(&s, SESSION_TRIPWIRE, &m);
	bench_settle(b);
	assert_true(list_empty(&b->broker.leases));
	drain_viewer(&s, &r);
	assert_int_equal(r, -ECONNRESET);
	assert_int_equal(viewer_state(&other), -ECONNRESET);
	suspension = policy_find_suspension(b->broker.policy, SUSPENSION_CAMERA, "front");
	assert_non_null(suspension);
	assert_non_null(strstr(suspension->reason, "tripwire: lease"));
	await_ledger(b, LEDGER_TRIPWIRE, "camera", "front");
	await_ledger(b, LEDGER_TRIPWIRE, "client", "alice");
	fake_session_close(&s);
	fake_session_close(&other);
}

static void test_who_has_no_lease_has_no_tripwire(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_tripwire m = {};

	session_send(&s, SESSION_TRIPWIRE, &m);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), 0);
	assert_null(policy_find_suspension(b->broker.policy, SUSPENSION_CAMERA, "front"));
	fake_session_close(&s);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_the_statement_goes_to_its_viewer),
		BENCH(test_without_a_nonce_there_is_nothing_to_state),
		BENCH(test_a_camera_that_does_not_state_is_not_waited_for_long),
		BENCH(test_a_camera_that_dies_before_is_one_that_is_gone),
		BENCH(test_a_revocation_while_the_statement_is_awaited),
		BENCH(test_a_certificate_is_of_the_camera_that_the_broker_knows),
		BENCH(test_an_epoch_has_one_key),
		BENCH(test_no_key_for_an_epoch_that_was_never_begun),
		BENCH(test_a_ring_without_a_key_ends_the_link),
		BENCH(test_a_tripwire_ends_the_lease_and_suspends_the_camera),
		BENCH(test_who_has_no_lease_has_no_tripwire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
