// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sanitizer.h"
#include "proto/session-msg.h"

#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT)
#define ANONYMOUS  (MAP_PRIVATE | MAP_ANONYMOUS)

/* The calls of one access unit come first. Where 32-bit machines have calls of other names, both
 * are listed. */
static const struct sandbox_rule rules[] = {
	{SANDBOX_CALL(ppoll)},
	{SANDBOX_CALL(ppoll_time64)},
	{SANDBOX_CALL(recvfrom)},
	{SANDBOX_CALL(recv)},
	{SANDBOX_CALL(sendto),
	 {SANDBOX_INT(0, CONFINE_SOCK), SANDBOX_INT(3, SEND_FLAGS), SANDBOX_EQUAL(4, 0)}},
	{SANDBOX_CALL(send), {SANDBOX_INT(0, CONFINE_SOCK), SANDBOX_INT(3, SEND_FLAGS)}},
	{SANDBOX_CALL(sendmsg), {SANDBOX_INT(0, CONFINE_LINK), SANDBOX_INT(2, SEND_FLAGS)}},
	{SANDBOX_CALL(recvmsg)},
	{SANDBOX_CALL(clock_gettime)},
	{SANDBOX_CALL(clock_gettime64)},
	{SANDBOX_CALL(gettimeofday)},
	{SANDBOX_CALL(time)},

	/* Memory: never executable, never a file but the rings and the counters page. */
	{SANDBOX_CALL(brk)},
#ifndef WITH_SANITIZER
	{SANDBOX_CALL(mmap),
	 {SANDBOX_MASK(2, ~(uint64_t)(PROT_READ | PROT_WRITE), 0), SANDBOX_INT(3, ANONYMOUS)}},
	{SANDBOX_CALL(mmap), {SANDBOX_EQUAL(2, PROT_READ), SANDBOX_INT(3, MAP_SHARED)}},
	{SANDBOX_CALL(mmap),
	 {SANDBOX_EQUAL(1, sizeof(struct session_counters)),
	  SANDBOX_EQUAL(2, PROT_READ | PROT_WRITE), SANDBOX_INT(3, MAP_SHARED)}},
	{SANDBOX_CALL(mmap2),
	 {SANDBOX_MASK(2, ~(uint64_t)(PROT_READ | PROT_WRITE), 0), SANDBOX_INT(3, ANONYMOUS)}},
	{SANDBOX_CALL(mmap2), {SANDBOX_EQUAL(2, PROT_READ), SANDBOX_INT(3, MAP_SHARED)}},
	{SANDBOX_CALL(mmap2),
	 {SANDBOX_EQUAL(1, sizeof(struct session_counters)),
	  SANDBOX_EQUAL(2, PROT_READ | PROT_WRITE), SANDBOX_INT(3, MAP_SHARED)}},
#endif
	{SANDBOX_CALL(munmap)},
	{SANDBOX_CALL(mremap), {SANDBOX_MASK(3, ~(uint64_t)MREMAP_MAYMOVE, 0)}},
	{SANDBOX_CALL(madvise), {SANDBOX_INT(2, MADV_DONTNEED)}},
	{SANDBOX_CALL(futex)},
	{SANDBOX_CALL(futex_time64)},

	{SANDBOX_CALL(getrandom)},
	{SANDBOX_CALL(getpid)},
	{SANDBOX_CALL(setsockopt),
	 {SANDBOX_INT(0, CONFINE_SOCK), SANDBOX_INT(1, IPPROTO_TCP), SANDBOX_INT(2, TCP_QUICKACK)}},
	{SANDBOX_CALL(getsockopt),
	 {SANDBOX_INT(0, CONFINE_SOCK), SANDBOX_INT(1, IPPROTO_TCP), SANDBOX_INT(2, TCP_INFO)}},
	{SANDBOX_CALL(shutdown), {SANDBOX_INT(0, CONFINE_SOCK), SANDBOX_INT(1, SHUT_WR)}},
	{SANDBOX_CALL(close)},
	{SANDBOX_CALL(restart_syscall)},
	{SANDBOX_CALL(exit_group)},
#ifdef WITH_SANITIZER
	/* What the run time needs to watch memory, and to report. */
	{SANDBOX_CALL(write), {SANDBOX_INT(0, STDERR_FILENO)}},
	{SANDBOX_CALL(mmap), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(mprotect), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(madvise)},
	{SANDBOX_CALL(gettid)},
	{SANDBOX_CALL(sched_yield)},
	{SANDBOX_CALL(sigaltstack)},
	{SANDBOX_CALL(rt_sigaction)},
	{SANDBOX_CALL(rt_sigprocmask)},
	{SANDBOX_CALL(ioctl), {SANDBOX_INT(0, STDERR_FILENO), SANDBOX_INT(1, TCGETS)}},
	{SANDBOX_CALL(readlink), .error = EACCES},
	{SANDBOX_CALL(open), .error = EACCES},
	{SANDBOX_CALL(openat), .error = EACCES},
	{SANDBOX_CALL(stat), .error = EACCES},
	{SANDBOX_CALL(newfstatat), .error = EACCES},
	{SANDBOX_CALL(pipe), .error = EACCES},
	{SANDBOX_CALL(pipe2), .error = EACCES},
	{SANDBOX_CALL(clone), .error = EACCES},
	{SANDBOX_CALL(fork), .error = EACCES},
	{SANDBOX_CALL(read)},
	{SANDBOX_CALL(getrlimit)},
	{SANDBOX_CALL(prlimit64)},
	{SANDBOX_CALL(tgkill)},
#endif
};

int confinement_init(struct confinement *c)
{
	int r;

	*c = (struct confinement){.ruleset = -EBADF, .null = -EBADF};
	r = sandbox_compile(rules, ARRAY_SIZE(rules), &c->filter);
	if (r < 0)
		return r;
	c->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (c->null < 0) {
		r = -errno;
		confinement_release(c);
		return r;
	}
	r = sandbox_landlock_new(NULL, 0, 0);
	if (r >= 0)
		c->ruleset = r;
	else if (r != -EOPNOTSUPP)
		confinement_release(c);
	return r >= 0 || r == -EOPNOTSUPP ? 0 : r;
}

void confinement_release(struct confinement *c)
{
	sandbox_filter_release(&c->filter);
	close_fd(steal_fd(&c->ruleset));
	close_fd(steal_fd(&c->null));
}

/* A copy out of the way of the low numbers that are about to be taken; *fd stays. */
static int lift(int fd)
{
	int lifted = fcntl(fd, F_DUPFD, CONFINE_DESCRIPTORS);

	return lifted < 0 ? -errno : lifted;
}

static int arrange_descriptors(const struct confinement *c, int sock, int link, int *ret_ruleset)
{
	int s = lift(sock), l = lift(link), n = lift(c->null);
	int ruleset = c->ruleset >= 0 ? lift(c->ruleset) : CONFINE_LINK;

	if (s < 0 || l < 0 || n < 0 || ruleset < 0)
		return -EMFILE;
	if (dup2(n, STDIN_FILENO) < 0 || dup2(n, STDOUT_FILENO) < 0 || dup2(s, CONFINE_SOCK) < 0 ||
	    dup2(l, CONFINE_LINK) < 0)
		return -errno;
	if (c->ruleset >= 0) {
		*ret_ruleset = dup2(ruleset, CONFINE_LINK + 1);
		if (*ret_ruleset < 0)
			return -errno;
	}
	if (close_range(*ret_ruleset >= 0 ? CONFINE_LINK + 2 : CONFINE_LINK + 1, ~0U, 0) < 0)
		return -errno;
	return 0;
}

/* The parent may have died before the signal was asked for. */
static int die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

static int reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

/* Standard error is the gate's: what is said there is the gate's word. A sanitizer needs it. */
static int leave_log(void)
{
#ifndef WITH_SANITIZER
	if (dup2(STDIN_FILENO, STDERR_FILENO) < 0)
		return -errno;
#endif
	return 0;
}

int confine_self(const struct confinement *c, int sock, int link, pid_t parent)
{
	const struct sandbox_limits limits = {
		.descriptors = CONFINE_DESCRIPTORS,
#ifdef WITH_SANITIZER
		/* Its shadow is large, and its report may go to a file. */
		.address_space = RLIM_INFINITY,
		.file_size = RLIM_INFINITY,
#else
		.address_space = CONFINE_ADDRESS_SPACE,
#endif
	};
	int ruleset = -EBADF, r = arrange_descriptors(c, sock, link, &ruleset);

	if (r == 0)
		r = die_with(parent);
	if (r == 0)
		r = reset_signals();
	if (r == 0)
		r = sandbox_drop_capabilities(0);
	if (r == 0)
		r = sandbox_hide();
	if (r == 0)
		r = sandbox_apply_limits(&limits);
	if (r == 0 && ruleset >= 0) {
		r = sandbox_apply_landlock(ruleset);
		close(ruleset);
	}
	if (r == 0)
		r = leave_log();
	if (r == 0)
		r = sandbox_apply_filter(&c->filter);
	return r;
}
