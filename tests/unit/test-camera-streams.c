// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which streams a camera makes, and who may have them. */
#include "broker-bench.h"

#define MAIN (1U << RING_STREAM_MAIN)
#define SUB  (1U << RING_STREAM_SUB)

/* The next message to front's process that is not about a wake, nor a statement. */
static int next_to_camera(struct bench *b, void *message, size_t size, uint64_t timeout)
{
	int type;

	do
		type = bench_receive_within(b, timeout, b->front.link, message, size, NULL, 0);
	while (type == CAMERA_ADD_WAKE || type == CAMERA_MOVE_WAKE || type == CAMERA_DROP_WAKE);
	return type;
}

static struct camera_streams assert_streams(struct bench *b, uint32_t streams, uint32_t turn)
{
	struct camera_streams m;

	assert_int_equal(next_to_camera(b, &m, sizeof(m), CAMERA_LINGER + 3 * USEC_PER_SEC),
			 CAMERA_STREAMS);
	assert_int_equal(m.epoch, b->front.epoch);
	assert_int_equal(m.streams, streams);
	assert_int_equal(m.turn, turn);
	return m;
}

static struct session_granted assert_granted(struct bench *b, struct fake_session *s)
{
	struct session_granted m;

	assert_int_equal(bench_receive(b, s->link, &m, sizeof(m)), SESSION_GRANTED);
	return m;
}

static struct fake_session watch_sub(struct bench *b, const char *client, const char *token)
{
	struct fake_session s = fake_session_open(b);

	fake_session_ask_stream(&s, client, token, "front", RING_STREAM_SUB, false);
	return s;
}

static void an_epoch_may_begin_with_sub_alone(void **state)
{
	struct bench *b = *state;
	struct fake_session s = watch_sub(b, "alice", b->alice), t;
	struct session_granted m;

	fake_camera_serve(b, &b->front);
	m = assert_granted(b, &s);
	assert_int_equal(m.stream, RING_STREAM_SUB);
	assert_int_equal(m.ring_size, ring_writer_size(b->front.sub));
	assert_int_equal(b->front.camera->streams[RING_STREAM_MAIN].ring, -EBADF);
	/* The other one joins it in the same epoch. */
	t = fake_session_open(b);
	fake_session_ask(&t, "alice", b->alice, "front");
	assert_streams(b, MAIN | SUB, 2);
	fake_camera_give(&b->front, RING_STREAM_MAIN, 2);
	m = assert_granted(b, &t);
	assert_int_equal(m.stream, RING_STREAM_MAIN);
	assert_int_equal(m.epoch, b->front.epoch);
	fake_session_close(&s);
	fake_session_close(&t);
}

static void a_stream_goes_with_its_last_taker(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b), t = watch_sub(b, "alice", b->alice);
	uint64_t epoch = b->front.epoch;

	assert_streams(b, MAIN | SUB, 2);
	fake_camera_give(&b->front, RING_STREAM_SUB, 2);
	assert_granted(b, &t);
	fake_session_close(&t);
	assert_streams(b, MAIN, 3);
	assert_int_equal(b->front.camera->streams[RING_STREAM_SUB].ring, -EBADF);
	assert_true(b->front.camera->streams[RING_STREAM_MAIN].ring >= 0);
	/* Taken again it is another ring; one that crossed the end of the first is nobody's. */
	t = watch_sub(b, "alice", b->alice);
	assert_streams(b, MAIN | SUB, 4);
	fake_camera_give(&b->front, RING_STREAM_SUB, 2);
	bench_settle(b);
	assert_int_equal(b->front.camera->streams[RING_STREAM_SUB].ring, -EBADF);
	fake_camera_give(&b->front, RING_STREAM_SUB, 4);
	assert_granted(b, &t);
	/* The last one ends the epoch. */
	fake_session_close(&s);
	assert_streams(b, SUB, 5);
	assert_int_equal(b->front.camera->epoch, epoch);
	fake_session_close(&t);
	assert_int_equal(next_to_camera(b, NULL, 0, CAMERA_LINGER + 3 * USEC_PER_SEC), CAMERA_STOP);
	assert_int_equal(b->front.camera->epoch, 0);
}

static void a_second_ring_of_a_stream_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);

	fake_camera_give(&b->front, RING_STREAM_MAIN, 1);
	bench_settle(b);
	assert_false(link_is_open(&b->front.camera->link));
	fake_session_close(&s);
}

static void a_ring_that_was_never_asked_for_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);

	fake_camera_give(&b->front, RING_STREAM_SUB, 2);
	bench_settle(b);
	assert_false(link_is_open(&b->front.camera->link));
	fake_session_close(&s);
}

static void a_keyframe_is_of_the_stream_that_is_watched(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b), t = watch_sub(b, "alice", b->alice);
	struct session_keyframe ask = {};
	struct camera_keyframe m;

	assert_streams(b, MAIN | SUB, 2);
	fake_camera_give(&b->front, RING_STREAM_SUB, 2);
	assert_granted(b, &t);
	session_send(&t, SESSION_KEYFRAME, &ask);
	assert_int_equal(next_to_camera(b, &m, sizeof(m), USEC_PER_SEC), CAMERA_KEYFRAME);
	assert_int_equal(m.stream, RING_STREAM_SUB);
	/* The interval is each stream's own. */
	session_send(&s, SESSION_KEYFRAME, &ask);
	assert_int_equal(next_to_camera(b, &m, sizeof(m), CAMERA_KEYFRAME_INTERVAL / 2),
			 CAMERA_KEYFRAME);
	assert_int_equal(m.stream, RING_STREAM_MAIN);
	fake_session_close(&s);
	fake_session_close(&t);
}

static struct session_cameras list_for_bob(struct bench *b)
{
	struct session_list list = {.credential = bench_credential("bob", b->bob)};
	struct fake_session s = fake_session_open(b);
	struct session_cameras m;

	session_send(&s, SESSION_LIST, &list);
	assert_int_equal(bench_receive(b, s.link, &m, sizeof(m)), SESSION_CAMERAS);
	fake_session_close(&s);
	return m;
}

/* Also not together with it: what may switch begins with main. */
static void a_grant_of_sub_alone_gives_nothing_else(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_denied nowhere, m;
	struct session_cameras cameras;

	bench_grant(b, &(struct control_grant){.client = "bob", .only_sub = true});
	fake_session_ask(&s, "bob", b->bob, "nowhere");
	assert_int_equal(bench_receive(b, s.link, &nowhere, sizeof(nowhere)), SESSION_DENIED);
	fake_session_ask(&s, "bob", b->bob, "front");
	assert_int_equal(bench_receive(b, s.link, &m, sizeof(m)), SESSION_DENIED);
	assert_memory_equal(&m, &nowhere, sizeof(m));
	fake_session_ask_stream(&s, "bob", b->bob, "front", RING_STREAM_MAIN, true);
	assert_int_equal(bench_receive(b, s.link, &m, sizeof(m)), SESSION_DENIED);
	assert_memory_equal(&m, &nowhere, sizeof(m));
	assert_true(bench_silent(b, b->front.link));
	fake_session_ask_stream(&s, "bob", b->bob, "front", RING_STREAM_SUB, false);
	fake_camera_serve(b, &b->front);
	assert_int_equal(assert_granted(b, &s).stream, RING_STREAM_SUB);
	cameras = list_for_bob(b);
	assert_int_equal(cameras.n_cameras, 1);
	assert_int_equal(cameras.cameras[0].streams, SUB);
	fake_session_close(&s);
}

static void a_stream_that_a_camera_cannot_give_is_refused(void **state)
{
	struct bench *b = *state;
	struct camera_state told = {.condition = CAMERA_STARTING, .streams = MAIN};
	struct fake_session s = watch_sub(b, "alice", b->alice);
	struct camera_start start;

	bench_grant(b, &(struct control_grant){.client = "bob"});
	assert_int_equal(list_for_bob(b).cameras[0].streams, MAIN | SUB);
	assert_int_equal(bench_receive(b, b->front.link, &start, sizeof(start)), CAMERA_START);
	b->front.epoch = told.epoch = start.epoch;
	/* It turns out only now, and then is known. */
	camera_send(&b->front, CAMERA_STATE, &told);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	fake_session_ask_stream(&s, "alice", b->alice, "front", RING_STREAM_SUB, false);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	assert_int_equal(list_for_bob(b).cameras[0].streams, MAIN);
	fake_session_close(&s);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(an_epoch_may_begin_with_sub_alone),
		BENCH(a_stream_goes_with_its_last_taker),
		BENCH(a_second_ring_of_a_stream_ends_the_link),
		BENCH(a_ring_that_was_never_asked_for_ends_the_link),
		BENCH(a_keyframe_is_of_the_stream_that_is_watched),
		BENCH(a_grant_of_sub_alone_gives_nothing_else),
		BENCH(a_stream_that_a_camera_cannot_give_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
