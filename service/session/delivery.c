// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/delivery.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "session/counters.h"

static bool too_old(const struct delivery *d, const struct ring_unit *unit, uint64_t now)
{
	return now > unit->captured_monotonic && now - unit->captured_monotonic > d->max_age;
}

/* Stands before the newest keyframe unless it is too old or lies behind. */
static bool seek_young_keyframe(struct delivery *d, uint64_t now, struct ring_unit *keyframe)
{
	uint64_t from = d->ring->next;

	if (ring_reader_seek_keyframe(d->ring, keyframe) == 0 && keyframe->index >= from &&
	    !too_old(d, keyframe, now))
		return true;
	d->ring->next = from;
	return false;
}

void delivery_start(struct delivery *d, struct ring_reader *ring, struct ring_reader *coming,
		    struct session_counters *counters, const struct session_permit *permit,
		    uint64_t now, uint64_t *ret_captured)
{
	struct ring_unit keyframe;

	d->ring = ring;
	d->coming = coming;
	d->counters = counters;
	d->permit = permit;
	if (!d->max_age)
		d->max_age = DELIVERY_MAX_AGE_USEC;
	ring->next = 0;
	d->waiting = !seek_young_keyframe(d, now, &keyframe);
	if (d->waiting)
		ring->next += ring_reader_pending(ring);
	*ret_captured = d->waiting ? now : keyframe.captured_monotonic;
}

void delivery_release(struct delivery *d)
{
	free(d->buffer);
	*d = (struct delivery){};
}

static void skip_to(struct delivery *d, uint64_t index, enum session_skip_reason why)
{
	counters_skip(d->counters, why, index - d->ring->next);
	d->ring->next = index;
}

static void skip(struct delivery *d, uint64_t now, enum session_skip_reason why)
{
	struct ring_unit keyframe;
	uint64_t from = d->ring->next;

	d->late++;
	d->waiting = !seek_young_keyframe(d, now, &keyframe);
	d->ring->next = from;
	skip_to(d, d->waiting ? from + ring_reader_pending(d->ring) : keyframe.index, why);
}

static int copy(struct delivery *d, const struct ring_unit *unit)
{
	if (unit->length > DELIVERY_UNIT_MAX)
		return -EPROTO;
	if (unit->length > d->size) {
		/* What is in it is of no use any more: no realloc(). */
		size_t size = unit->length + unit->length / 2;

		free(d->buffer);
		d->size = 0;
		d->buffer = malloc(size);
		if (!d->buffer)
			return -ENOMEM;
		d->size = size;
	}
	return ring_reader_copy(d->ring, unit, d->buffer);
}

/* Changes over to the ring that comes, as soon as it has a keyframe to begin with. */
static void change_over(struct delivery *d, uint64_t now)
{
	struct ring_unit keyframe;

	if (ring_reader_seek_keyframe(d->coming, &keyframe) < 0 ||
	    keyframe.captured_monotonic <= d->captured || too_old(d, &keyframe, now))
		return;
	counters_skip(d->counters, SESSION_SKIP_SWITCH, ring_reader_pending(d->ring));
	ring_reader_close(d->ring);
	*d->ring = *d->coming;
	*d->coming = (struct ring_reader){};
	d->waiting = false;
	d->changed = true;
}

int delivery_next(struct delivery *d, uint64_t now, struct ring_unit *ret)
{
	if (!counters_permit(d->counters, d->permit))
		return 0;
	if (d->coming->header)
		change_over(d, now);
	for (;;) {
		int r = ring_reader_peek(d->ring, ret);

		if (r == -EAGAIN)
			return 0;
		if (r == 0 && d->waiting && !(ret->flags & RING_UNIT_KEYFRAME)) {
			skip_to(d, ret->index + 1, SESSION_SKIP_JOIN);
			continue;
		}
		if (r == 0 && too_old(d, ret, now)) {
			skip(d, now, SESSION_SKIP_LATE);
			continue;
		}
		if (r == 0)
			r = copy(d, ret);
		if (r == -ESTALE) {
			skip(d, now, SESSION_SKIP_OVERRUN);
			continue;
		}
		if (r < 0)
			return r;
		d->waiting = false;
		d->captured = ret->captured_monotonic;
		return 1;
	}
}
