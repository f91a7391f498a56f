// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a session can have seen at most, by the camera's own word (SEQUENCE): all that the ring held
 * when the lease's wake was added, and all that came until it was dropped, which is after the
 * connection was cut. Of a lease that switches streams, one stretch after the other.
 */
#pragma once

#include "proto/camera-msg.h"

struct exposure {
	uint64_t first;   /* sequence at which the first stretch begins; 0: not told */
	uint64_t next;    /* sequence behind the last one; 0: it has not ended */
	uint64_t units;   /* of the stretches that have ended */
	uint64_t begin;   /* of the stretch that lasts */
	uint32_t n_added; /* stretches */
	bool lasts;
};

void exposure_note(struct exposure *e, const struct camera_sequence *m);

/* The camera will say no more: it said all. */
static inline bool exposure_is_whole(const struct exposure *e)
{
	return e->n_added && !e->lasts;
}
