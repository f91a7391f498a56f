// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a camera loses its source and finds it again, with a source that does as the test says. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdpass.h"
#include "camera/backoff.h"
#include "camera/camera.h"
#include "camera/exit.h"
#include "epoch-certificate.h"
#include "proto/camera-msg.h"

#define NAME "front"
#define SIZE 32

/* The device, as the test has it. */
struct device {
	struct source source;
	int fd;
	int open_r, next_r, probe_r;
	unsigned int opened, probed;
	bool open, replaced;
	uint8_t picture[SIZE * SIZE * 3 / 2];
};

struct bench {
	struct device device;
	struct camera *camera;
	sd_event *event;
	int link;
	uint64_t epoch;
	struct arrival arrival;
	char encoder[64]; /* "": nothing is awaited */
};

static int device_open(struct source *s, const struct source_want *want, struct source_format *ret)
{
	struct device *d = (struct device *)s;

	d->opened++;
	*ret = (struct source_format){.width = SIZE, .height = SIZE, .fps_num = 10, .fps_den = 1};
	d->open = d->open_r >= 0;
	return d->open_r;
}

static void device_close(struct source *s)
{
	((struct device *)s)->open = false;
}

static int device_fd(const struct source *s)
{
	return ((const struct device *)s)->fd;
}

static int device_next(struct source *s, struct source_frame *ret)
{
	struct device *d = (struct device *)s;

	if (d->next_r < 0)
		return d->next_r;
	source_stamp(ret, clock_monotonic());
	ret->y = ret->u = ret->v = d->picture;
	ret->y_stride = SIZE;
	ret->c_stride = SIZE / 2;
	d->next_r = -EAGAIN;
	return 0;
}

static int device_release(struct source *s, uint32_t id)
{
	return 0;
}

static int device_probe(struct source *s)
{
	struct device *d = (struct device *)s;

	assert_false(d->open);
	d->probed++;
	return d->probe_r;
}

static bool device_replaced(const struct source *s)
{
	return ((const struct device *)s)->replaced;
}

static const struct source_ops ops = {
	.open = device_open,
	.close = device_close,
	.fd = device_fd,
	.next = device_next,
	.release = device_release,
	.probe = device_probe,
	.replaced = device_replaced,
};

static void run(struct bench *b, uint64_t usec)
{
	assert_true(sd_event_run(b->event, usec) >= 0);
}

static const uint8_t uuid[UUID_SIZE] = {1};

static void certify(struct bench *b, const struct camera_epoch_key *key)
{
	struct camera_certificate c;

	epoch_certificate(key, NAME, uuid, &c);
	assert_int_equal(fdpass_send(b->link, &c, sizeof(c), NULL, 0), 0);
}

/* The next STATE that differs from the one before, within so long; 0: none. */
static uint32_t state_within(struct bench *b, uint64_t usec, struct camera_state *ret)
{
	uint64_t end = clock_monotonic() + usec;
	union {
		struct chan_header header;
		struct camera_state state;
		struct camera_epoch_key epoch_key;
		uint8_t bytes[CHAN_MESSAGE_MAX];
	} m;

	do {
		struct pollfd p = {.fd = b->link, .events = POLLIN};
		size_t n_fds = 0;
		int fds[1];

		while (poll(&p, 1, 0) == 1) {
			assert_true(fdpass_recv(b->link, &m, sizeof(m), fds, 1, &n_fds) > 0);
			close_fds(fds, n_fds);
			if (m.header.type == CAMERA_EPOCH_KEY)
				certify(b, &m.epoch_key);
			if (m.header.type == CAMERA_STATE) {
				*ret = m.state;
				return m.state.condition;
			}
		}
		run(b, 10 * USEC_PER_MSEC);
	} while (clock_monotonic() < end);
	return 0;
}

static void expect(struct bench *b, uint32_t condition, const char *reason, uint64_t within)
{
	struct camera_state state = {};

	assert_int_equal(state_within(b, within, &state), condition);
	if (reason)
		assert_string_equal(state.reason, reason);
}

static void start(struct bench *b)
{
	struct camera_start m = {.header = {CAMERA_START, CAMERA_MSG_VERSION, sizeof(m)},
				 .epoch = ++b->epoch,
				 .streams = 1U << RING_STREAM_MAIN,
				 .turn = 1};

	assert_int_equal(fdpass_send(b->link, &m, sizeof(m), NULL, 0), 0);
}

static int setup(void **state)
{
	static struct bench bench;
	struct bench *b = &bench;
	struct camera_welcome m = {.header = {CAMERA_WELCOME, CAMERA_MSG_VERSION, sizeof(m)},
				   .name = NAME,
				   .uuid = {1}};
	int ends[2];

	*b = (struct bench){.device = {.source = {.ops = &ops, .events = EPOLLIN}},
			    .arrival = {.fd = -EBADF}};
	b->device.next_r = -EAGAIN;
	b->device.fd = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(fdpass_pair(ends), 0);
	b->link = ends[0];
	assert_true(sd_event_new(&b->event) >= 0);
	assert_int_equal(camera_new(b->event, NAME, &b->device.source, ends[1], true, &b->camera),
			 0);
	assert_int_equal(fdpass_send(b->link, &m, sizeof(m), NULL, 0), 0);
	expect(b, CAMERA_IDLE, "", USEC_PER_SEC);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	camera_free(b->camera);
	assert_false(b->device.open);
	sd_event_unref(b->event);
	close(b->link);
	close(b->device.fd);
	arrival_end(&b->arrival);
	if (b->encoder[0])
		unlink(b->encoder);
	return 0;
}

static void a_device_plugged_in_anew_is_for_a_new_process(void **state)
{
	struct bench *b = *state;
	int code = 0;

	b->device.open_r = b->device.probe_r = -EACCES;
	start(b);
	/* The same node, and not permitted: nobody else will fare better. */
	expect(b, CAMERA_LOST, NULL, USEC_PER_SEC);
	assert_int_not_equal(sd_event_get_state(b->event), SD_EVENT_FINISHED);
	b->device.replaced = true;
	while (sd_event_get_state(b->event) != SD_EVENT_FINISHED)
		run(b, USEC_PER_SEC);
	assert_int_equal(sd_event_get_exit_code(b->event, &code), 0);
	assert_int_equal(code, CAMERA_EXIT_DEVICE);
}

static void a_busy_device_is_looked_at_until_it_is_free(void **state)
{
	struct bench *b = *state;

	b->device.open_r = b->device.probe_r = -EBUSY;
	start(b);
	expect(b, CAMERA_LOST, "busy: used by another program", USEC_PER_SEC);
	assert_int_equal(b->device.opened, 1);
	/* After one second, and after two more; the same reason is not told again. */
	expect(b, 0, NULL, 2500 * USEC_PER_MSEC);
	assert_int_equal(b->device.probed, 1);
	b->device.probe_r = 0;
	expect(b, CAMERA_IDLE, "", USEC_PER_SEC);
	assert_int_equal(b->device.probed, 2);
	/* Nothing was started by itself. */
	assert_int_equal(b->device.opened, 1);
}

static void another_reason_is_told(void **state)
{
	struct bench *b = *state;

	b->device.open_r = -EBUSY;
	b->device.probe_r = -ENOENT;
	start(b);
	expect(b, CAMERA_LOST, "busy: used by another program", USEC_PER_SEC);
	expect(b, CAMERA_LOST, "unplugged", 2 * USEC_PER_SEC);
}

static void a_start_does_not_wait(void **state)
{
	struct bench *b = *state;

	b->device.open_r = b->device.probe_r = -ENODEV;
	start(b);
	expect(b, CAMERA_LOST, "unplugged", USEC_PER_SEC);
	b->device.open_r = 0;
	start(b);
	expect(b, CAMERA_STARTING, NULL, USEC_PER_SEC);
	assert_int_equal(b->device.probed, 0);
	/* It runs: nobody looks for it any more. */
	b->device.next_r = 0;
	expect(b, CAMERA_RUNNING, NULL, USEC_PER_SEC);
	b->device.next_r = -ENODEV;
	expect(b, CAMERA_LOST, "unplugged", USEC_PER_SEC);
	assert_false(b->device.open);
	/* The first look comes after a second again. */
	b->device.probe_r = 0;
	expect(b, CAMERA_IDLE, "", 1500 * USEC_PER_MSEC);
}

static void stop(struct bench *b)
{
	struct camera_stop m = {.header = {CAMERA_STOP, CAMERA_MSG_VERSION, sizeof(m)},
				.epoch = b->epoch};

	assert_int_equal(fdpass_send(b->link, &m, sizeof(m), NULL, 0), 0);
}

static void await(struct bench *b)
{
	const char *path = b->encoder;

	snprintf(b->encoder, sizeof(b->encoder), "/tmp/test-camera-retry-%d", (int)getpid());
	assert_int_equal(arrival_begin(&b->arrival, &path, 1), 0);
	assert_int_equal(camera_await(b->camera, &b->arrival), 0);
}

static void ends_for_a_successor(struct bench *b)
{
	int code = 0;

	for (int i = 0; i < 100 && sd_event_get_state(b->event) != SD_EVENT_FINISHED; i++)
		run(b, 100 * USEC_PER_MSEC);
	assert_int_equal(sd_event_get_state(b->event), SD_EVENT_FINISHED);
	assert_int_equal(sd_event_get_exit_code(b->event, &code), 0);
	assert_int_equal(code, CAMERA_EXIT_DEVICE);
}

static void an_encoder_that_comes_waits_for_the_end_of_the_epoch(void **state)
{
	struct bench *b = *state;
	eventfd_t value;

	await(b);
	start(b);
	expect(b, CAMERA_STARTING, NULL, USEC_PER_SEC);
	/* The loop has nothing else to do. */
	assert_int_equal(eventfd_read(b->device.fd, &value), 0);
	assert_int_equal(symlink("/dev/null", b->encoder), 0);
	expect(b, 0, NULL, 300 * USEC_PER_MSEC);
	assert_int_equal(eventfd_write(b->device.fd, 1), 0);
	b->device.next_r = 0;
	expect(b, CAMERA_RUNNING, NULL, USEC_PER_SEC);
	assert_true(b->device.open);
	stop(b);
	/* That it is idle is told before it goes. */
	expect(b, CAMERA_IDLE, NULL, USEC_PER_SEC);
	ends_for_a_successor(b);
	assert_false(b->device.open);
}

/* What the broker has said by then is heard. */
static void a_start_comes_before_an_encoder_that_came(void **state)
{
	struct bench *b = *state;

	await(b);
	assert_int_equal(symlink("/dev/null", b->encoder), 0);
	/* It sees the link, and no more. */
	run(b, 0);
	start(b);
	expect(b, CAMERA_STARTING, NULL, USEC_PER_SEC);
	stop(b);
	expect(b, CAMERA_IDLE, NULL, USEC_PER_SEC);
	ends_for_a_successor(b);
}

static void an_idle_camera_goes_at_once(void **state)
{
	struct bench *b = *state;

	await(b);
	expect(b, 0, NULL, 100 * USEC_PER_MSEC);
	assert_int_equal(symlink("/dev/null", b->encoder), 0);
	ends_for_a_successor(b);
}

static void what_cannot_pass_is_left_alone(void **state)
{
	struct bench *b = *state;

	b->device.open_r = -EOPNOTSUPP;
	start(b);
	expect(b, CAMERA_LOST, NULL, USEC_PER_SEC);
	expect(b, 0, NULL, 1500 * USEC_PER_MSEC);
	assert_int_equal(b->device.probed, 0);
}

static void the_waits_double_up_to_a_bound(void **state)
{
	static const unsigned int seconds[] = {1, 2, 4, 8, 16, 30, 30};
	struct backoff backoff = {};

	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++)
		assert_int_equal(backoff_next(&backoff), seconds[i] * USEC_PER_SEC);
	backoff_reset(&backoff);
	assert_int_equal(backoff_next(&backoff), USEC_PER_SEC);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(a_device_plugged_in_anew_is_for_a_new_process),
		BENCH(a_busy_device_is_looked_at_until_it_is_free),
		BENCH(another_reason_is_told),
		BENCH(a_start_does_not_wait),
		BENCH(an_encoder_that_comes_waits_for_the_end_of_the_epoch),
		BENCH(a_start_comes_before_an_encoder_that_came),
		BENCH(an_idle_camera_goes_at_once),
		BENCH(what_cannot_pass_is_left_alone),
		cmocka_unit_test(the_waits_double_up_to_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
