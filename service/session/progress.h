// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether a viewer still takes what waits for it. However slowly it does, it is no stalled one: the
 * kernel takes the next bytes from us only once it has got rid of many, so what tells is what the
 * viewer's kernel has acknowledged. That is looked at only while bytes wait and none are taken.
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

#define PROGRESS_STALL_USEC (4 * USEC_PER_SEC)    /* nothing taken at all */
#define PROGRESS_LOOK_USEC  (500 * USEC_PER_MSEC) /* between two looks at the connection */

struct progress {
	/* CLOCK_MONOTONIC, us. */
	uint64_t at;   /* the last: bytes were taken, or none waited */
	uint64_t look; /* when the connection is looked at next */
	bool looked;   /* since bytes were taken last; then */
	uint64_t acknowledged;
};

/* The kernel has taken bytes, or none wait. */
static inline void progress_made(struct progress *p, uint64_t now)
{
	*p = (struct progress){.at = now, .look = now + PROGRESS_LOOK_USEC};
}

/* While bytes wait: when to call progress_stalled(). */
static inline uint64_t progress_deadline(const struct progress *p)
{
	uint64_t stalled = p->at + PROGRESS_STALL_USEC;

	return p->look < stalled ? p->look : stalled;
}

/* While bytes wait: whether none have been taken for PROGRESS_STALL_USEC. */
bool progress_stalled(struct progress *p, int sock, uint64_t now);
