// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "session/outgoing.h"

#define TOTAL (3 << 20)

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 2654435761U >> 13);
}

/* Everything arrives once and in order, however the kernel takes it. */
static void test_a_slow_reader_gets_every_byte(void **state)
{
	_cleanup_(outgoing_release) struct outgoing o = {};
	uint8_t chunk[10000], got[7777];
	size_t written = 0, received = 0;
	bool waited = false;
	int s[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	while (received < TOTAL) {
		ssize_t n;

		for (size_t i = 0; i < sizeof(chunk) && written < TOTAL; i++)
			chunk[i] = pattern(written + i);
		if (written < TOTAL) {
			size_t more =
				TOTAL - written < sizeof(chunk) ? TOTAL - written : sizeof(chunk);

			assert_int_equal(outgoing_append(&o, chunk, more), 0);
			written += more;
			assert_int_equal(outgoing_end(&o), written);
		}
		n = outgoing_send(&o, s[0]);
		waited |= n == -EAGAIN;
		assert_true(n >= 0 || n == -EAGAIN);
		n = recv(s[1], got, sizeof(got), 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(got[i], pattern(received + (size_t)i));
		received += n > 0 ? (size_t)n : 0;
	}
	assert_true(waited);
	assert_int_equal(outgoing_pending(&o), 0);
	assert_int_equal(o.sent, TOTAL);
	close_fds(s, 2);
}

static void test_a_closed_connection_is_told(void **state)
{
	_cleanup_(outgoing_release) struct outgoing o = {};
	int s[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	assert_int_equal(outgoing_send(&o, s[0]), 0);
	assert_int_equal(outgoing_append(&o, "x", 1), 0);
	close(s[1]);
	assert_int_equal(outgoing_send(&o, s[0]), -EPIPE);
	assert_int_equal(outgoing_pending(&o), 1);
	close(s[0]);
}

static void test_it_has_a_bound(void **state)
{
	_cleanup_(outgoing_release) struct outgoing o = {};
	_cleanup_free_ uint8_t *much = calloc(1, OUTGOING_MAX);

	assert_non_null(much);
	assert_int_equal(outgoing_append(&o, "x", 1), 0);
	assert_int_equal(outgoing_append(&o, much, OUTGOING_MAX), -EMSGSIZE);
	assert_int_equal(outgoing_append(&o, much, OUTGOING_MAX - 1), 0);
	assert_int_equal(outgoing_pending(&o), OUTGOING_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_slow_reader_gets_every_byte),
		cmocka_unit_test(test_a_closed_connection_is_told),
		cmocka_unit_test(test_it_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
