// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pictures that an encoder has and not yet given back coded. It copies the raw buffer's timestamp
 * to the coded one, and that is all that tells which picture it holds: encoders drop pictures
 * without a word, and put out buffers that belong to none. Pure.
 */
#pragma once

#include <stdint.h>

#define V4L2_M2M_PENDING_MAX 64

struct v4l2_m2m_pending {
	struct {
		uint64_t key;       /* us: the buffer's timestamp */
		uint64_t timestamp; /* us: the caller's */
	} entries[V4L2_M2M_PENDING_MAX];
	unsigned int first, count;
	uint64_t last_key;
};

/*
 * A picture goes in. *ret_key is its buffer's timestamp: the caller's, a little later where that
 * does not rise. -EAGAIN: too many have not come back.
 */
int v4l2_m2m_pending_add(struct v4l2_m2m_pending *p, uint64_t timestamp, uint64_t *ret_key);

/* It did not go in after all. */
void v4l2_m2m_pending_undo(struct v4l2_m2m_pending *p);

/*
 * A picture comes back; those before it will not come any more: their number is *ret_lost.
 * -ENOENT: nobody waits for this one.
 */
int v4l2_m2m_pending_take(struct v4l2_m2m_pending *p, uint64_t key, uint64_t *ret_timestamp,
			  unsigned int *ret_lost);

/* None will come any more. Returns how many there were. */
unsigned int v4l2_m2m_pending_clear(struct v4l2_m2m_pending *p);
