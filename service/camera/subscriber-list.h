// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The local subscribers of an epoch (subscriber.h), by the lease that each has. One that goes, or
 * says what it must not, is dropped, and `gone` told: nobody else notices.
 */
#pragma once

#include "camera/source.h"
#include "camera/subscriber.h"

#define SUBSCRIBERS_MAX 16 /* more share a camera through one of them */

struct subscriber_entry {
	uint64_t lease;
	uint32_t right, stream;
	struct subscriber *subscriber;
};

/* error: -EPIPE (it has gone, or its lease has ended) or -EPROTO. The entry is not in the list any
 * more, and its subscriber is freed. */
typedef void (*subscriber_gone_t)(void *userdata, const struct subscriber_entry *entry, int error);

/* Zero-initialised but for the last two: none. */
struct subscriber_list {
	struct subscriber_entry entries[SUBSCRIBERS_MAX];
	size_t n;
	subscriber_gone_t gone;
	void *userdata;
};

/* Takes subscriber on success. Errors: -EEXIST (the lease has one), -ENOSPC. */
int subscriber_list_add(struct subscriber_list *l, const struct camera_subscriber *asked,
			struct subscriber *subscriber);
/* NULL: the lease has none. */
struct subscriber_entry *subscriber_list_find(struct subscriber_list *l, uint64_t lease);
void subscriber_list_drop(struct subscriber_list *l, struct subscriber_entry *entry);
void subscriber_list_release(struct subscriber_list *l);

/* Hands an access unit to those who take it. */
void subscriber_list_put(struct subscriber_list *l, enum ring_stream stream,
			 const struct ring_unit *unit, const struct iovec *pieces, size_t n_pieces);
/* Hands an access unit, in one piece, to one of them; false: it is gone (told), as is the entry. */
bool subscriber_list_put_to(struct subscriber_list *l, struct subscriber_entry *entry,
			    const struct ring_unit *unit, void *bytes);
/* Whether anybody takes raw pictures. */
bool subscriber_list_takes_raw(const struct subscriber_list *l);
/* Hands a raw picture, I420, to those who take it; its rows are put together. */
void subscriber_list_put_raw(struct subscriber_list *l, uint64_t sequence, uint32_t width,
			     uint32_t height, const struct source_frame *frame);

/* Whether one of them needs a keyframe of this stream; asked once for each need. */
bool subscriber_list_take_request(struct subscriber_list *l, enum ring_stream stream);

/* How such a picture stands in the memory, and how long it is. */
uint32_t subscriber_raw_format(struct subscriber_format *f, uint32_t width, uint32_t height);
