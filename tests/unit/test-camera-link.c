// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the broker takes from a camera's process, when it starts and stops it, and its settings. */
#include <fcntl.h>

#include "broker-bench.h"
#include "broker/reload.h"
#include "broker/settings.h"

static void assert_kept_out(struct bench *b, struct fake_camera *c)
{
	assert_int_equal(bench_receive(b, c->link, NULL, 0), 0);
	bench_settle(b);
	assert_string_equal(camera_condition_text(c->camera), "absent");
}

static void test_a_camera_must_name_itself_right(void **state)
{
	struct bench *b = *state;

	fake_camera_stop(&b->front);
	bench_settle(b);
	fake_camera_connect(b, &b->front, "back");
	assert_kept_out(b, &b->front);
	assert_string_equal(b->front.camera->trouble, "its process says that it is camera 'back'");
	close_fd(steal_fd(&b->front.link));
	fake_camera_start(b, &b->front);
	assert_string_equal(b->front.camera->trouble, "");
}

static void write_settings(struct bench *b, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/camera.d", b->directory);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/camera.d/front.conf", b->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_the_settings_arrive(void **state)
{
	struct bench *b = *state;
	struct camera_welcome welcome;

	fake_camera_stop(&b->front);
	bench_settle(b);
	write_settings(b, "; mine\n[camera]\nsize=640x360\nfps=15\nbitrate=500000\ngop=30\n");
	fake_camera_connect(b, &b->front, "front");
	assert_int_equal(bench_receive(b, b->front.link, &welcome, sizeof(welcome)),
			 CAMERA_WELCOME);
	assert_int_equal(welcome.configuration.width, 640);
	assert_int_equal(welcome.configuration.height, 360);
	assert_int_equal(welcome.configuration.fps, 15);
	assert_int_equal(welcome.configuration.bitrate, 500000);
	assert_int_equal(welcome.configuration.gop, 30);
}

static void test_wrong_settings_keep_one_camera_out(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"[camera]\nsize=1281x720\n", ":2: size=1281x720: it takes"},
		{"[camera]\n\nfps=0\n", ":3: fps=0: it takes"},
		{"[camera]\nfps=241\n", ":2: fps=241: it takes"},
		{"[camera]\nbitrate=9999\n", ":2: bitrate=9999: it takes"},
		{"[camera]\ngop=-1\n", ":2: gop=-1: it takes"},
		{"[camera]\nfps=15\nfps=15\n", ":3: 'fps' is given twice"},
		{"[camera]\nfsp=15\n", ":2: there is no setting 'fsp'"},
		{"[cam]\nfps=15\n", ":2: there is no section [cam]"},
		{"[camera]\nhello\nfps=0\n", ":2: this is no line of the form KEY=VALUE"},
	};
	struct bench *b = *state;
	struct camera_configuration configuration;
	char error[SETTINGS_ERROR_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_settings(b, cases[i].text);
		assert_int_equal(settings_load_camera(b->directory, "front", &configuration, error),
				 -EINVAL);
		assert_non_null(strstr(error, cases[i].error));
		assert_non_null(strstr(error, "camera.d/front.conf:"));
	}
	fake_camera_stop(&b->front);
	bench_settle(b);
	fake_camera_connect(b, &b->front, "front");
	bench_settle(b);
	assert_string_equal(camera_condition_text(b->front.camera), "absent");
	assert_non_null(strstr(b->front.camera->trouble, "this is no line of the form"));
	assert_true(camera_is_online(b->back.camera));
	bench_reload(b);
	assert_int_equal(bench_receive_within(b, 0, b->front.link, NULL, 0, NULL, 0), -EAGAIN);
	write_settings(b, "[camera]\nfps=15\n");
	bench_reload(b);
	assert_int_equal(bench_receive(b, b->front.link, NULL, 0), CAMERA_WELCOME);
	assert_true(camera_is_online(b->front.camera));
	assert_string_equal(b->front.camera->trouble, "");
}

static void test_wrong_settings_go_with_their_camera(void **state)
{
	struct bench *b = *state;

	fake_camera_stop(&b->front);
	bench_settle(b);
	write_settings(b, "[camera]\nfps=0\n");
	fake_camera_connect(b, &b->front, "front");
	bench_settle(b);
	assert_string_not_equal(b->front.camera->trouble, "");
	close_fd(steal_fd(&b->front.link));
	bench_settle(b);
	assert_string_equal(b->front.camera->trouble, "");
}

/* bench_watching, but with this ring instead of a good one. */
static void offer_ring(struct bench *b, int fd, uint64_t size)
{
	struct fake_session s = fake_session_open(b);
	struct camera_ring ring = {.ring_size = size, .turn = 1};
	struct camera_start start;

	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(bench_receive(b, b->front.link, &start, sizeof(start)), CAMERA_START);
	fake_camera_certify(b, &b->front, start.epoch);
	ring.epoch = start.epoch;
	bench_send(b->front.link, CAMERA_RING, CAMERA_MSG_VERSION, &ring, sizeof(ring), &fd, 1);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	assert_kept_out(b, &b->front);
	fake_session_close(&s);
	fake_camera_stop(&b->front);
	fake_camera_start(b, &b->front);
}

static void test_a_ring_that_a_session_could_write_is_refused(void **state)
{
	struct bench *b = *state;
	size_t size = 1 << 20;
	int fd = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	offer_ring(b, fd, size);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL), 0);
	offer_ring(b, fd, size);
	close(fd);
	fd = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(
		fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL | F_SEAL_WRITE),
		0);
	offer_ring(b, fd, size + 1);
	offer_ring(b, fd, UINT64_MAX);
	close(fd);
}

static void test_a_second_ring_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct camera_ring ring = {.epoch = b->front.epoch, .turn = 1};
	int fd = ring_writer_fd(b->front.ring);

	ring.ring_size = ring_writer_size(b->front.ring);
	bench_send(b->front.link, CAMERA_RING, CAMERA_MSG_VERSION, &ring, sizeof(ring), &fd, 1);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_END);
	assert_string_equal(camera_condition_text(b->front.camera), "absent");
	fake_session_close(&s);
}

static void test_a_ring_of_an_epoch_that_is_over_goes_nowhere(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct camera_state lost = {.condition = CAMERA_LOST};
	uint64_t old;
	struct camera_ring ring = {.turn = 1};
	int fd;

	fake_session_ask(&s, "alice", b->alice, "front");
	fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_GRANTED);
	old = lost.epoch = b->front.epoch;
	camera_send(&b->front, CAMERA_STATE, &lost);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_END);
	fake_session_close(&s);
	s = fake_session_open(b);
	fake_session_ask(&s, "alice", b->alice, "front");
	bench_settle(b);
	ring.epoch = old;
	ring.ring_size = ring_writer_size(b->front.ring);
	fd = ring_writer_fd(b->front.ring);
	bench_send(b->front.link, CAMERA_RING, CAMERA_MSG_VERSION, &ring, sizeof(ring), &fd, 1);
	bench_settle(b);
	assert_int_equal(b->front.camera->streams[RING_STREAM_MAIN].ring, -EBADF);
	assert_true(bench_silent(b, s.link));
	fake_session_close(&s);
}

/* Skips messages about wakes. */
static int next_of_epoch(struct bench *b, uint64_t timeout)
{
	int type;

	do
		type = bench_receive_within(b, timeout, b->front.link, NULL, 0, NULL, 0);
	while (type == CAMERA_ADD_WAKE || type == CAMERA_DROP_WAKE);
	return type;
}

static void test_it_stops_a_while_after_the_last_viewer(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	uint64_t epoch = b->front.epoch;

	fake_session_close(&s);
	assert_int_equal(next_of_epoch(b, CAMERA_LINGER / 2), -EAGAIN);
	s = bench_watching(b); /* the same ring serves the next one */
	assert_int_equal(b->front.camera->epoch, epoch);
	assert_int_equal(next_of_epoch(b, CAMERA_LINGER), -EAGAIN);
	fake_session_close(&s);
	assert_int_equal(next_of_epoch(b, CAMERA_LINGER + USEC_PER_SEC), CAMERA_STOP);
	assert_int_equal(b->front.camera->epoch, 0);
	assert_int_equal(b->front.camera->streams[RING_STREAM_MAIN].ring, -EBADF);
	s = bench_watching(b); /* a new epoch, a new ring */
	assert_true(b->front.epoch > epoch);
	fake_session_close(&s);
}

static void test_many_viewers_may_end_at_once(void **state)
{
	struct bench *b = *state;

	for (uint64_t lease = 1; lease <= FDPASS_BACKLOG; lease++)
		camera_drop_wake(b->front.camera, lease);
	assert_true(link_is_open(&b->front.camera->link));
}

static void test_one_that_floods_keeps_nobody_waiting(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);
	struct session_list list = {.credential = bench_credential("alice", b->alice)};
	struct camera_state flood = {.condition = CAMERA_IDLE};

	bench_settle(b);
	assert_int_equal(fdpass_set_backlog(b->front.link), 0);
	for (unsigned i = 1; i <= FDPASS_BACKLOG; i++) {
		snprintf(flood.reason, sizeof(flood.reason), "%u", i);
		camera_send(&b->front, CAMERA_STATE, &flood);
	}
	session_send(&s, SESSION_LIST, &list);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_CAMERAS);
	assert_string_not_equal(b->front.camera->state.reason, flood.reason);
	bench_wait(b, USEC_PER_SEC);
	assert_string_equal(b->front.camera->state.reason, flood.reason);
	fake_session_close(&s);
}

static void test_keyframes_are_coalesced(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct session_keyframe keyframe = {};
	uint64_t begin = clock_monotonic();

	for (int i = 0; i < 5; i++)
		session_send(&s, SESSION_KEYFRAME, &keyframe);
	assert_int_equal(next_of_epoch(b, USEC_PER_SEC / 2), CAMERA_KEYFRAME);
	assert_int_equal(next_of_epoch(b, 2 * USEC_PER_SEC), CAMERA_KEYFRAME);
	assert_true(clock_monotonic() - begin >= CAMERA_KEYFRAME_INTERVAL);
	assert_int_equal(next_of_epoch(b, CAMERA_KEYFRAME_INTERVAL + USEC_PER_SEC / 2), -EAGAIN);
	fake_session_close(&s);
}

static void test_a_new_process_takes_the_old_ones_place(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	int old = steal_fd(&b->front.link);

	fake_camera_start(b, &b->front);
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_END);
	assert_string_equal(camera_condition_text(b->front.camera), "idle");
	close_fd(old);
	bench_settle(b);
	assert_string_equal(camera_condition_text(b->front.camera), "idle");
	fake_session_close(&s);
}

/* A process makes way for a new one in the instant in which somebody comes. */
static void test_a_start_that_nobody_heard_is_said_again(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b), t;
	struct session_granted m;
	uint64_t epoch;

	fake_session_ask(&s, "alice", b->alice, "front");
	bench_settle(b);
	epoch = b->front.camera->epoch;
	assert_true(epoch);
	fake_camera_stop(&b->front);
	bench_settle(b);
	assert_false(link_is_open(&b->front.camera->link));
	assert_int_equal(b->front.camera->epoch, 0);
	/* Who comes now is told that it is not there. */
	t = fake_session_open(b);
	fake_session_ask(&t, "alice", b->alice, "front");
	assert_int_equal(fake_session_refused(b, &t), SESSION_DENIED_UNAVAILABLE);
	fake_camera_start(b, &b->front);
	fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive(b, s.link, &m, sizeof(m)), SESSION_GRANTED);
	assert_true(m.epoch > epoch);
	fake_session_close(&s);
	fake_session_close(&t);
}

static void test_who_waits_for_a_camera_that_breaks_the_rules_is_told(void **state)
{
	struct bench *b = *state;
	struct fake_session s = fake_session_open(b);

	fake_session_ask(&s, "alice", b->alice, "front");
	bench_settle(b);
	b->front.epoch = b->front.camera->epoch;
	fake_camera_give(&b->front, RING_STREAM_MAIN, 77);
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	fake_session_close(&s);
}

static void test_a_camera_keeps_its_uuid(void **state)
{
	struct bench *b = *state;
	struct camera *again;
	uint8_t uuid[UUID_SIZE];

	memcpy(uuid, b->front.camera->uuid, UUID_SIZE);
	assert_int_equal(camera_register(&b->broker, "front", &again), 0);
	assert_ptr_equal(again, b->front.camera);
	broker_close(&b->broker);
	assert_int_equal(broker_open(&b->broker, b->event, &b->options), 0);
	b->front.camera = camera_find(&b->broker, "front");
	b->back.camera = camera_find(&b->broker, "back");
	assert_memory_equal(b->front.camera->uuid, uuid, UUID_SIZE);
	assert_memory_not_equal(b->back.camera->uuid, uuid, UUID_SIZE);
	assert_string_equal(camera_condition_text(b->front.camera), "absent");
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_a_camera_must_name_itself_right),
		BENCH(test_the_settings_arrive),
		BENCH(test_wrong_settings_keep_one_camera_out),
		BENCH(test_wrong_settings_go_with_their_camera),
		BENCH(test_a_ring_that_a_session_could_write_is_refused),
		BENCH(test_a_second_ring_ends_the_link),
		BENCH(test_a_ring_of_an_epoch_that_is_over_goes_nowhere),
		BENCH(test_it_stops_a_while_after_the_last_viewer),
		BENCH(test_many_viewers_may_end_at_once),
		BENCH(test_one_that_floods_keeps_nobody_waiting),
		BENCH(test_keyframes_are_coalesced),
		BENCH(test_a_new_process_takes_the_old_ones_place),
		BENCH(test_a_start_that_nobody_heard_is_said_again),
		BENCH(test_who_waits_for_a_camera_that_breaks_the_rules_is_told),
		BENCH(test_a_camera_keeps_its_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
