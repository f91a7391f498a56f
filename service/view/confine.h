// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What camward-view gives up once all that it writes to is open, and before the first byte of the
 * network: new files (but a hardware decoder's node), sockets, processes, programs, signals to
 * others. What --exec started runs on as it was; who makes the connections is view/dialer.h.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct confine_needs {
	pid_t command;       /* that may be ended; 0: none */
	bool display;        /* its device is open */
	const char *decoder; /* a node that will be opened; NULL: none */
};

/* For good. Errors: -EOPNOTSUPP (a decoder, and a kernel without Landlock, which alone can tell its
 * node from other files), those of base/sandbox.h. */
int view_confine(const struct confine_needs *needs);
