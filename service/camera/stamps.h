// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * When the frames were captured that an encoder has and has not yet given coded: found again by the
 * key that comes back with each access unit. Pure.
 */
#pragma once

#include <stdint.h>

#define STAMPS_MAX 64 /* more frames than any encoder keeps */

struct stamp {
	uint64_t key; /* rises from frame to frame */
	uint64_t captured_monotonic, captured_realtime, captured_boottime; /* us */
	uint64_t submitted;                                                /* us, CLOCK_MONOTONIC */
};

/* Zero-initialised: empty. */
struct stamps {
	struct stamp entries[STAMPS_MAX];
	unsigned int first, count;
};

/* Returns how many were lost to make room: 0 or 1. */
unsigned int stamps_add(struct stamps *s, const struct stamp *stamp);
/* The one added last did not go in after all. */
void stamps_undo(struct stamps *s);

/*
 * Takes the one with this key. Those before it will not come any more: returns their number.
 * Errors: -ENOENT.
 */
int stamps_take(struct stamps *s, uint64_t key, struct stamp *ret);
