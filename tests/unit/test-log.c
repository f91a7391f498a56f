// SPDX-License-Identifier: LGPL-2.1-or-later
/* The log is nobody's to wait for. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/log.h"

#define PATIENCE 10 /* s, until a test that waits is killed */

struct fixture {
	int reader, stderr_before;
};

static int setup(void **state)
{
	static struct fixture f;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	f.reader = ends[0];
	f.stderr_before = dup(STDERR_FILENO);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close_fd(ends[1]);
	alarm(PATIENCE);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	alarm(0);
	dup2(f->stderr_before, STDERR_FILENO);
	close_fd(f->stderr_before);
	close_fd(f->reader);
	return 0;
}

static void a_line_arrives_as_one(void **state)
{
	struct fixture *f = *state;
	char line[64] = "";

	log_error("a name: %s", "one\ntwo");
	assert_true(read(f->reader, line, sizeof(line) - 1) > 0);
	assert_string_equal(line, "camward: a name: one?two\n");
}

static void a_reader_that_does_not_read_is_never_waited_for(void **state)
{
	struct fixture *f = *state;
	char bytes[1 << 16];

	for (unsigned i = 0; i < sizeof(bytes) / 4; i++)
		log_error("line %u", i);
	assert_true(read(f->reader, bytes, sizeof(bytes)) > 0);
	log_error("the next one");
	assert_true(read(f->reader, bytes, sizeof(bytes)) > 0);
}

static void a_reader_that_has_gone_kills_nobody(void **state)
{
	struct fixture *f = *state;

	close_fd(steal_fd(&f->reader));
	log_error("to nobody");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_arrives_as_one),
		TEST(a_reader_that_does_not_read_is_never_waited_for),
		TEST(a_reader_that_has_gone_kills_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
