// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events as the journal gets them. It listens in a mount namespace of the test's own. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/log.h"

#define PATIENCE 10 /* s, until a test that waits is killed */

struct fixture {
	int journal, reader, stderr_before;
};

static int listen_as_journal(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX,
					    .sun_path = "/run/systemd/journal/socket"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close_fd(fd);
		return -1;
	}
	return fd;
}

/* -1: this user may not. */
static int enter_own_run(void)
{
	if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
		return -1;
	return mkdir("/run/systemd", 0755) < 0 || mkdir("/run/systemd/journal", 0755) < 0 ? -1 : 0;
}

static int setup(void **state)
{
	static struct fixture f;
	char stream[64];
	struct stat st;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	f.reader = ends[0];
	f.stderr_before = dup(STDERR_FILENO);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close_fd(ends[1]);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	(void)unlink("/run/systemd/journal/socket");
	f.journal = listen_as_journal();
	alarm(PATIENCE);
	*state = &f;
	return f.journal < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	alarm(0);
	dup2(f->stderr_before, STDERR_FILENO);
	close_fd(f->stderr_before);
	close_fd(f->reader);
	close_fd(f->journal);
	return 0;
}

static void open_log(void)
{
	log_open("test");
	event_open();
}

static void an_event_arrives_with_its_fields(void **state)
{
	struct fixture *f = *state;
	char got[1024] = "";

	open_log();
	event_log(LOG_WARNING, EVENT_CAMERA_LOST,
		  &(struct event_about){.camera = "front", .reason = "a\nMESSAGE=b", .lease = 7},
		  "camera %s is lost", "front\nPRIORITY=0");
	assert_true(recv(f->journal, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(got, "MESSAGE_ID=63dca62b8ee843b1916e1d47104e88ff\n"
				 "PRIORITY=4\n"
				 "SYSLOG_IDENTIFIER=test\n"
				 "MESSAGE=camera front?PRIORITY=0 is lost\n"
				 "CAMWARD_CAMERA=front\n"
				 "CAMWARD_REASON=a?MESSAGE=b\n"
				 "CAMWARD_LEASE=7\n");
}

static void elsewhere_it_is_a_line(void **state)
{
	struct fixture *f = *state;
	char got[1024] = "";

	setenv("JOURNAL_STREAM", "1:1", 1);
	open_log();
	event_log(LOG_ERR, EVENT_READY, NULL, "viewers can connect");
	assert_true(read(f->reader, got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "test: viewers can connect\n");
}

static void without_a_journal_it_is_a_line_of_the_stream(void **state)
{
	struct fixture *f = *state;
	char got[1024] = "";

	open_log();
	close_fd(steal_fd(&f->journal));
	event_log(LOG_ERR, EVENT_READY, NULL, "viewers can connect");
	assert_true(read(f->reader, got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "<3>viewers can connect\n");
}

static void what_is_too_little_is_not_said(void **state)
{
	struct fixture *f = *state;
	char byte;

	open_log();
	event_log(LOG_DEBUG, EVENT_READY, NULL, "never mind");
	assert_int_equal(recv(f->journal, &byte, 1, MSG_DONTWAIT), -1);
}

static void a_journal_that_does_not_read_is_never_waited_for(void **state)
{
	struct fixture *f = *state;
	char got[2048];
	unsigned n = 0;

	open_log();
	for (unsigned i = 0; i < 20000; i++)
		event_log(LOG_ERR, EVENT_READY, NULL, "line %u", i);
	while (recv(f->journal, got, sizeof(got), MSG_DONTWAIT) > 0)
		n++;
	assert_in_range(n, 1, 19999);
	event_log(LOG_ERR, EVENT_READY, NULL, "the next one");
	assert_true(recv(f->journal, got, sizeof(got), MSG_DONTWAIT) > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_arrives_with_its_fields),
		TEST(elsewhere_it_is_a_line),
		TEST(without_a_journal_it_is_a_line_of_the_stream),
		TEST(what_is_too_little_is_not_said),
		TEST(a_journal_that_does_not_read_is_never_waited_for),
	};

	if (enter_own_run() < 0) {
		fputs("no mount namespace can be had: skipped\n", stderr);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
