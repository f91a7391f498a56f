// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a session can have seen at most, by the camera's own word (SEQUENCE): all that the ring held
 * when the lease's wake was added, and all that came until it was dropped, which is after the
 * connection was cut. A lease that switches streams keeps the ring that it had, so that its
 * stretches overlap: each lasts until the camera drops the wake or the stream.
 */
#pragma once

#include "proto/camera-msg.h"

struct exposure {
	uint32_t stream;  /* the one that it began with */
	uint64_t first;   /* its sequence at which the first stretch begins; 0: not told */
	uint64_t next;    /* its sequence behind the last stretch; 0: none has ended */
	uint64_t units;   /* of the stretches that have ended, of both streams */
	uint32_t n_added; /* stretches */
	uint32_t n_lasting;
	struct {
		uint64_t begin;
		bool lasts;
	} streams[RING_N_STREAMS];
};

void exposure_note(struct exposure *e, const struct camera_sequence *m);

/* The camera will say no more: it said all. */
static inline bool exposure_is_whole(const struct exposure *e)
{
	return e->n_added && !e->n_lasting;
}
