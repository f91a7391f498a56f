// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/camera-subscriber.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ring-reader.h"
#include "camera/report.h"

#define RAW_FRAMES 4 /* two to be held while another is written, and one to spare */

/* Of a stream's ring: what a reader that keeps up needs is far less than what late joiners do. */
#define SHARE_OF_RING 2

/* Frames handed over at once to one that begins: it holds them all until it has read them. */
#define BEGIN_MAX        (SUBSCRIBER_HELD_MAX * 3 / 4)
#define KEYFRAME_AGE_MAX (2 * USEC_PER_SEC) /* to begin with; as viewers */

static int tell_sequence(struct camera *c, const struct subscriber_entry *entry, uint64_t first,
			 bool added)
{
	return report_subscriber_sequence(&c->link, &c->epoch, entry->lease, entry->right,
					  entry->stream, first, added);
}

static void on_gone(void *userdata, const struct subscriber_entry *entry, int error)
{
	struct camera *c = userdata;
	int r = tell_sequence(c, entry, 0, false);

	/* The broker sees by itself only that a socket was closed, not that half of it was shut,
	 * nor that a write failed. */
	if (r >= 0)
		r = report_unsubscribed(&c->link, c->epoch.number, entry->lease,
					error == -EPROTO ? "subscriber broke the protocol"
							 : "viewer left");
	if (r < 0)
		camera_leave(c, r);
}

void camera_subscribers_init(struct camera *c)
{
	c->subscribers.gone = on_gone;
	c->subscribers.userdata = c;
}

/* How what it asks for stands in its memory, and how much of that it gets; 0: none, and why. */
static uint64_t plan(const struct camera *c, const struct camera_subscriber *m,
		     struct subscriber_format *f, const char **why)
{
	const struct stream *stream = &c->epoch.streams[m->stream];
	const struct ring_description *d = &stream->description;

	*why = "camera has no such stream";
	if (!stream->ring)
		return 0;
	f->fps_numerator = d->fps_numerator;
	f->fps_denominator = d->fps_denominator;
	if (m->right == RIGHT_LIVE) {
		f->codec = d->codec;
		f->width = d->width;
		f->height = d->height;
		return ring_writer_size(stream->ring) / SHARE_OF_RING;
	}
	*why = "camera encodes its pictures itself: it has none that are raw";
	if (c->epoch.format.encoded)
		return 0;
	*why = "raw pictures are of the stream main";
	if (m->stream != RING_STREAM_MAIN)
		return 0;
	return (uint64_t)RAW_FRAMES *
	       subscriber_raw_format(f, c->epoch.format.width, c->epoch.format.height);
}

static int make(struct camera *c, const struct camera_subscriber *m,
		const int pages[CAMERA_SUBSCRIBER_FDS], uint64_t size, int *ret_memory)
{
	_cleanup_(subscriber_freep) struct subscriber *subscriber = NULL;
	int r = size <= SUBSCRIBER_MEMORY_MAX ? subscriber_new(m, pages, size, &subscriber)
					      : -EFBIG;

	if (r >= 0)
		r = subscriber_list_add(&c->subscribers, m, subscriber);
	if (r < 0)
		return r;
	*ret_memory = subscriber_memory(steal_pointer(&subscriber));
	return 0;
}

int camera_subscribe(struct camera *c, const struct camera_subscriber *m,
		     const int pages[CAMERA_SUBSCRIBER_FDS])
{
	struct subscriber_format format = {};
	const char *why;
	uint64_t size = plan(c, m, &format, &why);
	int memory, r;

	if (!size)
		return report_unsubscribed(&c->link, m->epoch, m->lease, why);
	r = make(c, m, pages, size, &memory);
	if (r == -EEXIST)
		return -EPROTO;
	if (r < 0)
		return report_unsubscribed(&c->link, m->epoch, m->lease,
					   r == -ENOSPC ? "camera has too many subscribers"
							: strerror(-r));
	return report_subscribed(&c->link, m, c->name, memory, &format, size);
}

/* Before the newest keyframe of the stream's ring, if that is young. */
static bool seek(const struct camera *c, const struct subscriber_entry *entry,
		 struct ring_reader *ring, struct ring_unit *keyframe)
{
	const struct ring_writer *writer = c->epoch.streams[entry->stream].ring;

	return entry->right == RIGHT_LIVE && writer &&
	       ring_reader_open(ring, ring_writer_fd(writer), ring_writer_size(writer)) >= 0 &&
	       ring_reader_seek_keyframe(ring, keyframe) >= 0 &&
	       ring_reader_pending(ring) <= BEGIN_MAX &&
	       clock_monotonic() - keyframe->captured_monotonic <= KEYFRAME_AGE_MAX;
}

/* All that is there; nothing comes meanwhile. */
static void hand_over(struct camera *c, struct subscriber_entry *entry, struct ring_reader *ring)
{
	struct ring_unit unit;
	bool goes_on = true;

	while (goes_on && ring_reader_peek(ring, &unit) >= 0) {
		_cleanup_free_ void *bytes = malloc(unit.length);

		goes_on = bytes && ring_reader_copy(ring, &unit, bytes) >= 0 &&
			  subscriber_list_put_to(&c->subscribers, entry, &unit, bytes);
	}
}

/* So that it need not wait for a keyframe. */
static int begin(struct camera *c, struct subscriber_entry *entry)
{
	struct ring_reader ring = {};
	struct ring_unit keyframe;
	bool found = seek(c, entry, &ring, &keyframe);
	int r = tell_sequence(c, entry, found ? keyframe.sequence : 0, true);

	if (r >= 0 && found)
		hand_over(c, entry, &ring);
	ring_reader_close(&ring);
	return r;
}

int camera_attach_subscriber(struct camera *c, const struct camera_add_wake *m, int *socket)
{
	struct subscriber_entry *entry = subscriber_list_find(&c->subscribers, m->lease);
	int r;

	if (!entry)
		return 1;
	r = m->stream == entry->stream ? subscriber_attach(entry->subscriber, *socket) : -EPROTO;
	if (r < 0)
		return -EPROTO;
	steal_fd(socket);
	r = begin(c, entry);
	if (subscriber_list_take_request(&c->subscribers, m->stream))
		stream_want_keyframe(&c->epoch.streams[m->stream]);
	return r;
}

int camera_drop_subscriber(struct camera *c, uint64_t lease)
{
	struct subscriber_entry *entry = subscriber_list_find(&c->subscribers, lease), gone;

	if (!entry)
		return 1;
	gone = *entry;
	subscriber_list_drop(&c->subscribers, entry);
	return tell_sequence(c, &gone, 0, false);
}

int camera_tell_subscribers_end(struct camera *c)
{
	int r = 0;

	for (size_t i = 0; i < c->subscribers.n && r >= 0; i++)
		if (subscriber_is_attached(c->subscribers.entries[i].subscriber))
			r = tell_sequence(c, &c->subscribers.entries[i], 0, false);
	return r;
}
