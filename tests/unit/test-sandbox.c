// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each case runs in a child of its own, since what it does to itself is for good. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/sandbox.h"

static const struct sandbox_rule table[] = {
	{SANDBOX_CALL(exit_group)},
	{SANDBOX_CALL(getpid), .error = ENOTSUP},
	{SANDBOX_CALL(socket), .error = EACCES},
	{SANDBOX_CALL(lseek), {SANDBOX_INT(0, -1)}},
	{SANDBOX_CALL(lseek), {SANDBOX_EQUAL(0, 5), SANDBOX_EQUAL(2, SEEK_CUR)}},
	{SANDBOX_CALL(mprotect), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
};

/* The wait status of a child that ran f. */
static int run(int (*f)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit no_core = {};

		setrlimit(RLIMIT_CORE, &no_core);
		/* Straight: a sanitizer that sits in _exit() would be killed there. */
		syscall(__NR_exit_group, f());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int confine(void)
{
	struct sandbox_filter filter;
	int r = sandbox_compile(table, ARRAY_SIZE(table), &filter);

	return r < 0 ? r : sandbox_apply_filter(&filter);
}

static int permitted(void)
{
	if (confine() < 0)
		return 99;
	syscall(__NR_exit_group, 7);
	return 0;
}

static int errors(void)
{
	if (confine() < 0)
		return 99;
	return syscall(__NR_getpid) != -1 || errno != ENOTSUP ||
	       socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EACCES;
}

static int unlisted(void)
{
	if (confine() < 0)
		return 99;
	syscall(__NR_getppid);
	return 0;
}

static int condition_met(void)
{
	if (confine() < 0)
		return 99;
	return syscall(__NR_lseek, -1, 0, SEEK_SET) != -1 || errno != EBADF ||
	       syscall(__NR_lseek, 5, 0, SEEK_CUR) != -1 || errno != EBADF;
}

static int condition_half_met(void)
{
	if (confine() < 0)
		return 99;
	syscall(__NR_lseek, 5, 0, SEEK_END);
	return 0;
}

static int mask_met(void)
{
	if (confine() < 0)
		return 99;
	return mprotect(NULL, 0, PROT_READ | PROT_WRITE) != 0;
}

static int mask_not_met(void)
{
	if (confine() < 0)
		return 99;
	syscall(__NR_mprotect, 0, 0, PROT_READ | PROT_EXEC);
	return 0;
}

static void test_filter_permits_what_is_listed(void **state)
{
	assert_int_equal(WEXITSTATUS(run(permitted)), 7);
	assert_int_equal(run(condition_met), 0);
	assert_int_equal(run(mask_met), 0);
}

static void test_filter_answers_with_an_errno(void **state)
{
#ifdef SANDBOX_LOG
	skip();
#endif
	assert_int_equal(run(errors), 0);
}

static void test_filter_kills_the_rest(void **state)
{
	int (*const cases[])(void) = {unlisted, condition_half_met, mask_not_met};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int status = run(cases[i]);

#ifdef SANDBOX_LOG
		assert_int_equal(status, 0);
#else
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
#endif
	}
}

static void test_table_is_checked(void **state)
{
	static const struct sandbox_rule twice[] = {
		{SANDBOX_CALL(read), {SANDBOX_EQUAL(0, 1), SANDBOX_EQUAL(0, 2)}},
	};
	static const struct sandbox_rule far[] = {{SANDBOX_CALL(read), {SANDBOX_EQUAL(6, 1)}}};
	struct sandbox_filter filter;

	assert_int_equal(sandbox_compile(twice, 1, &filter), -EINVAL);
	assert_int_equal(sandbox_compile(far, 1, &filter), -EINVAL);
}

static int landlocked(void)
{
	const struct sandbox_path paths[] = {{"/dev", true}, {"/proc", false}};
	int inside, outside, write_only,
		ruleset = sandbox_landlock_new(paths, ARRAY_SIZE(paths), 0);

	if (ruleset == -EOPNOTSUPP)
		return 77;
	if (ruleset < 0 || sandbox_apply_landlock(ruleset) < 0)
		return 99;
	inside = open("/dev/null", O_RDWR);
	write_only = open("/proc/self/comm", O_WRONLY);
	outside = open("/etc/passwd", O_RDONLY);
	return inside < 0 || write_only >= 0 || outside >= 0;
}

static void test_landlock_leaves_only_its_paths(void **state)
{
#ifdef SANDBOX_LOG
	skip();
#endif
	int status = run(landlocked);

	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static int limited(void)
{
	const struct sandbox_limits limits = {.descriptors = 5, .address_space = RLIM_INFINITY};
	int memfd;

	if (sandbox_apply_limits(&limits) < 0 || sandbox_hide() < 0)
		return 99;
	signal(SIGXFSZ, SIG_IGN);
	close_range(3, ~0U, 0);
	memfd = memfd_create("m", 0);
	if (memfd != 3 || ftruncate(memfd, 1) != -1 || errno != EFBIG)
		return 1;
	if (dup(0) != 4 || dup(0) != -1 || errno != EMFILE)
		return 2;
	return prctl(PR_GET_DUMPABLE) != 0 ? 3 : 0;
}

static int powerless(void)
{
	if (sandbox_drop_capabilities(0) < 0)
		return 99;
	/* Dropped for good, not just put aside. */
	return prctl(PR_CAPBSET_DROP, CAP_CHOWN) != -1 || errno != EPERM ||
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) != -1;
}

static void test_capabilities_are_dropped(void **state)
{
	assert_int_equal(run(powerless), 0);
}

static void test_limits(void **state)
{
#ifdef SANDBOX_LOG
	skip();
#endif
	assert_int_equal(run(limited), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter_permits_what_is_listed),
		cmocka_unit_test(test_filter_answers_with_an_errno),
		cmocka_unit_test(test_filter_kills_the_rest),
		cmocka_unit_test(test_table_is_checked),
		cmocka_unit_test(test_landlock_leaves_only_its_paths),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_capabilities_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
