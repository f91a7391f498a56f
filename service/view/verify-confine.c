// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/verify-confine.h"

#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/sandbox.h"
#include "base/sanitizer.h"

static const struct sandbox_rule rules[] = {
	{SANDBOX_CALL(write)},
	{SANDBOX_CALL(writev)},
	{SANDBOX_CALL(brk)},
	{SANDBOX_CALL(mmap), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(mmap2), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
	{SANDBOX_CALL(munmap)},
	{SANDBOX_CALL(mremap)},
	{SANDBOX_CALL(madvise)},
	{SANDBOX_CALL(futex)},
	{SANDBOX_CALL(futex_time64)},
	/* stdio asks what it writes to. */
	{SANDBOX_CALL(fstat)},
	{SANDBOX_CALL(newfstatat)},
	{SANDBOX_CALL(fstat64)},
	{SANDBOX_CALL(statx)},
	{SANDBOX_CALL(ioctl), .error = ENOTTY},
	{SANDBOX_CALL(lseek)},
	{SANDBOX_CALL(close)},
	/* json-c seeds its hash tables. */
	{SANDBOX_CALL(getrandom)},
	{SANDBOX_CALL(openat), .error = EACCES},
	{SANDBOX_CALL(clock_gettime)},
	{SANDBOX_CALL(clock_gettime64)},
	{SANDBOX_CALL(rt_sigreturn)},
	{SANDBOX_CALL(exit_group)},
#ifdef WITH_SANITIZER
	{SANDBOX_CALL(mprotect), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
#endif
};

int verify_confine(void)
{
	struct sandbox_filter filter;
	int ruleset, r;

	r = sandbox_compile(rules, ARRAY_SIZE(rules), &filter);
	if (r < 0)
		return r;
	ruleset = sandbox_landlock_new(NULL, 0, 0);
	if (ruleset >= 0)
		r = sandbox_apply_landlock(ruleset);
	else if (ruleset != -EOPNOTSUPP)
		r = ruleset;
	close_fd(ruleset);
	if (r == 0)
		r = sandbox_drop_capabilities(0);
	if (r == 0)
		r = sandbox_apply_filter(&filter);
	sandbox_filter_release(&filter);
	return r;
}
