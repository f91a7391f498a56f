// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The leases that are told of each access unit: the writing ends of their wakes. Writing never
 * waits; a lease whose wake is full has not slept, and one whose reader is gone is dropped.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"

#define WAKES_MAX (PROTO_CONNECTIONS_MAX + PROTO_CONNECTIONS_SPARE)

struct wake {
	uint64_t lease;
	int fd;          /* owned */
	uint32_t stream; /* enum ring_stream: it is told of this one's units */
	uint32_t seen;   /* whose ring it was handed: 1 << enum ring_stream */
};

/* Zero-initialised: empty. */
struct wake_list {
	struct wake *wakes;
	size_t n, room;
};

/* Takes the descriptor on success. Errors: -EEXIST (the lease has one), -ENOSPC, -ENOMEM. */
int wake_list_add(struct wake_list *l, uint64_t lease, uint32_t stream, int fd);
/* NULL: there is none. Good until the next change of the list. */
struct wake *wake_list_find(struct wake_list *l, uint64_t lease);
/* One of the list's. */
void wake_list_drop(struct wake_list *l, struct wake *wake);
void wake_list_release(struct wake_list *l);

/* Tells all of this stream of its unit with this index. Calls gone for each one that is about to be
 * dropped for it. */
typedef void (*wake_gone_t)(void *userdata, const struct wake *wake);
void wake_list_write(struct wake_list *l, uint32_t stream, uint64_t index, wake_gone_t gone,
		     void *userdata);
