// SPDX-License-Identifier: LGPL-2.1-or-later
/* What camward-verify can still do while it reads a file. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relaxed.h"
#include "view/verify-confine.h"
#include "wire.h"

static void try_open(void)
{
	_exit(open("/dev/null", O_RDONLY) < 0 ? 0 : 1);
}

static void try_socket(void)
{
	_exit(socket(AF_INET, SOCK_STREAM, 0) < 0 ? 0 : 1);
}

static void try_fork(void)
{
	_exit(fork() < 0 ? 0 : 1);
}

static void try_memory(void)
{
	char *p = malloc(64u << 20);

	if (p)
		memset(p, 1, 64u << 20);
	_exit(p ? 0 : 1);
}

/* The status with which a confined child ends. */
static int confined(void (*attempt)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (verify_confine() < 0)
			_exit(9);
		attempt();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_nothing_opens(void **state)
{
	if (RELAXED)
		skip();
	assert_int_equal(confined(try_open), 0);
}

static void test_nothing_else_runs(void **state)
{
	int status;

	if (RELAXED)
		skip();
	status = confined(try_socket);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = confined(try_fork);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void test_memory_is_there(void **state)
{
	assert_int_equal(confined(try_memory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_opens),
		cmocka_unit_test(test_nothing_else_runs),
		cmocka_unit_test(test_memory_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
