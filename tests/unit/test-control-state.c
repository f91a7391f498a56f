// SPDX-License-Identifier: LGPL-2.1-or-later
/* What concerns the device as a whole. */
#include <limits.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/un.h>

#include "broker-bench.h"
#include "broker/pending.h"
#include "broker/tls-identity.h"

/* A socket as systemd's; the address goes to the environment. */
static int open_notify(struct bench *b)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s.notify", b->directory);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	return fd;
}

static void close_notify(int fd)
{
	unlink(getenv("NOTIFY_SOCKET"));
	unsetenv("NOTIFY_SOCKET");
	close_fd(fd);
}

/* The name of the last file that was deleted, but for what says that they are. */
static void read_last_deleted(int fd, char last[NAME_MAX + 1])
{
	alignas(struct inotify_event) char events[16384];
	ssize_t n = read(fd, events, sizeof(events));
	const struct inotify_event *e;

	assert_true(n > 0);
	for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
		e = (const struct inotify_event *)(events + at);
		if (strcmp(e->name, PENDING_FILE) != 0)
			snprintf(last, NAME_MAX + 1, "%s", e->name);
	}
}

/* A great database takes longer than the watchdog allows; the keys do not wait for it. */
static void test_erasing_asks_for_patience_and_takes_the_keys_first(void **state)
{
	struct bench *b = *state;
	int notify = open_notify(b), inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char text[64] = "", last[NAME_MAX + 1];

	assert_true(inotify_add_watch(inotify, b->directory, IN_DELETE) >= 0);
	assert_int_equal(control_erase(&b->broker, "another's"), CONTROL_OTHER_DEVICE);
	assert_true(recv(notify, text, sizeof(text) - 1, 0) < 0);
	assert_int_equal(control_erase(&b->broker, tls_identity_spki_sha256(b->broker.identity)),
			 0);
	assert_true(recv(notify, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "WATCHDOG_USEC=1800000000");
	read_last_deleted(inotify, last);
	assert_string_equal(last, STORE_FILE);
	close_fd(inotify);
	close_notify(notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_erasing_asks_for_patience_and_takes_the_keys_first, bench_setup,
			bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
