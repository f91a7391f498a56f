// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which parts of a local subscriber's memory are frames that it holds (proto/subscriber-msg.h).
 * Each stands without a wrap; room is made in the order in which frames were taken, however they
 * are given back. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/subscriber-msg.h"

struct held_frame {
	uint64_t sequence;
	uint64_t offset, length; /* bytes */
	bool released;
};

/* Zero-initialised but for the size: none. */
struct held {
	uint64_t size; /* of the memory, bytes */
	unsigned first, n;
	struct held_frame frames[SUBSCRIBER_HELD_MAX]; /* n from first on, around the end */
};

/* A place for a frame, held from now on. -ENOSPC: no room, or too many are held. */
int held_take(struct held *h, uint64_t sequence, uint64_t length, uint64_t *ret_offset);

/* Given back. -ENOENT: it is not held (any more). */
int held_release(struct held *h, uint64_t sequence);
