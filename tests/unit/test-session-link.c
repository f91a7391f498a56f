// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a session may ask of the broker, and what becomes of one that asks for more. */
#include "broker-bench.h"

static void assert_ended(struct bench *b, struct fake_session *s)
{
	assert_int_equal(bench_receive(b, s->link, NULL, 0), 0);
	bench_settle(b);
	assert_int_equal(viewer_state(s), -ECONNRESET);
	fake_session_close(s);
}

static void test_the_server_signs_once(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_sign sign = {.digest = {1, 2, 3}};
	struct session_signature signature;

	session_send(&s, SESSION_SIGN, &sign);
	assert_int_equal(bench_receive(b, s.link, &signature, sizeof(signature)),
			 SESSION_SIGNATURE);
	assert_true(signature.size >= 8 && signature.size <= 72);
	assert_int_equal(signature.signature[0], 0x30); /* a DER sequence */
	session_send(&s, SESSION_SIGN, &sign);
	assert_ended(b, &s);
}

static void test_a_granted_client_gets_the_ring(void **state)
{
	struct bench *b = *state;
	struct session_granted granted;
	int fds[SESSION_GRANTED_FDS], wake;
	struct camera_add_wake add;
	struct camera_wake message = {.index = 5};
	struct fake_session s = bench_watch(b, &granted, fds);

	assert_string_equal(granted.camera, "front");
	assert_memory_equal(granted.camera_uuid, b->front.camera->uuid, UUID_SIZE);
	assert_int_equal(granted.epoch, b->front.epoch);
	assert_int_equal(granted.ring_size, ring_writer_size(b->front.ring));
	assert_int_equal(lseek(fds[0], 0, SEEK_END), (off_t)granted.ring_size);
	assert_int_equal(
		bench_receive_within(b, USEC_PER_SEC, b->front.link, &add, sizeof(add), &wake, 1),
		CAMERA_ADD_WAKE);
	assert_int_equal(add.lease, granted.lease);
	assert_int_equal(add.epoch, granted.epoch);
	assert_int_equal(send(wake, &message, sizeof(message), 0), sizeof(message));
	message.index = 0;
	assert_int_equal(recv(fds[1], &message, sizeof(message), MSG_DONTWAIT), sizeof(message));
	assert_int_equal(message.index, 5);
	close_fd(wake);
	close_fds(fds, SESSION_GRANTED_FDS);
	fake_session_close(&s);
}

static void test_refusals_are_alike(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_denied first, m;

	fake_session_ask(&s, "alice", b->alice, "nowhere");
	assert_int_equal(bench_receive(b, s.link, &first, sizeof(first)), SESSION_DENIED);
	assert_int_equal(first.reason, SESSION_DENIED_NOT_FOUND);
	fake_session_ask(&s, "alice", b->alice, "back");
	assert_int_equal(bench_receive(b, s.link, &m, sizeof(m)), SESSION_DENIED);
	assert_memory_equal(&m, &first, sizeof(m));
	fake_session_ask(&s, "bob", b->bob, "front");
	assert_int_equal(bench_receive(b, s.link, &m, sizeof(m)), SESSION_DENIED);
	assert_memory_equal(&m, &first, sizeof(m));
	BENCH_CONTROL(b, control_suspend, SUSPENSION_ALL, "", "");
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(bench_receive(b, s.link, &m, sizeof(m)), SESSION_DENIED);
	assert_memory_equal(&m, &first, sizeof(m));
	/* Nobody was granted anything, so no camera was started. */
	assert_true(bench_silent(b, b->front.link));
	fake_session_close(&s);
}

static void test_three_wrong_credentials_end_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);

	fake_session_ask(&s, "alice", b->bob, "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_CREDENTIAL);
	fake_session_ask(&s, "nobody", b->alice, "nowhere");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_CREDENTIAL);
	fake_session_ask(&s, "alice", "", "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_CREDENTIAL);
	assert_ended(b, &s);
}

static void assert_told(struct bench *b, const struct fake_session *s, uint32_t verdict)
{
	struct gate_credential m;

	/* Without a turn of the loop: it is there once the session has its answer. */
	assert_int_equal(bench_receive_within(b, 0, b->gate_link, &m, sizeof(m), NULL, 0),
			 GATE_CREDENTIAL);
	assert_int_equal(m.connection, s->connection);
	assert_int_equal(m.verdict, verdict);
}

static void test_the_gate_hears_of_credentials(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_list list = {.credential = bench_credential("alice", b->bob)};

	session_send(&s, SESSION_LIST, &list);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_CREDENTIAL);
	assert_told(b, &s, GATE_CREDENTIAL_REFUSED);
	for (int i = 0; i < 2; i++) {
		fake_session_ask(&s, "alice", b->alice, "nowhere");
		assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_NOT_FOUND);
	}
	assert_told(b, &s, GATE_CREDENTIAL_ACCEPTED);
	/* Right ones are told once. */
	fake_session_ask(&s, "alice", b->bob, "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_CREDENTIAL);
	assert_told(b, &s, GATE_CREDENTIAL_REFUSED);
	assert_true(bench_silent(b, b->gate_link));
	fake_session_close(&s);
}

static void test_a_certificate_that_was_not_proven_is_nobodys(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_open m = {
		.credential = {.kind = SESSION_CREDENTIAL_CERTIFICATE},
		.camera = "front",
		.right = RIGHT_LIVE,
		.protocol = SESSION_PROTOCOL_RTSP,
	};

	session_send(&s, SESSION_OPEN, &m);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_CREDENTIAL);
	fake_session_close(&s);
}

/* A session that claims a certificate which its handshake does not prove is not to be trusted. */
static void test_a_false_proof_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_certificate m = {.size = 4, .handshake = {1}};

	session_send(&s, SESSION_CERTIFICATE, &m);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), 0);
	fake_session_close(&s);
}

static void test_a_fifth_open_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);

	for (int i = 0; i < SESSION_OPENS_MAX; i++) {
		fake_session_ask(&s, "alice", b->alice, "nowhere");
		assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_NOT_FOUND);
	}
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_ended(b, &s);
}

static void test_an_open_while_one_is_pending_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);

	fake_session_ask(&s, "alice", b->alice, "front");
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_ended(b, &s);
	assert_true(list_empty(&b->broker.leases));
}

static void test_an_open_while_watching_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);

	fake_session_ask(&s, "alice", b->alice, "front");
	assert_ended(b, &s);
	assert_true(list_empty(&b->broker.leases));
}

static void test_a_session_is_bound_to_its_camera(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_end end;

	bench_grant(b, &(struct control_grant){.client = "alice", .camera = "back"});
	/* After END, when an OPEN may still come. */
	fake_camera_stop(&b->front);
	assert_int_equal(bench_receive(b, s.link, &end, sizeof(end)), SESSION_END);
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	fake_session_ask(&s, "alice", b->alice, "back");
	assert_ended(b, &s);
	assert_true(bench_silent(b, b->back.link));
}

static void test_what_is_not_permitted_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct session_keyframe keyframe = {};
	struct session_switch change = {};
	struct session_still still = {
		.credential = bench_credential("alice", b->alice),
		.camera = "front",
	};
	struct fake_session s = fake_session_open(b);

	session_send(&s, SESSION_KEYFRAME, &keyframe); /* nothing is watched */
	assert_ended(b, &s);
	s = fake_session_open(b);
	session_send(&s, SESSION_STILL, &still);
	assert_ended(b, &s);
	s = bench_watching(b);
	session_send(&s, SESSION_SWITCH, &change);
	assert_ended(b, &s);
	assert_true(list_empty(&b->broker.leases));
}

static void test_nothing_may_follow_done(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_done done = {.how = SESSION_DONE_VIEWER};

	session_send(&s, SESSION_DONE, &done);
	session_send(&s, SESSION_DONE, &done);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), 0);
	fake_session_close(&s);
}

static void assert_killed(struct bench *b, const struct fake_session *s)
{
	struct gate_kill kill;

	assert_int_equal(bench_receive(b, b->gate_link, &kill, sizeof(kill)), GATE_KILL);
	assert_int_equal(kill.connection, s->connection);
}

static void test_a_process_that_stays_after_done_is_killed(void **state)
{
	struct bench *b = *state;
	struct fake_session watching = bench_watching(b), new = fake_session_open(b);
	struct session_done done = {.how = SESSION_DONE_VIEWER};

	session_send(&watching, SESSION_DONE, &done);
	assert_killed(b, &watching);
	assert_int_equal(bench_receive(b, watching.link, NULL, 0), 0);
	session_send(&new, SESSION_DONE, &done);
	assert_killed(b, &new);
	fake_session_close(&watching);
	fake_session_close(&new);
}

static void test_a_process_that_closes_its_link_is_killed(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);

	bench_settle(b);
	close_fd(steal_fd(&s.link));
	assert_killed(b, &s);
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	fake_session_close(&s);
}

static void test_a_list_shows_what_the_client_may_see(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_list list = {.credential = bench_credential("alice", b->alice)};
	struct session_cameras cameras;

	session_send(&s, SESSION_LIST, &list);
	assert_int_equal(bench_receive(b, s.link, &cameras, sizeof(cameras)), SESSION_CAMERAS);
	assert_int_equal(cameras.n_cameras, 1);
	assert_string_equal(cameras.cameras[0].name, "front");
	assert_int_equal(cameras.cameras[0].rights, RIGHT_LIVE);
	assert_int_equal(cameras.cameras[0].online, 1);
	fake_camera_stop(&b->front);
	bench_settle(b);
	session_send(&s, SESSION_LIST, &list);
	assert_int_equal(bench_receive(b, s.link, &cameras, sizeof(cameras)), SESSION_CAMERAS);
	assert_int_equal(cameras.cameras[0].online, 0);
	list.credential = bench_credential("bob", b->bob);
	session_send(&s, SESSION_LIST, &list);
	assert_int_equal(bench_receive(b, s.link, &cameras, sizeof(cameras)), SESSION_CAMERAS);
	assert_int_equal(cameras.n_cameras, 0);
	list.credential = bench_credential("bob", b->alice);
	session_send(&s, SESSION_LIST, &list);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_CREDENTIAL);
	fake_session_close(&s);
}

static void test_without_its_gate_no_session_goes_on(void **state)
{
	struct bench *b = *state;
	struct fake_session watching = bench_watching(b), new = fake_session_open(b);

	bench_settle(b);
	close_fd(steal_fd(&b->gate_link));
	assert_int_equal(bench_receive(b, watching.link, NULL, 0), 0);
	assert_int_equal(viewer_state(&watching), -ECONNRESET);
	assert_int_equal(viewer_state(&new), -ECONNRESET);
	assert_true(list_empty(&b->broker.leases));
	assert_false(broker_is_ready(&b->broker));
	fake_session_close(&watching);
	fake_session_close(&new);
}

static void test_many_sessions_may_be_killed_at_once(void **state)
{
	struct bench *b = *state;

	for (uint64_t connection = 1; connection <= FDPASS_BACKLOG; connection++)
		gate_kill(b->gate, connection);
	assert_true(link_is_open(&b->gate->link));
}

static void test_a_connection_number_comes_once(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b), again;

	b->connections--;
	again = fake_session_open(b);
	assert_int_equal(bench_receive(b, b->gate_link, NULL, 0), 0);
	fake_session_close(&s);
	fake_session_close(&again);
}

static void test_a_session_needs_a_connection_to_cut(void **state)
{
	struct bench *b = *state;
	struct gate_connection m = {.connection = 77};
	int pair[2], other[2];

	assert_int_equal(fdpass_pair(pair), 0);
	assert_int_equal(fdpass_pair(other), 0);
	m.peer.service = GATE_SERVICE_RTSPS;
	bench_send(b->gate_link, GATE_CONNECTION, GATE_MSG_VERSION, &m, sizeof(m),
		   (int[]){pair[1], other[1]}, GATE_CONNECTION_FDS);
	close(pair[1]);
	assert_int_equal(bench_receive(b, pair[0], NULL, 0), 0);
	close(pair[0]);
	close_fds(other, 2);
	assert_true(bench_silent(b, b->gate_link));
}

static void test_peers_are_written_as_people_do(void **state)
{
	char text[SESSION_PEER_TEXT_SIZE];
	struct gate_peer peer = {.address = {[15] = 1}, .port = 5};

	session_format_peer(&peer, text);
	assert_string_equal(text, "[::1]:5");
	peer = (struct gate_peer){
		.address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
		.port = 53211,
	};
	session_format_peer(&peer, text);
	assert_string_equal(text, "127.0.0.1:53211");
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_the_server_signs_once),
		BENCH(test_a_granted_client_gets_the_ring),
		BENCH(test_refusals_are_alike),
		BENCH(test_three_wrong_credentials_end_the_link),
		BENCH(test_the_gate_hears_of_credentials),
		BENCH(test_a_certificate_that_was_not_proven_is_nobodys),
		BENCH(test_a_false_proof_ends_the_link),
		BENCH(test_a_fifth_open_ends_the_link),
		BENCH(test_an_open_while_one_is_pending_ends_the_link),
		BENCH(test_an_open_while_watching_ends_the_link),
		BENCH(test_a_session_is_bound_to_its_camera),
		BENCH(test_what_is_not_permitted_ends_the_link),
		BENCH(test_nothing_may_follow_done),
		BENCH(test_a_process_that_stays_after_done_is_killed),
		BENCH(test_a_process_that_closes_its_link_is_killed),
		BENCH(test_a_list_shows_what_the_client_may_see),
		BENCH(test_without_its_gate_no_session_goes_on),
		BENCH(test_many_sessions_may_be_killed_at_once),
		BENCH(test_a_connection_number_comes_once),
		BENCH(test_a_session_needs_a_connection_to_cut),
		cmocka_unit_test(test_peers_are_written_as_people_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
