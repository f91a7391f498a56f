// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leaves frames out, evenly, so that no more than the rate that was asked for remains. Judged by
 * when the frames were taken: what a camera says of its rate need not hold (in the dark, most
 * expose longer).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct thinner {
	uint64_t interval; /* us; 0: nothing is left out */
	uint64_t due;      /* us, CLOCK_MONOTONIC; 0: no frame yet */
};

/*
 * fps: what was asked for, 0: whatever comes. have_num / have_den: the source's own rate, 0/1 if it
 * is not known. A source that is at most a little faster (29.97 for 29, 30.3 for 30) is left as it
 * is: every frame it drops would be seen, and nothing gained.
 */
void thinner_begin(struct thinner *t, uint32_t fps, uint32_t have_num, uint32_t have_den);

/* Whether anything is ever left out: then the rate that remains is the one asked for. */
bool thinner_active(const struct thinner *t);

/* Whether to take the frame; at: when it was taken (us, CLOCK_MONOTONIC). */
bool thinner_take(struct thinner *t, uint64_t at);
