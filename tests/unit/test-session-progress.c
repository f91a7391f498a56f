// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "session/progress.h"

#define BEGAN       (1000 * USEC_PER_SEC)
#define SMALL       8192
#define PATIENCE_MS 10000
#define SETTLES_MS  100 /* longer than an acknowledgement may be put off */

/* A connection over loopback. The viewer's buffer is small; what is sent waits. */
struct bench {
	int sock, viewer;
	struct progress progress;
	uint64_t now;
};

static struct tcp_info info_of(const struct bench *b)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	assert_int_equal(getsockopt(b->sock, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
	return info;
}

static uint64_t acknowledged(const struct bench *b)
{
	return info_of(b).tcpi_bytes_acked;
}

static void fill(const struct bench *b)
{
	static const uint8_t bytes[65536];

	while (send(b->sock, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	assert_int_equal(errno, EAGAIN);
}

static int setup(void **state)
{
	static struct bench b;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), small = SMALL;

	b = (struct bench){.viewer = socket(AF_INET, SOCK_STREAM, 0), .now = BEGAN};
	assert_int_equal(setsockopt(b.viewer, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(b.viewer, (struct sockaddr *)&address, size), 0);
	b.sock = accept(listener, NULL, NULL);
	assert_true(b.sock >= 0);
	close(listener);
	progress_begin(&b.progress, b.now);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	close(b->sock);
	close(b->viewer);
	return 0;
}

/* Time goes on to the next look; whether it is stalled then. */
static bool next(struct bench *b)
{
	uint64_t then = b->progress.look;

	assert_int_equal(then - b->now, PROGRESS_LOOK_USEC);
	assert_false(progress_stalled(&b->progress, b->sock, then - 1));
	b->now = then;
	return progress_stalled(&b->progress, b->sock, b->now);
}

/* Until all that was sent is acknowledged: the window is closed then. */
static void settle(const struct bench *b)
{
	for (int waited = 0; info_of(b).tcpi_unacked; waited++) {
		assert_true(waited < PATIENCE_MS);
		poll(NULL, 0, 1);
	}
}

/* Whatever comes for the viewer is lost from now on. */
static void vanish(const struct bench *b)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &none};

	assert_int_equal(
		setsockopt(b->viewer, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
}

/* Until the viewer's kernel has acknowledged more: its window has to open, and a probe may have to
 * find that out. */
static void take_some(struct bench *b)
{
	uint64_t before = acknowledged(b);
	uint8_t bytes[1024];

	for (int waited = 0; acknowledged(b) == before; waited++) {
		struct pollfd p = {.fd = b->viewer, .events = POLLIN};

		assert_true(waited < PATIENCE_MS);
		if (poll(&p, 1, 1) > 0)
			assert_true(recv(b->viewer, bytes, sizeof(bytes), 0) > 0);
	}
}

/* The last of what fits into the viewer's buffer may be acknowledged late. */
static void expect_stall(struct bench *b, uint64_t after)
{
	uint64_t from = b->now;

	while (!next(b))
		assert_true(b->now - from < 3 * PROGRESS_CLOSED_USEC);
	assert_int_equal(b->now - b->progress.at, after);
}

static void who_takes_nothing_is_stalled_after_its_time(void **state)
{
	struct bench *b = *state;

	fill(b);
	settle(b);
	expect_stall(b, PROGRESS_CLOSED_USEC);
}

static void who_cannot_be_reached_is_stalled_sooner(void **state)
{
	static const uint8_t bytes[256];
	struct bench *b = *state;

	vanish(b);
	assert_int_equal(send(b->sock, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	expect_stall(b, PROGRESS_SILENT_USEC);
}

/* The kernel would take more from us: it is the viewer that counts. */
static void who_takes_nothing_of_little_is_as_well(void **state)
{
	static const uint8_t bytes[256];
	struct bench *b = *state;

	do {
		assert_int_equal(send(b->sock, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
		if (info_of(b).tcpi_notsent_bytes > 0)
			poll(NULL, 0, SETTLES_MS);
	} while (info_of(b).tcpi_notsent_bytes == 0);
	settle(b);
	expect_stall(b, PROGRESS_CLOSED_USEC);
}

/* As long as the kernel takes nothing from us: what it has is more than all that is read here. */
static void who_takes_a_little_is_not(void **state)
{
	struct bench *b = *state;

	fill(b);
	for (int i = 0; i < 10; i++) {
		for (int looks = 0; looks < 6; looks++)
			assert_false(next(b));
		take_some(b);
	}
	assert_true(b->now - BEGAN > 2 * PROGRESS_CLOSED_USEC);
	assert_false(next(b));
	settle(b);
	expect_stall(b, PROGRESS_CLOSED_USEC);
}

/* What comes into a window that opens late is on its way for as long as the network takes. */
static void who_opens_its_window_late_is_not(void **state)
{
	struct bench *b = *state;
	uint64_t before, opened;
	uint8_t bytes[SMALL];

	fill(b);
	settle(b);
	for (int looks = 0; looks < 10; looks++)
		assert_false(next(b));
	before = acknowledged(b);
	vanish(b);
	for (int waited = 0; !info_of(b).tcpi_unacked; waited++) {
		assert_true(waited < PATIENCE_MS);
		(void)recv(b->viewer, bytes, sizeof(bytes), MSG_DONTWAIT);
		poll(NULL, 0, 1);
	}
	assert_int_equal(acknowledged(b), before);
	assert_false(next(b));
	for (opened = b->now; !next(b);)
		assert_true(b->now - opened < PROGRESS_CLOSED_USEC);
	assert_int_equal(b->now - opened, PROGRESS_SILENT_USEC);
}

/* However long ago the last look was that found it with nothing to take. */
static void who_was_owed_nothing_is_not(void **state)
{
	struct bench *b = *state;

	for (int looks = 0; looks < 20; looks++)
		assert_false(next(b));
	fill(b);
	assert_false(progress_stalled(&b->progress, b->sock, b->now + 2 * PROGRESS_CLOSED_USEC));
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(who_takes_nothing_is_stalled_after_its_time),
		BENCH(who_cannot_be_reached_is_stalled_sooner),
		BENCH(who_takes_nothing_of_little_is_as_well),
		BENCH(who_takes_a_little_is_not),
		BENCH(who_opens_its_window_late_is_not),
		BENCH(who_was_owed_nothing_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
