// SPDX-License-Identifier: LGPL-2.1-or-later
/* A real camward-camera with the test as its broker: spawn(), welcome(), start(), then messages. */
#pragma once

#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/chan.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ring-reader.h"
#include "epoch-certificate.h"
#include "proto/camera-msg.h"
#include "wire/h264.h"

#define PATIENCE_MS 10000
#define NAME        "front"
#define LINK_FD     3
#define WAIT_USEC   2000

static const uint8_t uuid[UUID_SIZE] = {0xde, 0xad, 0xbe, 0xef, 5,  6,  7,  8,
					9,    10,   11,   12,   13, 14, 15, 16};

struct process {
	pid_t pid;
	int link;
};

union message {
	struct chan_header header;
	struct camera_hello hello;
	struct camera_epoch_key epoch_key;
	struct camera_ring ring;
	struct camera_statement statement;
	struct camera_sequence sequence;
	struct camera_state state;
	uint8_t bytes[CHAN_MESSAGE_MAX];
};

static inline void spawn_with(struct process *p, const char *source, const char *encoder)
{
	char self[4096], binary[8192];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int ends[2];

	assert_true(n > 0);
	self[n] = '\0';
	snprintf(binary, sizeof(binary), "%s/../../service/camera/camward-camera", dirname(self));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		dup2(ends[1], LINK_FD);
		if (ends[1] == LINK_FD)
			fcntl(LINK_FD, F_SETFD, 0);
		/* A sanitizer's search for leaks traces the process, which it forbids. */
		setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
		execl(binary, binary, "--name", NAME, "--link-fd", "3", "--source", source,
		      "--encoder", encoder, NULL);
		_exit(127);
	}
	close(ends[1]);
	p->link = ends[0];
}

static inline void spawn(struct process *p, const char *source)
{
	spawn_with(p, source, "auto");
}

static inline int wait_exit(struct process *p)
{
	uint64_t deadline = clock_monotonic() + PATIENCE_MS * USEC_PER_MSEC;
	int status;

	while (waitpid(p->pid, &status, WNOHANG) == 0) {
		if (clock_monotonic() > deadline) {
			kill(p->pid, SIGKILL);
			fail_msg("it does not end");
		}
		usleep(WAIT_USEC);
	}
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A line of /proc/PID/status. */
static inline long status_number(const struct process *p, const char *key)
{
	char name[64], line[256];
	long number = -1;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)p->pid);
	f = fopen(name, "re");
	assert_non_null(f);
	while (number < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			number = strtol(line + strlen(key), NULL, 10);
	fclose(f);
	return number;
}

/* Ends the link as a broker does that goes away. */
static inline void finish(struct process *p)
{
	close(p->link);
	assert_int_equal(wait_exit(p), 0);
}

static inline void send_message(struct process *p, uint16_t type, void *message, size_t size,
				int fd)
{
	struct chan_header *h = message;

	*h = (struct chan_header){type, CAMERA_MSG_VERSION, (uint32_t)size};
	assert_int_equal(fdpass_send(p->link, message, size, &fd, fd >= 0), 0);
}

/* Frames come only after this. */
static inline void certify(struct process *p, const struct camera_epoch_key *key)
{
	struct camera_certificate c;

	epoch_certificate(key, NAME, uuid, &c);
	send_message(p, CAMERA_CERTIFICATE, &c, sizeof(c), -1);
}

/* The next message; 0: the link has ended. An epoch's key is certified at once. */
static inline uint16_t receive(struct process *p, union message *m, int *ret_fd)
{
	struct pollfd poll_fd = {.fd = p->link, .events = POLLIN};
	size_t n_fds = 0;
	int fds[1];
	ssize_t n;

	assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
	n = fdpass_recv(p->link, m, sizeof(*m), fds, 1, &n_fds);
	if (n <= 0)
		return 0;
	assert_int_equal(m->header.size, n);
	assert_int_equal(n_fds,
			 m->header.type == CAMERA_RING || m->header.type == CAMERA_SUBSCRIBED);
	if (n_fds && ret_fd)
		*ret_fd = fds[0];
	else
		close_fds(fds, n_fds);
	if (m->header.type == CAMERA_EPOCH_KEY)
		certify(p, &m->epoch_key);
	return m->header.type;
}

static inline void expect(struct process *p, uint16_t type, union message *m, int *ret_fd)
{
	uint64_t deadline = clock_monotonic() + PATIENCE_MS * USEC_PER_MSEC;
	uint16_t got;

	do {
		assert_true(clock_monotonic() < deadline);
		got = receive(p, m, ret_fd);
		assert_int_not_equal(got, 0);
	} while (got != type);
}

static inline void expect_condition(struct process *p, enum camera_condition condition,
				    union message *m)
{
	do
		expect(p, CAMERA_STATE, m, NULL);
	while (m->state.condition != condition);
}

static inline void expect_sequence(struct process *p, uint64_t lease, bool added, union message *m)
{
	expect(p, CAMERA_SEQUENCE, m, NULL);
	assert_int_equal(m->sequence.lease, lease);
	assert_int_equal(m->sequence.added, added);
}

static inline void welcome(struct process *p, union message *m)
{
	struct camera_welcome w = {.name = NAME,
				   .configuration = {.width = 320, .height = 240, .fps = 30}};

	memcpy(w.uuid, uuid, sizeof(w.uuid));
	assert_int_equal(receive(p, m, NULL), CAMERA_HELLO);
	assert_true(camera_hello_valid(m));
	assert_string_equal(m->hello.name, NAME);
	send_message(p, CAMERA_WELCOME, &w, sizeof(w), -1);
	expect_condition(p, CAMERA_IDLE, m);
}

static inline void start(struct process *p, uint64_t epoch)
{
	struct camera_start s = {.epoch = epoch, .streams = 1 << RING_STREAM_MAIN, .turn = 1};

	send_message(p, CAMERA_START, &s, sizeof(s), -1);
}

static inline void stop(struct process *p, uint64_t epoch)
{
	struct camera_stop s = {.epoch = epoch};

	send_message(p, CAMERA_STOP, &s, sizeof(s), -1);
}

/* Returns the reading end of the wake; its queue takes only a few messages. */
static inline int add_wake(struct process *p, uint64_t epoch, uint64_t lease)
{
	const int least = 0;
	struct camera_add_wake a = {.epoch = epoch, .lease = lease};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)), 0);
	send_message(p, CAMERA_ADD_WAKE, &a, sizeof(a), ends[1]);
	close(ends[1]);
	return ends[0];
}

static inline void open_ring(struct process *p, uint64_t epoch, struct ring_reader *ring)
{
	struct ring_unit unit;
	union message m;
	int fd = -EBADF;

	expect(p, CAMERA_RING, &m, &fd);
	assert_true(camera_ring_valid(&m));
	assert_int_equal(m.ring.epoch, epoch);
	assert_int_equal(ring_reader_open(ring, fd, m.ring.ring_size), 0);
	close(fd);
	assert_memory_equal(ring->description.camera_uuid, uuid, sizeof(uuid));
	assert_string_equal(ring->description.camera_name, NAME);
	assert_int_equal(ring->description.epoch, epoch);
	assert_int_equal(ring->description.codec, RING_CODEC_H264);
	/* It comes with its first keyframe. */
	assert_int_equal(ring_reader_seek_keyframe(ring, &unit), 0);
	assert_int_equal(unit.sequence, 1);
}

/* Waits for a wake, then takes the next unit out of the ring. */
static inline void read_unit(int wake, struct ring_reader *ring, struct ring_unit *unit,
			     uint8_t *bytes, size_t room)
{
	struct camera_wake message;

	while (ring_reader_peek(ring, unit) == -EAGAIN) {
		struct pollfd poll_fd = {.fd = wake, .events = POLLIN};

		assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
		assert_int_equal(recv(wake, &message, sizeof(message), 0), sizeof(message));
	}
	assert_true(unit->length <= room);
	assert_int_equal(ring_reader_copy(ring, unit, bytes), 0);
}

static inline void check_keyframe(const struct ring_reader *ring, const uint8_t *bytes, size_t size)
{
	struct h264_parameter_sets sets;
	size_t n = ring->description.parameter_sets_size;

	assert_true(n > 0 && size > n);
	assert_memory_equal(bytes, ring->description.parameter_sets, n);
	assert_true(h264_is_idr(slice_of(bytes, size)));
	h264_find_parameter_sets(slice_of(bytes, size), &sets);
	assert_non_null(sets.sps.data);
	assert_non_null(sets.pps.data);
}
