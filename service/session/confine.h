// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a session may do: its table of system calls, and everything else that it gives up between
 * the fork and the first byte from the network. The filter and the Landlock ruleset are made once,
 * in the gate.
 */
#pragma once

#include <sys/types.h>

#include "base/sandbox.h"

/* Where the session finds its descriptors. The filter names them: send() is for CONFINE_SOCK alone,
 * sendmsg() for CONFINE_LINK alone. */
#define CONFINE_SOCK 3
#define CONFINE_LINK 4
/* The four of GRANTED for a moment, then the wake. */
#define CONFINE_DESCRIPTORS   9
#define CONFINE_ADDRESS_SPACE ((rlim_t)2 << 30)

struct confinement {
	struct sandbox_filter filter;
	int ruleset; /* -EBADF: this kernel has no Landlock */
	int null;
};

/* Errors: those of sandbox_compile() and sandbox_landlock_new() but -EOPNOTSUPP. */
int confinement_init(struct confinement *c);
void confinement_release(struct confinement *c);

/*
 * For the child: moves the two descriptors to their places, closes every other, puts /dev/null on
 * standard input and output and, last, on standard error (a sanitizer keeps that), dies with its
 * parent, and enters limits, Landlock and the filter. Any error must end the child.
 */
int confine_self(const struct confinement *c, int sock, int link, pid_t parent);
