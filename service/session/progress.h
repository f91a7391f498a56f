// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether a viewer still takes what it is owed. However slowly it does, it is no stalled one: the
 * kernel takes the next bytes from us only once it has got rid of many, so what tells is what the
 * viewer's kernel has acknowledged. It is looked at each time that the session is awake anyway, at
 * most twice a second, and by a timer only while bytes wait for the kernel to take them: what the
 * kernel holds grows stale as well, and a network that comes back after long would deliver it.
 *
 * Whoever does not acknowledge what was sent into an open window cannot be reached. Whoever has its
 * window closed may be reading still: a kernel may open it only once some 64 KB have been read, for
 * which 15 KB/s take more than four seconds. What is sent into it then has its own time to be
 * acknowledged.
 *
 * TCP_USER_TIMEOUT is not for this. It counts from the first probe of a closed window, and a window
 * that opens by less than what stands first in the queue does not stop it (Linux 6.18,
 * tcp_probe_timer() and tcp_ack_probe()): a viewer whose buffer is small loses its connection by it
 * while it takes all that it can.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define PROGRESS_SILENT_USEC (4 * USEC_PER_SEC)    /* nothing acknowledged of what was sent */
#define PROGRESS_CLOSED_USEC (10 * USEC_PER_SEC)   /* all acknowledged, and no room for more */
#define PROGRESS_LOOK_USEC   (500 * USEC_PER_MSEC) /* between two looks at the connection */

struct progress {
	/* CLOCK_MONOTONIC, us. */
	/* Of the last look that found the viewer owed nothing, or to have taken some. */
	uint64_t at;
	uint64_t opened; /* of the first look that found something under way into an open window */
	uint64_t look;   /* when the next is due, by progress_stalled() */
	/* When it was looked at last; then. */
	bool owed, open;
	uint64_t acknowledged;
};

static inline void progress_begin(struct progress *p, uint64_t now)
{
	*p = (struct progress){.at = now, .look = now + PROGRESS_LOOK_USEC};
}

/* Whether none of what is owed has been taken for too long. Only a look that is due says so, and
 * costs a system call. */
bool progress_stalled(struct progress *p, int sock, uint64_t now);
