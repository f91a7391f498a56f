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
	int fd; /* owned */
};

/* Zero-initialised: empty. */
struct wake_list {
	struct wake *wakes;
	size_t n, room;
};

/* Takes the descriptor on success. Errors: -EEXIST (the lease has one), -ENOSPC, -ENOMEM. */
int wake_list_add(struct wake_list *l, uint64_t lease, int fd);
/* Errors: -ENOENT. */
int wake_list_drop(struct wake_list *l, uint64_t lease);
void wake_list_release(struct wake_list *l);

/* Tells all of the unit with this index. Calls gone for each lease that was dropped for it. */
typedef void (*wake_gone_t)(void *userdata, uint64_t lease);
void wake_list_write(struct wake_list *l, uint64_t index, wake_gone_t gone, void *userdata);
