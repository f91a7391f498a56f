// SPDX-License-Identifier: LGPL-2.1-or-later
/* The one writer of a ring (base/ring.h); it lives in the camera process. */
#pragma once

#include <stddef.h>
#include <sys/uio.h>

#include "base/ring.h"

struct ring_writer;

/*
 * Creates the ring's memfd, sealed, mapped here for writing. n_slots: a power of two; data_size:
 * rounded up to pages. Errors: -EINVAL (bounds), those of memfd_create() and mmap().
 */
int ring_writer_new(const struct ring_description *description, uint32_t n_slots,
		    uint64_t data_size, struct ring_writer **ret);
struct ring_writer *ring_writer_free(struct ring_writer *w);

int ring_writer_fd(const struct ring_writer *w);
uint64_t ring_writer_size(const struct ring_writer *w);

/*
 * Publishes one access unit, gathered from pieces. Of *unit the caller fills in everything but
 * index, position and length. Never waits. Errors: -EMSGSIZE (longer than half the data area).
 */
int ring_writer_put(struct ring_writer *w, struct ring_unit *unit, const struct iovec *pieces,
		    size_t n_pieces);

/* How many access units, the newest ones, a reader that comes now can still read. */
uint64_t ring_writer_held(const struct ring_writer *w);

static inline void ring_writer_freep(struct ring_writer **w)
{
	ring_writer_free(*w);
}
