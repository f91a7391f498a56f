// SPDX-License-Identifier: LGPL-2.1-or-later
/* What camward-camera tells its broker, which is this test, of a local subscriber. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/fdpass.h"
#include "base/memfd.h"
#include "camera-process.h"
#include "proto/camera-msg.h"
#include "proto/session-msg.h"
#include "proto/subscriber-msg.h"

#define EPOCH 1
#define LEASE 7

/* Gives a lease memory; frames come only with a socket. */
static void subscribe(struct process *p, uint64_t lease)
{
	struct camera_subscriber s = {
		.header = {CAMERA_SUBSCRIBER, CAMERA_MSG_VERSION, sizeof(s)},
		.epoch = EPOCH,
		.lease = lease,
		.right = RIGHT_LIVE,
		.stream = RING_STREAM_MAIN,
	};
	int pages[CAMERA_SUBSCRIBER_FDS];
	struct session_permit *permit;
	union message m;
	void *counters;

	pages[0] = memfd_create_shared("counters", sizeof(struct session_counters), &counters);
	pages[1] = memfd_create_single_writer("permit", sizeof(*permit), (void **)&permit);
	assert_true(pages[0] >= 0 && pages[1] >= 0);
	permit->frames = UINT64_MAX;
	assert_int_equal(fdpass_send(p->link, &s, sizeof(s), pages, CAMERA_SUBSCRIBER_FDS), 0);
	munmap(counters, sizeof(struct session_counters));
	munmap(permit, sizeof(*permit));
	close_fds(pages, CAMERA_SUBSCRIBER_FDS);
	expect(p, CAMERA_SUBSCRIBED, &m, NULL);
}

/* A subscriber that gets frames. Returns its end of the socket, when one has come. */
static int run(struct process *p)
{
	struct subscriber_frame frame;
	struct pollfd poll_fd = {.events = POLLIN};
	union message m;

	spawn(p, "pattern");
	welcome(p, &m);
	start(p, EPOCH);
	expect_condition(p, CAMERA_RUNNING, &m);
	subscribe(p, LEASE);
	poll_fd.fd = add_wake(p, EPOCH, LEASE);
	expect_sequence(p, LEASE, true, &m);
	assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(poll_fd.fd, &frame, sizeof(frame), 0), sizeof(frame));
	assert_true(subscriber_frame_valid(&frame));
	return poll_fd.fd;
}

static void expect_unsubscribed(struct process *p, const char *reason)
{
	struct camera_unsubscribed gone;
	union message m;

	expect_sequence(p, LEASE, false, &m);
	assert_true(m.sequence.next > 1);
	expect(p, CAMERA_UNSUBSCRIBED, &m, NULL);
	memcpy(&gone, m.bytes, sizeof(gone));
	assert_int_equal(gone.lease, LEASE);
	assert_int_equal(gone.epoch, EPOCH);
	assert_string_equal(gone.reason, reason);
}

/* Its socket is not closed: nobody else can tell the broker. */
static void who_shuts_its_side_has_left(void **state)
{
	struct process p;
	int socket = run(&p);

	assert_int_equal(shutdown(socket, SHUT_WR), 0);
	expect_unsubscribed(&p, "viewer left");
	close(socket);
	finish(&p);
}

static void who_says_what_it_must_not_is_ended(void **state)
{
	struct process p;
	int socket = run(&p);

	assert_int_equal(send(socket, "?", 1, 0), 1);
	expect_unsubscribed(&p, "subscriber broke the protocol");
	close(socket);
	finish(&p);
}

/* As of viewers of a ring: one word for each that could see its frames, before it is over. */
static void the_end_of_an_epoch_bounds_what_was_seen(void **state)
{
	struct process p;
	int socket = run(&p);
	union message m;
	uint16_t type;

	subscribe(&p, LEASE + 1); /* it has no socket */
	stop(&p, EPOCH);
	expect_sequence(&p, LEASE, false, &m);
	assert_int_equal(m.sequence.epoch, EPOCH);
	assert_true(m.sequence.next > 1);
	do {
		type = receive(&p, &m, NULL);
		assert_int_not_equal(type, 0);
		assert_int_not_equal(type, CAMERA_SEQUENCE);
	} while (type != CAMERA_STATE || m.state.condition != CAMERA_IDLE);
	close(socket);
	finish(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_shuts_its_side_has_left),
		cmocka_unit_test(who_says_what_it_must_not_is_ended),
		cmocka_unit_test(the_end_of_an_epoch_bounds_what_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
