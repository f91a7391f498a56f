// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which access unit a viewer gets next. Units go out whole and in order, from a keyframe on. One
 * that is older than max_age, or has been overwritten, is skipped together with all up to the
 * newest keyframe; if that one is too old as well, up to one that is asked for. Each unit from the
 * start on is counted once, delivered or skipped by reason (counters.h).
 *
 * A viewer may change over to another ring of the same camera: at a keyframe that was captured
 * after all that it has got. Of the ring that it leaves, what still waits is skipped; of the other
 * one, nothing before that keyframe counts.
 */
#pragma once

#include <stdbool.h>

#include "base/ring-reader.h"
#include "proto/session-msg.h"

#define DELIVERY_MAX_AGE_USEC (UINT64_C(2) * 1000 * 1000) /* MaxFrameAge */
#define DELIVERY_UNIT_MAX     ((uint32_t)16 << 20)

struct delivery {
	struct ring_reader *ring;            /* of the lease */
	struct ring_reader *coming;          /* of the lease; to change over to, if it is open */
	struct session_counters *counters;   /* of the lease */
	const struct session_permit *permit; /* of the lease: without it nothing is delivered */
	uint64_t max_age;                    /* us */
	bool waiting;                        /* for a keyframe */
	bool changed;                        /* over to the other ring; the caller clears it */
	uint64_t late;                       /* skips of what was too old, or overwritten */
	uint64_t captured;                   /* when the last unit delivered was */
	uint8_t *buffer;                     /* owned; the unit that was returned last */
	size_t size;
};

/* now: CLOCK_MONOTONIC, us. Begins with the newest keyframe if there is a young one; *ret_captured
 * is when the first unit was captured, or now if it is still to come. */
void delivery_start(struct delivery *d, struct ring_reader *ring, struct ring_reader *coming,
		    struct session_counters *counters, const struct session_permit *permit,
		    uint64_t now, uint64_t *ret_captured);
void delivery_release(struct delivery *d);

/*
 * Nothing while the permit is used up; what has grown too old meanwhile is skipped afterwards.
 * 1: *ret is to be delivered, its bytes are in d->buffer until the next call; 0: nothing yet.
 * Either way a keyframe has to be asked for if delivery_lacks_keyframe(). Errors: -EPROTO (the ring
 * is not sound), -ENOMEM.
 */
int delivery_next(struct delivery *d, uint64_t now, struct ring_unit *ret);

static inline bool delivery_lacks_keyframe(const struct delivery *d)
{
	return d->waiting || d->coming->header;
}
