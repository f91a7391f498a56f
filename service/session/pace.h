// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * When a viewer that may switch goes to the small stream, and back to the large one. By how old its
 * frames are when they are handed to the kernel: one that takes them as they come gets them within
 * milliseconds; one that cannot keep up gets them late and in bursts, so that a single one tells.
 * Pure.
 *
 * The way back is a trial: nothing but the large stream itself shows whether there is room for it.
 * One that fails soon makes the next come later.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/ring.h"

#define PACE_SETTLE       (2 * USEC_PER_SEC) /* after a beginning, at a keyframe that may be old, */
#define PACE_BEHIND_AGE   (1 * USEC_PER_SEC) /* a frame that old: down */
#define PACE_CALM_AGE     (300 * USEC_PER_MSEC) /* all frames younger than this, */
#define PACE_CALM_FOR     (10 * USEC_PER_SEC)   /* for so long: up, */
#define PACE_CALM_FOR_MAX (320 * USEC_PER_SEC)  /* or twice as long after each trial that failed */
#define PACE_TRIAL        (30 * USEC_PER_SEC)   /* that ended within this */

/* All times are CLOCK_MONOTONIC, us. */
struct pace {
	enum ring_stream stream; /* that it gets */
	uint64_t since;          /* when that began */
	bool behind;
	uint64_t calm_since;
	uint64_t calm_for;
	uint64_t up_at; /* when it came back last; 0: never */
};

void pace_begin(struct pace *p, uint64_t now);

/* A frame of that age is handed over. */
void pace_frame(struct pace *p, uint64_t now, uint64_t age);
/* Frames were skipped because they had become too old, or were overwritten. */
void pace_skipped(struct pace *p, uint64_t now);

/* Which stream would be the right one now. */
enum ring_stream pace_wanted(const struct pace *p, uint64_t now);

/* It gets this one from now on. */
void pace_switched(struct pace *p, enum ring_stream stream, uint64_t now);
/* It does not get the one that was wanted: that is wanted again as if all began now. */
void pace_refused(struct pace *p, uint64_t now);
