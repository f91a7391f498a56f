// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Watches one queue of an encoder: while the driver has work, buffers must come back. Encoders stop
 * after hours and say nothing. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define V4L2_M2M_STALL_US 1000000

struct v4l2_m2m_watch {
	bool busy;
	uint64_t since_us; /* the last progress, or when it became busy */
};

/* To be told whenever it changes whether there is work to do. */
static inline void v4l2_m2m_watch_set(struct v4l2_m2m_watch *w, bool busy, uint64_t now_us)
{
	if (busy && !w->busy)
		w->since_us = now_us;
	w->busy = busy;
}

static inline void v4l2_m2m_watch_progress(struct v4l2_m2m_watch *w, uint64_t now_us)
{
	w->since_us = now_us;
}

/* When it will have stalled; UINT64_MAX: never. */
static inline uint64_t v4l2_m2m_watch_deadline(const struct v4l2_m2m_watch *w)
{
	return w->busy ? w->since_us + V4L2_M2M_STALL_US : UINT64_MAX;
}
