// SPDX-License-Identifier: LGPL-2.1-or-later
/* How long to wait before each new attempt: a second, then twice as long, up to half a minute. */
#pragma once

#include <stdint.h>

#include "base/clock.h"

#define BACKOFF_MIN_USEC (1 * USEC_PER_SEC)
#define BACKOFF_MAX_USEC (30 * USEC_PER_SEC)

/* Zero-initialised: no attempt yet. */
struct backoff {
	uint64_t last; /* us; 0: the next is the first */
};

static inline uint64_t backoff_next(struct backoff *b)
{
	uint64_t next = b->last ? b->last * 2 : BACKOFF_MIN_USEC;

	b->last = next < BACKOFF_MAX_USEC ? next : BACKOFF_MAX_USEC;
	return b->last;
}

/* It worked. */
static inline void backoff_reset(struct backoff *b)
{
	b->last = 0;
}
