// SPDX-License-Identifier: LGPL-2.1-or-later
/* The command line of camward-gate. */
#pragma once

#include <stdbool.h>

#include "session/address-list.h"
#include "session/roster.h"

#define OPTIONS_GRACE_MAX 300 /* s */

struct options {
	int broker_fd; /* -EBADF: not given, connect */
	struct roster_limits limits;
	uint32_t grace;             /* s, from the accept to the lease */
	struct address_list exempt; /* from penalties */
};

/*
 * Fills in *ret with the defaults and what argv says. Returns 1 when all has been said (--help,
 * --version) and the program is to end, 0, or -EINVAL after naming the mistake on standard error.
 */
int options_parse(struct options *ret, int argc, char **argv);
