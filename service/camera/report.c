// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/report.h"

#include <stdio.h>
#include <string.h>

int report_hello(struct chan *link, const char *name)
{
	struct camera_hello m = {};

	snprintf(m.name, sizeof(m.name), "%s", name);
	return chan_send_message(link, CAMERA_HELLO, &m);
}

/* The link takes printable ASCII; a path need not be that. */
static void set_text(char field[PROTO_REASON_SIZE], const char *text)
{
	snprintf(field, PROTO_REASON_SIZE, "%s", text);
	for (char *c = field; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void set_epoch(struct camera_state *m, const struct epoch *e)
{
	const struct stream *s = epoch_told(e);

	m->epoch = e->number;
	m->width = e->format.width;
	m->height = e->format.height;
	m->fps_numerator = e->format.fps_num;
	m->fps_denominator = e->format.fps_den;
	m->fourcc = e->format.fourcc;
	m->streams = epoch_possible_streams(e);
	m->captured = epoch_captured(e);
	m->encoded = s->encoded;
	memcpy(m->dropped, s->dropped, sizeof(m->dropped));
	if (s->encoder) {
		m->path = s->encoder->path;
		set_text(m->encoder, s->encoder->description);
	}
}

int report_state(struct chan *link, enum camera_condition condition, const struct source *source,
		 const struct epoch *epoch, const char *reason)
{
	struct camera_state m = {.condition = condition};

	set_text(m.source, source->description);
	set_text(m.reason, reason);
	if (epoch)
		set_epoch(&m, epoch);
	return chan_send_message(link, CAMERA_STATE, &m);
}

int report_controls(struct chan *link, struct source *source)
{
	struct camera_control m;
	uint32_t cursor = 0, n = 0, count = 0;

	while (count < CAMERA_CONTROLS_MAX && source_next_control(source, &cursor, &m) > 0)
		count++;
	if (count == 0) {
		m = (struct camera_control){};
		return chan_send_message(link, CAMERA_CONTROL, &m);
	}
	for (cursor = 0; n < count && source_next_control(source, &cursor, &m) > 0; n++) {
		int r;

		m.index = n;
		m.count = count;
		r = chan_send_message(link, CAMERA_CONTROL, &m);
		if (r < 0)
			return r;
	}
	return 0;
}

int report_set_done(struct chan *link, uint64_t request, int error, int32_t value)
{
	struct camera_set_done m = {.request = request, .error = error, .value = value};

	return chan_send_message(link, CAMERA_SET_DONE, &m);
}

int report_epoch_key(struct chan *link, uint64_t epoch, const struct sealer *sealer)
{
	struct camera_epoch_key m = {.epoch = epoch};

	sealer_public_key(sealer, m.key);
	return chan_send_message(link, CAMERA_EPOCH_KEY, &m);
}

int report_statement(struct chan *link, const struct camera_lease *lease,
		     const uint8_t statement[SEAL_STATEMENT_SIZE])
{
	struct camera_statement m = {
		.epoch = lease->epoch,
		.lease = lease->lease,
		.size = SEAL_STATEMENT_SIZE,
	};

	memcpy(m.statement, statement, SEAL_STATEMENT_SIZE);
	return chan_send_message(link, CAMERA_STATEMENT, &m);
}

int report_ring(struct chan *link, const struct epoch *epoch, enum ring_stream stream,
		uint32_t turn)
{
	const struct ring_writer *ring = epoch->streams[stream].ring;
	const struct ring_description *d = &epoch->streams[stream].description;
	int fd = ring_writer_fd(ring);
	struct camera_ring m = {
		.epoch = epoch->number,
		.ring_size = ring_writer_size(ring),
		.stream = stream,
		.turn = turn,
		.codec = d->codec,
		.width = d->width,
		.height = d->height,
	};

	return chan_send(link, CAMERA_RING, &m, sizeof(m), &fd, CAMERA_RING_FDS);
}

/*
 * The oldest unit that a session can have read whose ring was handed out moments ago. The message
 * that tells of it may have waited while a frame was encoded, and units left the ring meanwhile:
 * those of the last second count, too.
 */
static uint64_t first_readable(const struct stream *s)
{
	const struct ring_description *d = &s->description;
	uint64_t held = s->ring ? ring_writer_held(s->ring) : 0, gone, second;

	gone = s->next_sequence - 1 - held;
	second = d->fps_denominator ? d->fps_numerator / d->fps_denominator + 1 : UINT64_MAX;
	return s->next_sequence - held - (gone < second ? gone : second);
}

int report_sequence(struct chan *link, const struct epoch *epoch, uint64_t lease,
		    enum ring_stream stream, bool added)
{
	const struct stream *s = &epoch->streams[stream];
	struct camera_sequence m = {
		.epoch = epoch->number,
		.lease = lease,
		.first = first_readable(s),
		.next = s->next_sequence,
		.stream = stream,
		.added = added,
	};

	return chan_send_message(link, CAMERA_SEQUENCE, &m);
}

int report_unseen(struct chan *link, const struct epoch *epoch, const struct wake *wake)
{
	int r = 0;

	for (unsigned int i = 0; wake->seen >> i && r >= 0; i++)
		if (wake->seen & 1U << i)
			r = report_sequence(link, epoch, wake->lease, (enum ring_stream)i, false);
	return r;
}

int report_subscribed(struct chan *link, const struct camera_subscriber *asked, const char *name,
		      int memory, const struct subscriber_format *format, uint64_t size)
{
	struct camera_subscribed m = {
		.epoch = asked->epoch,
		.lease = asked->lease,
		.size = size,
		.right = asked->right,
		.stream = asked->stream,
		.format = *format,
	};

	snprintf(m.name, sizeof(m.name), "%s", name);
	return chan_send(link, CAMERA_SUBSCRIBED, &m, sizeof(m), &memory, CAMERA_SUBSCRIBED_FDS);
}

int report_unsubscribed(struct chan *link, uint64_t epoch, uint64_t lease, const char *reason)
{
	struct camera_unsubscribed m = {.epoch = epoch, .lease = lease};

	set_text(m.reason, reason);
	return chan_send_message(link, CAMERA_UNSUBSCRIBED, &m);
}

int report_subscriber_sequence(struct chan *link, const struct epoch *epoch, uint64_t lease,
			       uint32_t right, enum ring_stream stream, uint64_t first, bool added)
{
	uint64_t next =
		right == RIGHT_RAW ? epoch->captured + 1 : epoch->streams[stream].next_sequence;
	struct camera_sequence m = {
		.epoch = epoch->number,
		.lease = lease,
		.first = first ? first : next,
		.next = next,
		.stream = stream,
		.added = added,
	};

	return chan_send_message(link, CAMERA_SEQUENCE, &m);
}
