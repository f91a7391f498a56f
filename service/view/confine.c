// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/dma-buf.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sandbox.h"
#include "base/sanitizer.h"

/* Link, socket, signals, sink, report; a display's device, a decoder's, its pictures for a moment.
 */
#define DESCRIPTORS 64

/* _IOC_TYPE: of the request's second byte. */
#define DRM_IOCTL_TYPE  ((uint64_t)'d' << 8)
#define V4L2_IOCTL_TYPE ((uint64_t)'V' << 8)

/* The calls of one frame come first. Where 32-bit machines have calls of other names, both are
 * listed. */
static const struct sandbox_rule common[] = {
	{SANDBOX_CALL(poll)},
	{SANDBOX_CALL(ppoll)},
	{SANDBOX_CALL(ppoll_time64)},
	{SANDBOX_CALL(recvfrom)},
	{SANDBOX_CALL(recv)},
	{SANDBOX_CALL(read)},
	{SANDBOX_CALL(write)},
	{SANDBOX_CALL(writev)},
	{SANDBOX_CALL(clock_gettime)},
	{SANDBOX_CALL(clock_gettime64)},
	{SANDBOX_CALL(gettimeofday)},
	{SANDBOX_CALL(time)},
	{SANDBOX_CALL(sendto), {SANDBOX_EQUAL(4, 0)}},
	{SANDBOX_CALL(send)},
	{SANDBOX_CALL(sendmsg)},
	{SANDBOX_CALL(recvmsg)},
	{SANDBOX_CALL(close)},

	{SANDBOX_CALL(brk)},
	{SANDBOX_CALL(mmap), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(mmap2), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(mprotect), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(munmap)},
	{SANDBOX_CALL(mremap)},
	{SANDBOX_CALL(madvise)},
	{SANDBOX_CALL(futex)},
	{SANDBOX_CALL(futex_time64)},

	{SANDBOX_CALL(getrandom)},
	{SANDBOX_CALL(getpid)},
	{SANDBOX_CALL(getrusage)},
	/* stdio asks what it writes to, and whether it is a terminal. */
	{SANDBOX_CALL(fstat)},
	{SANDBOX_CALL(fstat64)},
	{SANDBOX_CALL(lseek)},
	{SANDBOX_CALL(_llseek)},
	{SANDBOX_CALL(ioctl), {SANDBOX_INT(1, TCGETS)}},
	/* Of the command's end. */
	{SANDBOX_CALL(waitid)},
	{SANDBOX_CALL(wait4)},
	{SANDBOX_CALL(waitpid)},
	{SANDBOX_CALL(clock_nanosleep)},
	{SANDBOX_CALL(rt_sigreturn)},
	{SANDBOX_CALL(restart_syscall)},
	{SANDBOX_CALL(exit_group)},
#ifdef WITH_SANITIZER
	/* What the run time needs to watch memory, and to report. */
	{SANDBOX_CALL(rt_sigaction)},
	{SANDBOX_CALL(rt_sigprocmask)},
	{SANDBOX_CALL(sigaltstack)},
	{SANDBOX_CALL(readlink)},
	{SANDBOX_CALL(prlimit64)},
	{SANDBOX_CALL(getrlimit)},
	{SANDBOX_CALL(gettid)},
	{SANDBOX_CALL(sched_yield)},
	{SANDBOX_CALL(clone)},
	{SANDBOX_CALL(prctl)},
	{SANDBOX_CALL(exit)},
#endif
};

/* Memory is made and shown by the device that is open already. */
static const struct sandbox_rule with_display[] = {
	{SANDBOX_CALL(epoll_ctl)},
	{SANDBOX_CALL(ioctl), {SANDBOX_MASK(1, 0xff00, DRM_IOCTL_TYPE)}},
	{SANDBOX_CALL(ioctl), {SANDBOX_INT(0, STDIN_FILENO), SANDBOX_INT(1, VT_RELDISP)}},
	{SANDBOX_CALL(ioctl), {SANDBOX_INT(0, STDIN_FILENO), SANDBOX_INT(1, VT_SETMODE)}},
	{SANDBOX_CALL(ioctl), {SANDBOX_INT(0, STDIN_FILENO), SANDBOX_INT(1, KDSETMODE)}},
	/* Of the software decoder. */
	{SANDBOX_CALL(sched_getaffinity)},
	{SANDBOX_CALL(sysinfo)},
};

/* Landlock says which node. */
static const struct sandbox_rule with_decoder[] = {
	{SANDBOX_CALL(open)},
	{SANDBOX_CALL(openat)},
	{SANDBOX_CALL(newfstatat)},
	{SANDBOX_CALL(fstatat64)},
	{SANDBOX_CALL(fcntl)},
	{SANDBOX_CALL(fcntl64)},
	{SANDBOX_CALL(ioctl), {SANDBOX_MASK(1, 0xff00, V4L2_IOCTL_TYPE)}},
	{SANDBOX_CALL(ioctl), {SANDBOX_EQUAL(1, DMA_BUF_IOCTL_SYNC)}},
};

/* The C library looks about, and goes on without. */
static const struct sandbox_rule without_decoder[] = {
	{SANDBOX_CALL(open), .error = EACCES},
	{SANDBOX_CALL(openat), .error = EACCES},
	{SANDBOX_CALL(newfstatat)},
	{SANDBOX_CALL(statx), .error = EACCES},
};

#define RULES_MAX                                                                   \
	(ARRAY_SIZE(common) + ARRAY_SIZE(with_display) + ARRAY_SIZE(with_decoder) + \
	 ARRAY_SIZE(without_decoder) + 1)

static size_t add(struct sandbox_rule *to, size_t n, const struct sandbox_rule *rules, size_t more)
{
	memcpy(to + n, rules, more * sizeof(*rules));
	return n + more;
}

static int enter_filter(const struct confine_needs *needs)
{
	const struct sandbox_rule end_command = {SANDBOX_CALL(kill),
						 {SANDBOX_INT(0, needs->command)}};
	struct sandbox_rule rules[RULES_MAX];
	struct sandbox_filter filter = {};
	size_t n = add(rules, 0, common, ARRAY_SIZE(common));
	int r;

	if (needs->display)
		n = add(rules, n, with_display, ARRAY_SIZE(with_display));
	if (needs->decoder)
		n = add(rules, n, with_decoder, ARRAY_SIZE(with_decoder));
	else
		n = add(rules, n, without_decoder, ARRAY_SIZE(without_decoder));
	if (needs->command > 0)
		n = add(rules, n, &end_command, 1);
	r = sandbox_compile(rules, n, &filter);
	if (r == 0)
		r = sandbox_apply_filter(&filter);
	sandbox_filter_release(&filter);
	return r;
}

static int enter_landlock(const struct confine_needs *needs)
{
	const struct sandbox_path decoder = {.path = needs->decoder, .write = true};
	_cleanup_close_ int ruleset = sandbox_landlock_new(
		&decoder, needs->decoder ? 1 : 0, needs->command > 0 ? SANDBOX_LEAVE_SIGNALS : 0);

	/* A named node that is not there is told when it is to be opened. */
	if (ruleset == -ENOENT)
		ruleset = sandbox_landlock_new(NULL, 0, SANDBOX_LEAVE_SIGNALS);
	/* Without a file to open, the filter alone refuses them all. */
	if (ruleset == -EOPNOTSUPP && !needs->decoder)
		return 0;
	return ruleset < 0 ? ruleset : sandbox_apply_landlock(ruleset);
}

int view_confine(const struct confine_needs *needs)
{
	const struct sandbox_limits limits = {
		.descriptors = DESCRIPTORS,
		.address_space = RLIM_INFINITY,
		.file_size = RLIM_INFINITY,
		.processes = RLIM_INFINITY,
	};
	/* Root's own terminal may not be the one that it was started on. */
	uint64_t kept = needs->display ? UINT64_C(1) << CAP_SYS_TTY_CONFIG : 0;
	int r = sandbox_apply_limits(&limits);

	if (r == 0)
		r = enter_landlock(needs);
	if (r == 0)
		r = sandbox_drop_capabilities(kept);
	return r < 0 ? r : enter_filter(needs);
}
