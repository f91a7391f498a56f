// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/confine.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/sanitizer.h"
#include "camera/epoch.h"
#include "camera/subscriber-list.h"
#include "camera/wake.h"
#include "v4l2/dumb.h"
#include "v4l2/queue.h"

/* Besides the wakes: the link, the loop, timers, signals, the devices, the rings, standard streams;
 * and a DMA-buf for each plane of the camera's buffers and of what a stream's converter fills. */
#define DMABUFS_MAX         (V4L2_QUEUE_BUFFERS_MAX * V4L2_QUEUE_PLANES_MAX * (1 + EPOCH_STREAMS))
#define DESCRIPTORS_BESIDES (64 + DMABUFS_MAX + 2 * SUBSCRIBERS_MAX)

/* _IOC_TYPE: of the request's second byte. */
#define V4L2_IOCTL_TYPE ((uint64_t)'V' << 8)
#define HEAP_IOCTL_TYPE ((uint64_t)'H' << 8)

/* The calls of one frame come first. Where 32-bit machines have calls of other names, both are
 * listed. */
static const struct sandbox_rule common[] = {
	{SANDBOX_CALL(epoll_wait)},
	{SANDBOX_CALL(epoll_pwait)},
	{SANDBOX_CALL(epoll_pwait2)},
	{SANDBOX_CALL(timerfd_settime)},
	{SANDBOX_CALL(timerfd_settime64)},
	{SANDBOX_CALL(sendto), {SANDBOX_EQUAL(4, 0)}},
	{SANDBOX_CALL(send)},
	{SANDBOX_CALL(read)},
	{SANDBOX_CALL(clock_gettime)},
	{SANDBOX_CALL(clock_gettime64)},
	{SANDBOX_CALL(recvmsg)},
	{SANDBOX_CALL(recvfrom)}, /* of local subscribers, as the next */
	{SANDBOX_CALL(recv)},
	{SANDBOX_CALL(pwritev)},
	{SANDBOX_CALL(sendmsg)},
	{SANDBOX_CALL(close)},
	{SANDBOX_CALL(epoll_ctl)},
	{SANDBOX_CALL(timerfd_create)},
	{SANDBOX_CALL(getpid)},
	{SANDBOX_CALL(brk)},
	{SANDBOX_CALL(mmap), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(mmap2), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(mprotect), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(munmap)},
	{SANDBOX_CALL(mremap)},
	{SANDBOX_CALL(madvise)},
	{SANDBOX_CALL(mlock)}, /* of the key */
	{SANDBOX_CALL(memfd_create)},
	{SANDBOX_CALL(fchmod)},
	{SANDBOX_CALL(ftruncate)},
	{SANDBOX_CALL(ftruncate64)},
	{SANDBOX_CALL(fcntl)},
	{SANDBOX_CALL(fcntl64)},
	{SANDBOX_CALL(fstat)},
	{SANDBOX_CALL(fstat64)},
#if __WORDSIZE == 32
	{SANDBOX_CALL(statx)}, /* by which its C library does stat() and fstat() */
#endif
	{SANDBOX_CALL(lseek)},
	{SANDBOX_CALL(futex)},
	{SANDBOX_CALL(futex_time64)},
	{SANDBOX_CALL(getrandom)},
	{SANDBOX_CALL(gettid)},
	{SANDBOX_CALL(sysinfo)},
	{SANDBOX_CALL(sched_getaffinity)},
	{SANDBOX_CALL(sched_yield)},
	{SANDBOX_CALL(signalfd4)},
	{SANDBOX_CALL(rt_sigprocmask)},
	{SANDBOX_CALL(rt_sigreturn)},
	{SANDBOX_CALL(write)},
	{SANDBOX_CALL(ppoll)}, /* of the log */
	{SANDBOX_CALL(ppoll_time64)},
	{SANDBOX_CALL(restart_syscall)},
	{SANDBOX_CALL(exit_group)},
#ifdef WITH_SANITIZER
	/* What the run time needs to watch memory, and to report. */
	{SANDBOX_CALL(rt_sigaction)},
	{SANDBOX_CALL(sigaltstack)},
	{SANDBOX_CALL(readlink)},
	{SANDBOX_CALL(prlimit64)},
	{SANDBOX_CALL(getrlimit)},
	{SANDBOX_CALL(clone)},
	{SANDBOX_CALL(wait4)},
	{SANDBOX_CALL(prctl)},
	{SANDBOX_CALL(exit)},
#endif
};

/* The C library looks about in /proc and /sys, and goes on without. */
static const struct sandbox_rule without_device[] = {
	{SANDBOX_CALL(open), .error = EACCES},
	{SANDBOX_CALL(openat), .error = EACCES},
	{SANDBOX_CALL(newfstatat), .error = EACCES},
	{SANDBOX_CALL(ioctl), .error = ENOTTY},
};

/* Landlock says which node. */
static const struct sandbox_rule with_device[] = {
	{SANDBOX_CALL(open)},
	{SANDBOX_CALL(openat)},
	{SANDBOX_CALL(newfstatat)},
	{SANDBOX_CALL(fstatat64)},
	{SANDBOX_CALL(poll)},
	{SANDBOX_CALL(clock_nanosleep)},
	{SANDBOX_CALL(clock_nanosleep_time64)},
	{SANDBOX_CALL(ioctl), {SANDBOX_MASK(1, 0xff00, V4L2_IOCTL_TYPE)}},
	{SANDBOX_CALL(ioctl), {SANDBOX_MASK(1, 0xff00, HEAP_IOCTL_TYPE)}},
	{SANDBOX_CALL(ioctl), {SANDBOX_EQUAL(1, DMA_BUF_IOCTL_SYNC)}},
};

#define CARD_RULES_MAX 8
#define RULES_MAX      (ARRAY_SIZE(common) + ARRAY_SIZE(with_device) + CARD_RULES_MAX)

int confine_settle(const char *const nodes[], unsigned int n, int *ret)
{
	struct sandbox_path paths[CONFINE_NODES_MAX];
	unsigned int n_paths = 0;
	int ruleset;

	for (unsigned int i = 0; i < n; i++)
		if (nodes[i])
			paths[n_paths++] = (struct sandbox_path){.path = nodes[i], .write = true};
	ruleset = sandbox_landlock_new(paths, n_paths, 0);
	*ret = -EBADF;
	if (ruleset == -EOPNOTSUPP) {
		log_warning("this kernel has no Landlock: files are kept away by permissions only");
		return 0;
	}
	if (ruleset < 0) {
		log_error("cannot use device %s: %s", n_paths ? paths[0].path : "",
			  strerror(-ruleset));
		return ruleset;
	}
	*ret = ruleset;
	return 0;
}

/* Of a card memory, and no more: nothing that would change what is on its screens. */
static size_t add_card(struct sandbox_rule *rules)
{
	const uint32_t *requests;
	unsigned int n = v4l2_dumb_requests(&requests);

	for (unsigned int i = 0; i < n && i < CARD_RULES_MAX; i++)
		rules[i] =
			(struct sandbox_rule){SANDBOX_CALL(ioctl), {SANDBOX_INT(1, requests[i])}};
	return n;
}

static int enter_filter(bool device)
{
	const struct sandbox_rule *more = device ? with_device : without_device;
	size_t n_more = device ? ARRAY_SIZE(with_device) : ARRAY_SIZE(without_device);
	struct sandbox_rule rules[RULES_MAX];
	size_t n = ARRAY_SIZE(common) + n_more;
	struct sandbox_filter filter = {};
	int r;

	memcpy(rules, common, sizeof(common));
	memcpy(rules + ARRAY_SIZE(common), more, n_more * sizeof(*more));
	if (device)
		n += add_card(rules + n);
	r = sandbox_compile(rules, n, &filter);
	if (r >= 0)
		r = sandbox_apply_filter(&filter);
	sandbox_filter_release(&filter);
	return r;
}

int confine(int settled, bool device)
{
	const struct sandbox_limits limits = {
		.descriptors = WAKES_MAX + DESCRIPTORS_BESIDES,
		.address_space = RLIM_INFINITY,
		.file_size = RLIM_INFINITY,
		.processes = RLIM_INFINITY,
	};
	int r = sandbox_drop_capabilities(0);

	if (r >= 0)
		r = sandbox_hide();
	if (r >= 0)
		r = sandbox_apply_limits(&limits);
	if (r < 0) {
		log_error("cannot be confined: %s", strerror(-r));
		return r;
	}
	if (settled >= 0)
		r = sandbox_apply_landlock(settled);
	if (r >= 0)
		r = enter_filter(device);
	if (r < 0)
		log_error("cannot be confined: %s", strerror(-r));
	return r;
}
