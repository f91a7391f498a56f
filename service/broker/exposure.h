// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a session can have seen at most, by the camera's own word (SEQUENCE): all that a ring held
 * when the lease's wake was added there, and all that came until it was dropped, which is after the
 * connection was cut. A lease that switches streams has a stretch in each.
 */
#pragma once

#include <stdbool.h>

#include "proto/camera-msg.h"

struct exposure {
	uint64_t first; /* sequence at which the first stretch begins; 0: not told */
	uint64_t next;  /* sequence behind the last one; 0: none has ended */
	uint64_t units; /* of the stretches that have ended */
	uint64_t begin[RING_N_STREAMS]; /* of the stretches that last; 0: none */
	uint32_t n_stretches;
};

void exposure_note(struct exposure *e, const struct camera_sequence *m);

/* The camera has said it all. */
bool exposure_is_whole(const struct exposure *e);
