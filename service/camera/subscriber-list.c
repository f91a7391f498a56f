// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/subscriber-list.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define PLANES 3

int subscriber_list_add(struct subscriber_list *l, const struct camera_subscriber *asked,
			struct subscriber *subscriber)
{
	if (subscriber_list_find(l, asked->lease))
		return -EEXIST;
	if (l->n == SUBSCRIBERS_MAX)
		return -ENOSPC;
	l->entries[l->n++] = (struct subscriber_entry){
		.lease = asked->lease,
		.right = asked->right,
		.stream = asked->stream,
		.subscriber = subscriber,
	};
	return 0;
}

struct subscriber_entry *subscriber_list_find(struct subscriber_list *l, uint64_t lease)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].lease == lease)
			return &l->entries[i];
	return NULL;
}

void subscriber_list_drop(struct subscriber_list *l, struct subscriber_entry *entry)
{
	subscriber_free(entry->subscriber);
	*entry = l->entries[--l->n];
}

void subscriber_list_release(struct subscriber_list *l)
{
	while (l->n > 0)
		subscriber_list_drop(l, &l->entries[l->n - 1]);
}

static bool takes(const struct subscriber_entry *entry, uint32_t right, uint32_t stream)
{
	return entry->right == right && entry->stream == stream &&
	       subscriber_is_attached(entry->subscriber);
}

static bool hand_over(struct subscriber_list *l, struct subscriber_entry *entry,
		      const struct ring_unit *unit, const struct iovec *pieces, size_t n_pieces)
{
	int r = subscriber_put(entry->subscriber, unit, pieces, n_pieces);
	struct subscriber_entry gone = *entry;

	if (r >= 0)
		return true;
	subscriber_list_drop(l, entry);
	l->gone(l->userdata, &gone, r == -EPROTO ? r : -EPIPE);
	return false;
}

bool subscriber_list_put_to(struct subscriber_list *l, struct subscriber_entry *entry,
			    const struct ring_unit *unit, void *bytes)
{
	return hand_over(l, entry, unit, &(struct iovec){bytes, unit->length}, 1);
}

static void put(struct subscriber_list *l, uint32_t right, uint32_t stream,
		const struct ring_unit *unit, const struct iovec *pieces, size_t n_pieces)
{
	/* Backwards: the last takes the place of one that is dropped. */
	for (size_t i = l->n; i-- > 0;)
		if (takes(&l->entries[i], right, stream))
			(void)hand_over(l, &l->entries[i], unit, pieces, n_pieces);
}

void subscriber_list_put(struct subscriber_list *l, enum ring_stream stream,
			 const struct ring_unit *unit, const struct iovec *pieces, size_t n_pieces)
{
	put(l, RIGHT_LIVE, stream, unit, pieces, n_pieces);
}

/* The rows of a plane; one piece if they stand without gaps. */
static size_t add_plane(struct iovec *pieces, const uint8_t *from, uint32_t stride, uint32_t width,
			uint32_t height)
{
	union {
		const uint8_t *from;
		void *to;
	} row = {.from = from}; /* pwritev() only reads it */

	if (stride == width) {
		pieces[0] = (struct iovec){row.to, (size_t)width * height};
		return 1;
	}
	for (uint32_t y = 0; y < height; y++, row.from += stride)
		pieces[y] = (struct iovec){row.to, width};
	return height;
}

bool subscriber_list_takes_raw(const struct subscriber_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (takes(&l->entries[i], RIGHT_RAW, RING_STREAM_MAIN))
			return true;
	return false;
}

void subscriber_list_put_raw(struct subscriber_list *l, uint64_t sequence, uint32_t width,
			     uint32_t height, const struct source_frame *frame)
{
	const struct ring_unit unit = {
		.sequence = sequence,
		.captured_monotonic = frame->captured_monotonic,
		.captured_realtime = frame->captured_realtime,
		.dropped_before = frame->dropped + frame->damaged,
		.flags = RING_UNIT_KEYFRAME,
	};
	_cleanup_free_ struct iovec *pieces = NULL;
	size_t n;

	pieces = calloc((size_t)height * 2, sizeof(*pieces));
	if (!pieces)
		return;
	n = add_plane(pieces, frame->y, frame->y_stride, width, height);
	n += add_plane(pieces + n, frame->u, frame->c_stride, width / 2, height / 2);
	n += add_plane(pieces + n, frame->v, frame->c_stride, width / 2, height / 2);
	put(l, RIGHT_RAW, RING_STREAM_MAIN, &unit, pieces, n);
}

bool subscriber_list_take_request(struct subscriber_list *l, enum ring_stream stream)
{
	bool request = false;

	for (size_t i = 0; i < l->n; i++)
		if (takes(&l->entries[i], RIGHT_LIVE, stream))
			request |= subscriber_take_request(l->entries[i].subscriber);
	return request;
}

uint32_t subscriber_raw_format(struct subscriber_format *f, uint32_t width, uint32_t height)
{
	f->fourcc = V4L2_PIX_FMT_YUV420;
	f->width = width;
	f->height = height;
	f->n_planes = PLANES;
	f->stride[0] = width;
	f->stride[1] = f->stride[2] = width / 2;
	f->offset[1] = width * height;
	f->offset[2] = f->offset[1] + width / 2 * (height / 2);
	return f->offset[2] + width / 2 * (height / 2);
}
