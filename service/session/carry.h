// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the gate takes along when it executes itself again to get a fresh memory layout: its link to
 * the broker, the server's certificates, its running children and the penalties. It travels in a
 * memfd whose number stands in the environment; listening sockets travel by LISTEN_FDS as they
 * came. Children and their pidfds stay what they are, since the process does.
 */
#pragma once

#include "session/penalties.h"
#include "session/roster.h"

struct carry {
	int link;
	uint64_t next_connection;
	struct gate_server server;
	/* Filled in from roster and penalties, and into them. */
	uint32_t n_entries, n_penalties;
};

/*
 * Executes the program again with these; returns only on error. Descriptors that are not named in
 * c, r or keep are closed by it.
 */
int carry_exec(const struct carry *c, const struct roster *r, const struct penalties *p,
	       const int *keep, size_t n_keep, char **argv);

/* Takes up what a former execution left. 1: there is some; the descriptors are close-on-exec
 * again; 0: this is the first execution. Errors: -EPROTO, -E2BIG (more children than the limits
 * permit; they were the same). */
int carry_resume(struct carry *c, struct roster *r, struct penalties *p);
