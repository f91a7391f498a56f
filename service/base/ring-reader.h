// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A reader of a ring (base/ring.h). It trusts the writer with nothing but the pictures themselves:
 * the description is copied and checked when the ring is opened, each slot when it is read.
 */
#pragma once

#include <stddef.h>

#include "base/ring.h"

struct ring_reader {
	const struct ring_header *header; /* the mapping, read-only */
	const struct ring_slot *slots;
	const uint8_t *data;
	size_t size;
	uint32_t n_slots;
	uint64_t data_size;
	uint64_t next; /* index of the unit to read next */
	struct ring_description description;
};

/*
 * Maps size bytes of fd read-only; fd stays the caller's and may be closed afterwards.
 * Errors: -EPROTO (not a ring, or its bounds disagree with size), those of mmap().
 */
int ring_reader_open(struct ring_reader *r, int fd, size_t size);
void ring_reader_close(struct ring_reader *r);

/* Stands before the newest keyframe. -ENOENT: none is left in the ring. */
int ring_reader_seek_keyframe(struct ring_reader *r, struct ring_unit *ret);

/*
 * Looks at the next unit without moving. Errors: -EAGAIN (nothing new), -ESTALE (the writer has
 * overtaken this reader: seek a keyframe), -EPROTO (the slot is not sound).
 */
int ring_reader_peek(const struct ring_reader *r, struct ring_unit *ret);

/*
 * Copies the bytes of a unit that peek or seek returned (unit->length of them) and moves past it.
 * Errors: -ESTALE (overwritten meanwhile; what was copied is worthless).
 */
int ring_reader_copy(struct ring_reader *r, const struct ring_unit *unit, void *buffer);

/* How many units wait: published and not yet passed by this reader. */
uint64_t ring_reader_pending(const struct ring_reader *r);
