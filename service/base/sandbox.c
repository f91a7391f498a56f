// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

DEFINE_CLEANUP(scmp_filter_ctx, seccomp_release)

/* With -Dsandbox=log system calls are only logged, and what cannot be logged is left out: coverage
 * and the leak checker write files, start a thread and trace their own process. */
#ifdef SANDBOX_LOG
#define REFUSE    SCMP_ACT_LOG
#define ENFORCING false
#else
#define REFUSE    SCMP_ACT_KILL_PROCESS
#define ENFORCING true
#endif

static int add_rule(scmp_filter_ctx context, const struct sandbox_rule *rule, uint8_t priority)
{
	struct scmp_arg_cmp compare[SANDBOX_CONDITIONS_MAX];
	unsigned int n = 0;
	uint32_t action =
		rule->error && ENFORCING ? SCMP_ACT_ERRNO((uint32_t)rule->error) : SCMP_ACT_ALLOW;
	int r;

	for (size_t i = 0; i < SANDBOX_CONDITIONS_MAX; i++) {
		const struct sandbox_condition *c = &rule->conditions[i];

		if (c->op == SANDBOX_OP_EQUAL)
			compare[n++] = SCMP_CMP64(c->argument, SCMP_CMP_EQ, c->value, 0);
		else if (c->op == SANDBOX_OP_MASKED)
			compare[n++] =
				SCMP_CMP64(c->argument, SCMP_CMP_MASKED_EQ, c->mask, c->value);
	}
	r = seccomp_rule_add_exact_array(context, action, rule->call, n, compare);
	if (r < 0)
		return r;
	return seccomp_syscall_priority(context, rule->call, priority);
}

static int export_filter(scmp_filter_ctx context, struct sandbox_filter *ret)
{
	_cleanup_close_ int fd = memfd_create("filter", MFD_CLOEXEC);
	_cleanup_free_ struct sock_filter *instructions = NULL;
	struct stat st;
	size_t size;
	int r;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(context, fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	size = (size_t)st.st_size;
	if (!size || size % sizeof(*instructions) || size / sizeof(*instructions) > BPF_MAXINSNS)
		return -EINVAL;
	instructions = malloc(size);
	if (!instructions)
		return -ENOMEM;
	if (pread(fd, instructions, size, 0) != (ssize_t)size)
		return -EIO;
	*ret = (struct sandbox_filter){
		.instructions = steal_pointer(&instructions),
		.n = (uint16_t)(size / sizeof(*instructions)),
	};
	return 0;
}

int sandbox_compile(const struct sandbox_rule *rules, size_t n_rules, struct sandbox_filter *ret)
{
	_cleanup_(seccomp_releasep) scmp_filter_ctx context = seccomp_init(REFUSE);
	int r;

	if (!context)
		return -ENOSYS;
	r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_rules; i++) {
		if (rules[i].call < 0)
			continue;
		r = add_rule(context, &rules[i], (uint8_t)(i < 255 ? 255 - i : 0));
		if (r < 0)
			return r;
	}
	return export_filter(context, ret);
}

void sandbox_filter_release(struct sandbox_filter *f)
{
	free(f->instructions);
	*f = (struct sandbox_filter){};
}

static int no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int sandbox_apply_filter(const struct sandbox_filter *f)
{
	struct sock_fprog program = {.len = f->n, .filter = f->instructions};
	int r = no_new_privileges();

	if (r < 0)
		return r;
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return -errno;
	return 0;
}

/* The kernel's interface as of ABI 6; Debian 12's header ends at ABI 2. */
struct ruleset_attr {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

#define FS_ABI_1     ((UINT64_C(1) << 13) - 1)
#define FS_REFER     (UINT64_C(1) << 13) /* ABI 2 */
#define FS_TRUNCATE  (UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define NET_ALL      UINT64_C(3)         /* ABI 4: TCP bind, connect */
#define SCOPED_ALL   UINT64_C(3)         /* ABI 6: abstract UNIX sockets, signals */
#define SCOPED_UNIX  UINT64_C(1)

static struct ruleset_attr deny_all(long abi, unsigned int leave)
{
	struct ruleset_attr a = {.fs = FS_ABI_1};

	if (abi >= 2)
		a.fs |= FS_REFER;
	if (abi >= 3)
		a.fs |= FS_TRUNCATE;
	if (abi >= 4 && !(leave & SANDBOX_LEAVE_TCP))
		a.net = NET_ALL;
	if (abi >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		a.scoped = leave & SANDBOX_LEAVE_SIGNALS ? SCOPED_UNIX : SCOPED_ALL;
	return a;
}

static int permit_path(int ruleset, const struct sandbox_path *p, uint64_t handled)
{
	_cleanup_close_ int fd = open(p->path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr beneath = {.parent_fd = fd};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	beneath.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
	if (S_ISDIR(st.st_mode))
		beneath.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	if (p->write)
		beneath.allowed_access |=
			LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
	beneath.allowed_access &= handled;
	if (syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		return -errno;
	return 0;
}

int sandbox_landlock_new(const struct sandbox_path *paths, size_t n_paths, unsigned int leave)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset_attr attr = deny_all(abi, leave);
	_cleanup_close_ int ruleset = -EBADF;

	if (abi < 1)
		return -EOPNOTSUPP;
	ruleset = (int)syscall(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return -errno;
	for (size_t i = 0; i < n_paths; i++) {
		int r = permit_path(ruleset, &paths[i], attr.fs);

		if (r < 0)
			return r;
	}
	return steal_fd(&ruleset);
}

int sandbox_apply_landlock(int ruleset)
{
	int r = no_new_privileges();

	if (r < 0)
		return r;
	if (ENFORCING && syscall(__NR_landlock_restrict_self, ruleset, 0) < 0)
		return -errno;
	return 0;
}

static int limit(int resource, rlim_t value)
{
	struct rlimit l;

	if (value == RLIM_INFINITY)
		return 0;
	if (getrlimit((__rlimit_resource_t)resource, &l) < 0)
		return -errno;
	l.rlim_max = l.rlim_cur = value < l.rlim_max ? value : l.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &l) < 0 ? -errno : 0;
}

int sandbox_apply_limits(const struct sandbox_limits *l)
{
	const struct {
		int resource;
		rlim_t value;
	} limits[] = {
		{RLIMIT_CORE, 0},
		{RLIMIT_FSIZE, l->file_size},
		{RLIMIT_NPROC, l->processes},
		{RLIMIT_NOFILE, l->descriptors},
		{RLIMIT_AS, l->address_space},
	};

	for (size_t i = 0; ENFORCING && i < ARRAY_SIZE(limits); i++) {
		int r = limit(limits[i].resource, limits[i].value);

		if (r < 0)
			return r;
	}
	return 0;
}

int sandbox_drop_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
	struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3];

	/* A service's unit may have taken them all, and the call with them. */
	if (syscall(__NR_capget, &header, held) == 0 && !memcmp(held, none, sizeof(held)))
		return 0;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t mask = held[i].effective & (uint32_t)(kept >> 32 * i);

		held[i] = (struct __user_cap_data_struct){.effective = mask, .permitted = mask};
	}
	return syscall(__NR_capset, &header, held) < 0 ? -errno : 0;
}

int sandbox_hide(void)
{
	return ENFORCING && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}
