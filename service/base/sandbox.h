// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How a process gives up what it does not need. Each process keeps its own table of system calls
 * beside its main(); this file knows none of them.
 *
 *	static const struct sandbox_rule rules[] = {
 *		{SANDBOX_CALL(read)},
 *		{SANDBOX_CALL(socket), .error = EACCES},
 *		{SANDBOX_CALL(mmap), {SANDBOX_MASK(2, PROT_EXEC, 0)}},
 *	};
 *
 *	sandbox_compile(rules, ARRAY_SIZE(rules), &filter);
 *	ruleset = sandbox_landlock_new(paths, n_paths, 0);
 *	...						open what is needed for life
 *	sandbox_apply_limits(&limits);
 *	sandbox_drop_capabilities(0);
 *	sandbox_hide();
 *	sandbox_apply_landlock(ruleset);		-EOPNOTSUPP: an old kernel, say so and go on
 *	sandbox_apply_filter(&filter);			last: it refuses the calls above
 *
 * Compiling and the ruleset are for the parent where there is one, applying for the child.
 */
#pragma once

#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

enum sandbox_operator {
	SANDBOX_OP_ALWAYS = 0,
	SANDBOX_OP_EQUAL,  /* argument == value */
	SANDBOX_OP_MASKED, /* (argument & mask) == value */
};

struct sandbox_condition {
	uint8_t op;       /* enum sandbox_operator */
	uint8_t argument; /* from 0; its whole 64 bits are compared: mind signed ones */
	uint64_t mask;
	uint64_t value;
};

#define SANDBOX_EQUAL(arg, v)                   \
	{                                       \
		SANDBOX_OP_EQUAL, (arg), 0, (v) \
	}
#define SANDBOX_MASK(arg, m, v)                    \
	{                                          \
		SANDBOX_OP_MASKED, (arg), (m), (v) \
	}
/* An int that is -1 reaches the kernel with its upper half in any state. */
#define SANDBOX_INT(arg, v)                                         \
	{                                                           \
		SANDBOX_OP_MASKED, (arg), UINT32_MAX, (uint32_t)(v) \
	}

#define SANDBOX_CONDITIONS_MAX 4

/* Permits a call if all conditions hold (at most one an argument). Several rules of one call are
 * alternatives. error: instead of permitting, let the call fail with this errno. */
struct sandbox_rule {
	int call; /* SCMP_SYS(); one that this architecture lacks is passed over */
	struct sandbox_condition conditions[SANDBOX_CONDITIONS_MAX];
	int error;
};

#define SANDBOX_CALL(n) .call = SCMP_SYS(n)

/* A compiled filter; it lives on the heap and may be applied any number of times. */
struct sandbox_filter {
	struct sock_filter *instructions;
	uint16_t n;
};

/*
 * Compiles the table into an allow-list. What no rule permits kills the process (SIGSYS), a call of
 * another architecture always does; built with -Dsandbox=log it is logged and let through. Rules
 * that come first are looked at first: put the frequent ones there. Errors: -EINVAL (the table),
 * -ENOMEM, -ENOSYS (a kernel that lacks the action).
 */
int sandbox_compile(const struct sandbox_rule *rules, size_t n_rules, struct sandbox_filter *ret);
void sandbox_filter_release(struct sandbox_filter *f);

/* Sets no_new_privs and enters the filter, for good. */
int sandbox_apply_filter(const struct sandbox_filter *f);

/* What remains reachable in the file system: everything beneath path. */
struct sandbox_path {
	const char *path;
	bool write; /* and device ioctls, where the kernel tells them apart */
};

/*
 * A Landlock ruleset that denies everything this kernel can deny (files, TCP bind and connect,
 * signals and abstract sockets outside) but those paths. Descriptors that are open already are
 * not touched. Returns the ruleset's descriptor, which the caller owns; -EOPNOTSUPP: this kernel
 * has no Landlock; errors of opening a path.
 */
int sandbox_landlock_new(const struct sandbox_path *paths, size_t n_paths, unsigned int leave);
/* leave: what is not denied nevertheless. */
#define SANDBOX_LEAVE_TCP     1u /* bind, connect */
#define SANDBOX_LEAVE_SIGNALS 2u /* to processes outside: a filter can say to which */
/* Sets no_new_privs and enters the ruleset, for good. ruleset stays the caller's. */
int sandbox_apply_landlock(int ruleset);

/* Bounds for the process itself, lower where it is bound lower already; RLIM_INFINITY leaves one as
 * it is. Core dumps are forbidden. */
struct sandbox_limits {
	rlim_t descriptors;   /* RLIMIT_NOFILE: one above the highest number */
	rlim_t address_space; /* RLIMIT_AS, bytes */
	rlim_t file_size;     /* RLIMIT_FSIZE, bytes; a new memfd counts as a file */
	rlim_t processes;     /* RLIMIT_NPROC, threads included; 0: none can be started */
};
int sandbox_apply_limits(const struct sandbox_limits *l);

/* Gives up every capability, which only a process of root's has, but those kept: 1 << CAP_... */
int sandbox_drop_capabilities(uint64_t kept);

/* No core, no ptrace, no /proc/self/mem for others of this user. */
int sandbox_hide(void);
