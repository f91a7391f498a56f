// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the camera's process does with a choice: with a source that notes what it is told. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "camera/camera.h"
#include "camera/choices.h"

#define NAME "front"
#define SIZE 32

struct device {
	struct source source;
	int fd, set_r;
	bool open;
	int32_t value; /* of its one control */
	unsigned set, told;
};

struct bench {
	struct device device;
	struct camera *camera;
	sd_event *event;
	int link;
	uint64_t epoch;
};

union message {
	struct chan_header header;
	struct camera_set_done done;
	struct camera_control control;
	uint8_t bytes[CHAN_MESSAGE_MAX];
};

static int device_open(struct source *s, const struct source_want *want, struct source_format *ret)
{
	struct device *d = (struct device *)s;

	*ret = (struct source_format){.width = SIZE, .height = SIZE, .fps_num = 10, .fps_den = 1};
	d->open = true;
	choices_apply(s->choices, s);
	return 0;
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
	return -EAGAIN;
}

static int device_release(struct source *s, uint32_t id)
{
	return 0;
}

static int device_next_control(struct source *s, uint32_t *cursor, struct camera_control *ret)
{
	struct device *d = (struct device *)s;

	assert_true(d->open);
	if ((*cursor)++)
		return 0;
	d->told++;
	*ret = (struct camera_control){
		.type = CAMERA_CONTROL_INTEGER, .maximum = 9, .value = d->value, .control = "gain"};
	return 1;
}

static int device_set_control(struct source *s, const char *control, int32_t *value, bool exact)
{
	struct device *d = (struct device *)s;

	assert_true(d->open);
	if (strcmp(control, "gain") != 0)
		return -ENOTTY;
	if (d->set_r < 0)
		return d->set_r;
	if (exact && *value > 9) {
		*value = 9;
		return -ERANGE;
	}
	d->set++;
	d->value = *value = *value > 9 ? 9 : *value;
	return 0;
}

static const struct source_ops ops = {
	.open = device_open,
	.close = device_close,
	.fd = device_fd,
	.next = device_next,
	.release = device_release,
	.next_control = device_next_control,
	.set_control = device_set_control,
};

static uint16_t receive(struct bench *b, uint16_t type, union message *m, uint64_t within)
{
	uint64_t end = clock_monotonic() + within;

	do {
		struct pollfd p = {.fd = b->link, .events = POLLIN};
		size_t n_fds = 0;
		int fds[1];

		while (poll(&p, 1, 0) == 1) {
			if (fdpass_recv(b->link, m, sizeof(*m), fds, 1, &n_fds) <= 0)
				return 0;
			close_fds(fds, n_fds);
			if (m->header.type == type)
				return type;
		}
		assert_true(sd_event_run(b->event, 10 * USEC_PER_MSEC) >= 0);
	} while (clock_monotonic() < end);
	return 0;
}

static void settle(struct bench *b)
{
	while (sd_event_run(b->event, 20 * USEC_PER_MSEC) > 0)
		;
}

static void send_message(struct bench *b, uint16_t type, void *message, size_t size)
{
	*(struct chan_header *)message =
		(struct chan_header){type, CAMERA_MSG_VERSION, (uint32_t)size};
	assert_int_equal(fdpass_send(b->link, message, size, NULL, 0), 0);
	settle(b);
}

static void start(struct bench *b)
{
	struct camera_start m = {.epoch = ++b->epoch, .streams = 1U << RING_STREAM_MAIN, .turn = 1};

	send_message(b, CAMERA_START, &m, sizeof(m));
	assert_true(b->device.open);
}

static void stop(struct bench *b)
{
	struct camera_stop m = {.epoch = b->epoch};

	send_message(b, CAMERA_STOP, &m, sizeof(m));
	assert_false(b->device.open);
}

static void set(struct bench *b, uint64_t request, const char *control, int32_t value)
{
	struct camera_set m = {.request = request, .value = value};

	snprintf(m.control, sizeof(m.control), "%s", control);
	send_message(b, CAMERA_SET, &m, sizeof(m));
}

static void expect_done(struct bench *b, uint64_t request, int error, int32_t value)
{
	union message m;

	assert_int_equal(receive(b, CAMERA_SET_DONE, &m, USEC_PER_SEC), CAMERA_SET_DONE);
	assert_true(camera_set_done_valid(&m));
	assert_int_equal(m.done.request, request);
	assert_int_equal(m.done.error, error);
	assert_int_equal(m.done.value, value);
}

static int setup(void **state)
{
	static struct bench bench;
	struct bench *b = &bench;
	struct camera_welcome m = {.name = NAME, .uuid = {1}};
	int ends[2];

	log_set_max_level(-1);
	*b = (struct bench){.device = {.source = {.ops = &ops, .events = EPOLLIN}}};
	b->device.fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(fdpass_pair(ends), 0);
	b->link = ends[0];
	assert_true(sd_event_new(&b->event) >= 0);
	assert_int_equal(camera_new(b->event, NAME, &b->device.source, ends[1], false, &b->camera),
			 0);
	send_message(b, CAMERA_WELCOME, &m, sizeof(m));
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	camera_free(b->camera);
	sd_event_unref(b->event);
	close(b->link);
	close(b->device.fd);
	return 0;
}

static void a_choice_waits_for_the_device_and_comes_at_each_opening(void **state)
{
	struct bench *b = *state;

	set(b, 0, "gain", 5);
	set(b, 0, "no_such_thing", 5);
	set(b, 0, "gain", 7);
	assert_int_equal(b->device.set, 0);
	start(b);
	assert_int_equal(b->device.value, 7);
	stop(b);
	b->device.value = 0; /* unplugged meanwhile */
	start(b);
	assert_int_equal(b->device.value, 7);
	set(b, 0, "gain", 300);
	assert_int_equal(b->device.value, 9);
}

static void a_request_is_answered_by_the_device(void **state)
{
	struct bench *b = *state;

	set(b, 1, "gain", 5);
	expect_done(b, 1, -ENODEV, 5);
	start(b);
	set(b, 2, "gain", 5);
	expect_done(b, 2, 0, 5);
	set(b, 3, "gain", 300);
	expect_done(b, 3, -ERANGE, 9);
	set(b, 4, "shine", 1);
	expect_done(b, 4, -ENOTTY, 1);
	b->device.set_r = -EBUSY;
	set(b, 5, "gain", 6);
	expect_done(b, 5, -EBUSY, 6);
	assert_int_equal(b->device.value, 5);
	b->device.set_r = 0;
	stop(b);
	b->device.value = 0;
	/* It becomes a choice only when the broker says so. */
	start(b);
	assert_int_equal(b->device.value, 0);
}

static void the_listing_follows_the_opening_and_each_change(void **state)
{
	struct bench *b = *state;
	union message m;

	assert_int_equal(receive(b, CAMERA_CONTROL, &m, 100 * USEC_PER_MSEC), 0);
	start(b);
	assert_int_equal(receive(b, CAMERA_CONTROL, &m, 2 * USEC_PER_SEC), CAMERA_CONTROL);
	assert_true(camera_control_valid(&m));
	assert_int_equal(m.control.count, 1);
	assert_string_equal(m.control.control, "gain");
	assert_int_equal(m.control.value, 0);
	for (int i = 1; i <= 5; i++)
		set(b, (uint64_t)i, "gain", i);
	assert_int_equal(receive(b, CAMERA_CONTROL, &m, 2 * USEC_PER_SEC), CAMERA_CONTROL);
	assert_int_equal(m.control.value, 5);
	/* Many changes are one listing. */
	assert_int_equal(receive(b, CAMERA_CONTROL, &m, 1500 * USEC_PER_MSEC), 0);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(a_choice_waits_for_the_device_and_comes_at_each_opening),
		BENCH(a_request_is_answered_by_the_device),
		BENCH(the_listing_follows_the_opening_and_each_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
