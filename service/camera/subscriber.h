// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A local subscriber (proto/subscriber-msg.h) from the camera's side: memory of its own, into which
 * its frames are copied, and a socket over which it is told and gives them back. It is a stranger:
 * nothing that it does or leaves undone makes the camera wait, or is noticed by anybody else.
 *
 * The memory is written by pwritev() and never mapped here: when the broker has taken it back, a
 * write fails (base/memfd.h). While it is being taken back, which the subscriber can make last, a
 * write would wait: none is begun once it is frozen. What is left is a write that was about to
 * begin at the instant of freezing.
 */
#pragma once

#include <stddef.h>
#include <sys/uio.h>

#include "base/ring.h"
#include "proto/camera-msg.h"

struct subscriber;

/* pages: the descriptors that came with it; they stay the caller's. size: of its memory, bytes.
 * Errors: those of mmap() and memfd_create(), -ENOMEM. */
int subscriber_new(const struct camera_subscriber *asked, const int pages[CAMERA_SUBSCRIBER_FDS],
		   uint64_t size, struct subscriber **ret);
/* Closes what it holds; its memory is the broker's to take back. */
struct subscriber *subscriber_free(struct subscriber *s);

int subscriber_memory(const struct subscriber *s);

/* Takes the socket: from now on it gets frames. -EEXIST: it does already. */
int subscriber_attach(struct subscriber *s, int socket);
bool subscriber_is_attached(const struct subscriber *s);

/*
 * Hands a frame over, gathered from pieces, or leaves it out if there is no room, no permit, or it
 * waits for a keyframe. Of *unit sequence, both times, flags and dropped_before are read. First
 * takes in what the subscriber has given back. Errors, after which it must be freed: -EPIPE (it has
 * gone, or its lease has ended), -EPROTO (it has said what it must not), those of pwritev().
 */
int subscriber_put(struct subscriber *s, const struct ring_unit *unit, const struct iovec *pieces,
		   size_t n_pieces);

/* Whether the next keyframe is what it waits for, and has room for; asked once for each wait. */
bool subscriber_take_request(struct subscriber *s);

static inline void subscriber_freep(struct subscriber **s)
{
	subscriber_free(*s);
}
