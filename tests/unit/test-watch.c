// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an epoch's encoders are polled for, while they are opened anew. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "camera/watch.h"

static struct {
	struct encoder encoder;
	int fds[ENCODER_N_PARTS];
	uint32_t events;
} hardware;

static int hardware_fd(const struct encoder *e, enum encoder_part part)
{
	return hardware.fds[part];
}

static uint32_t hardware_events(const struct encoder *e, enum encoder_part part)
{
	return hardware.events;
}

static const struct encoder_ops ops = {.fd = hardware_fd, .events = hardware_events};

static int count(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	uint64_t value;

	assert_int_equal(fd, hardware.fds[ENCODER_ITSELF]);
	assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
	++*(unsigned *)userdata;
	return 0;
}

/* The encoder and its converter are closed, and one comes that has the number of either. */
static void a_number_comes_again(enum encoder_part closed_last)
{
	static struct epoch epoch;
	unsigned calls = 0;
	uint64_t one = 1;
	struct watch w = {.epoch = &epoch, .on_encoder = count, .userdata = &calls};

	assert_int_equal(sd_event_new(&w.event), 0);
	hardware.encoder = (struct encoder){.ops = &ops};
	hardware.events = EPOLLIN;
	epoch.streams[0].encoder = &hardware.encoder;
	for (unsigned part = 0; part < ENCODER_N_PARTS; part++)
		hardware.fds[part] = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(watch_update(&w), 0);
	/* The lowest number that is free is taken. */
	close(hardware.fds[closed_last]);
	hardware.fds[ENCODER_ITSELF] = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(hardware.fds[ENCODER_ITSELF], hardware.fds[closed_last]);
	hardware.fds[ENCODER_CONVERTER] = -EBADF;
	hardware.encoder.opened++;
	assert_int_equal(watch_update(&w), 0);
	hardware.events = EPOLLIN | EPOLLPRI;
	assert_int_equal(watch_update(&w), 0);
	assert_int_equal(write(hardware.fds[ENCODER_ITSELF], &one, sizeof(one)), sizeof(one));
	assert_true(sd_event_run(w.event, 1000000) > 0);
	assert_int_equal(calls, 1);
	close(hardware.fds[ENCODER_ITSELF]);
	epoch.streams[0].encoder = NULL;
	assert_int_equal(watch_update(&w), 0);
	w.event = sd_event_unref(w.event);
	watch_end(&w);
}

static void the_encoders_number_comes_again(void **state)
{
	a_number_comes_again(ENCODER_ITSELF);
}

static void the_converters_number_comes_again(void **state)
{
	a_number_comes_again(ENCODER_CONVERTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_encoders_number_comes_again),
		cmocka_unit_test(the_converters_number_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
