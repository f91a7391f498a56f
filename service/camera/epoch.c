// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/epoch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define STALL_FRAME_INTERVALS 4 /* a slow camera is not a stalled one */

_Static_assert(SOURCE_FRAMES_MAX <= 32, "a bit for each frame");

static int lose_source(struct epoch *e, int error)
{
	const char *offers = e->source->offers;

	e->may_return = source_may_return(error);
	if (error == -EOPNOTSUPP && *offers)
		snprintf(e->reason, sizeof(e->reason),
			 "no picture format that can be used, only %s", offers);
	else
		snprintf(e->reason, sizeof(e->reason), "%s", source_explain(error));
	return error;
}

static int lose_stream(struct epoch *e, const struct stream *s, int error)
{
	e->may_return = s->may_return;
	memcpy(e->reason, s->reason, sizeof(e->reason));
	return error;
}

static bool runs(const struct stream *s)
{
	return s->encoder;
}

uint32_t epoch_possible_streams(const struct epoch *e)
{
	uint32_t streams = 0;

	for (unsigned int i = 0; i < EPOCH_STREAMS && !e->format.undecided; i++)
		if (stream_is_possible((enum ring_stream)i, &e->format))
			streams |= 1U << i;
	return streams;
}

/* One that cannot be made is nobody's fault: who waits for it is told. */
static int start_streams(struct epoch *e)
{
	uint32_t start = e->wanted & epoch_possible_streams(e);

	for (unsigned int i = 0; i < EPOCH_STREAMS; i++) {
		struct stream *s = &e->streams[i];
		int r = 0;

		if (start & 1U << i && !runs(s))
			r = stream_start(s, &e->format, &e->configuration);
		if (r < 0)
			return lose_stream(e, s, r);
	}
	return 0;
}

static void init_streams(struct epoch *e, struct sealer *sealer,
			 const struct ring_description *description)
{
	struct ring_description d = *description;

	for (unsigned int i = 0; i < EPOCH_STREAMS; i++) {
		d.stream = i;
		stream_init(&e->streams[i], e->source, sealer, &d);
	}
}

/* An encoder that shares the source's memory comes before the source's start. */
static int begin_running(struct epoch *e)
{
	int r = e->format.undecided ? 0 : start_streams(e);

	if (r < 0)
		return r;
	r = source_start(e->source, &e->format);
	return r < 0 ? lose_source(e, r) : 0;
}

int epoch_begin(struct epoch *e, struct source *source, struct sealer *sealer,
		const struct ring_description *description,
		const struct camera_configuration *configuration, uint32_t streams)
{
	struct source_want want = {
		.width = configuration->width,
		.height = configuration->height,
		.fps = configuration->fps,
	};
	uint64_t patience;
	int r;

	*e = (struct epoch){
		.number = description->epoch,
		.source = source,
		.configuration = *configuration,
		.wanted = streams,
	};
	init_streams(e, sealer, description);
	memcpy(want.uuid, description->camera_uuid, sizeof(want.uuid));
	r = source_open(source, &want, &e->format);
	if (r < 0)
		return lose_source(e, r);
	r = begin_running(e);
	if (r < 0) {
		epoch_end(e);
		return r;
	}
	patience = STALL_FRAME_INTERVALS * USEC_PER_SEC * e->format.fps_den / e->format.fps_num;
	e->stall = patience > EPOCH_STALL_USEC ? patience : EPOCH_STALL_USEC;
	e->last_frame = clock_monotonic();
	return 0;
}

void epoch_end(struct epoch *e)
{
	source_close(e->source);
	for (unsigned int i = 0; i < EPOCH_STREAMS; i++)
		stream_end(&e->streams[i]);
}

/* What comes after a hole in a camera's own H.264 refers to what was lost. */
static bool refers_to_lost(const struct stream *s, const struct source_frame *frame)
{
	return (frame->dropped || frame->damaged) && s->ring && s->format.encoded &&
	       s->description.codec == RING_CODEC_H264;
}

static bool wants_read(const struct encoder *encoder, const struct source_frame *frame)
{
	return encoder->reads && !(encoder->takes_image && frame->image.fourcc);
}

static int submit(struct epoch *e, unsigned int stream, struct source_frame *frame)
{
	struct stream *s = &e->streams[stream];
	int r;

	stream_miss(s, e->source->dropped_as, frame->dropped);
	stream_miss(s, CAMERA_DROP_ERROR, frame->damaged);
	s->broken |= refers_to_lost(s, frame);
	r = wants_read(s->encoder, frame) ? source_read(e->source, frame) : 0;
	if (r < 0)
		return lose_source(e, r);
	r = stream_submit(s, frame);
	if (r < 0)
		return lose_stream(e, s, r);
	if (encoder_holds(s->encoder, frame->id)) {
		e->holders[frame->id] |= 1U << stream;
		e->held |= 1U << frame->id;
	}
	return 0;
}

/* Raw pictures are copied also where an encoder works on the source's memory: who had a descriptor
 * of that could write into what is yet to be sealed, and could not be made to let go of it. */
static int give_raw(struct epoch *e, struct source_frame *frame)
{
	int r;

	if (!e->subscribers || e->format.encoded || !subscriber_list_takes_raw(e->subscribers))
		return 0;
	r = source_read(e->source, frame);
	if (r < 0)
		return r == -EBADMSG ? 0 : lose_source(e, r);
	subscriber_list_put_raw(e->subscribers, e->captured, e->format.width, e->format.height,
				frame);
	return 0;
}

static int take_frame(struct epoch *e, struct source_frame *frame)
{
	int r = 0;

	if (e->format.undecided) {
		e->format = *frame->format;
		r = start_streams(e);
	}
	if (r >= 0)
		r = give_raw(e, frame);
	for (unsigned int i = 0; i < EPOCH_STREAMS && r >= 0; i++)
		if (runs(&e->streams[i]))
			r = submit(e, i, frame);
	return r;
}

int epoch_step(struct epoch *e)
{
	struct source_frame frame;
	int r = source_next(e->source, &frame), released;

	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return lose_source(e, r);
	e->captured++;
	e->last_frame = clock_monotonic();
	r = take_frame(e, &frame);
	if (e->held & 1U << frame.id)
		return r;
	released = source_release(e->source, frame.id);
	return r >= 0 && released < 0 ? lose_source(e, released) : r;
}

/* Gives back the frames that no encoder reads any more. */
static int release_frames(struct epoch *e)
{
	for (uint32_t id = 0; id < SOURCE_FRAMES_MAX && e->held >> id; id++) {
		int r;

		for (unsigned int i = 0; e->holders[id] >> i; i++)
			if (e->holders[id] & 1U << i && !encoder_holds(e->streams[i].encoder, id))
				e->holders[id] &= ~(1U << i);
		if (!(e->held & 1U << id) || e->holders[id])
			continue;
		e->held &= ~(1U << id);
		r = source_release(e->source, id);
		if (r < 0)
			return lose_source(e, r);
	}
	return 0;
}

int epoch_collect(struct epoch *e, struct stream_progress *ret)
{
	for (unsigned int i = 0; i < EPOCH_STREAMS; i++) {
		struct stream *s = &e->streams[i];
		int r = runs(s) ? stream_collect(s, ret) : 0;

		if (r != 0)
			return r < 0 ? lose_stream(e, s, r) : r;
	}
	return release_frames(e);
}

static void end_stream(struct epoch *e, unsigned int stream)
{
	stream_end(&e->streams[stream]);
	for (uint32_t id = 0; id < SOURCE_FRAMES_MAX; id++)
		e->holders[id] &= ~(1U << stream);
}

int epoch_want(struct epoch *e, uint32_t streams)
{
	int r;

	for (unsigned int i = 0; i < EPOCH_STREAMS; i++)
		if (!(streams & 1U << i) && runs(&e->streams[i]))
			end_stream(e, i);
	e->wanted = streams;
	r = release_frames(e);
	return r < 0 ? r : start_streams(e);
}

int epoch_configure(struct epoch *e, const struct camera_configuration *configuration)
{
	e->configuration = *configuration;
	for (unsigned int i = 0; i < EPOCH_STREAMS; i++) {
		struct stream *s = &e->streams[i];
		int r = runs(s) ? stream_configure(s, configuration) : 0;

		if (r < 0)
			return lose_stream(e, s, r);
	}
	return 0;
}

uint64_t epoch_captured(const struct epoch *e)
{
	return e->captured - epoch_told(e)->empty;
}

static uint64_t patience(const struct epoch *e)
{
	return !epoch_captured(e) && e->stall < EPOCH_STALL_FIRST_USEC ? EPOCH_STALL_FIRST_USEC
								       : e->stall;
}

/* If all its frames are held, it cannot give one: that is the encoder's, who has a deadline of its
 * own, unless it waits for one frame more than there are. */
static uint64_t stalled_at(const struct epoch *e)
{
	return e->last_frame + patience(e) + (source_events(e->source) ? 0 : EPOCH_STALL_USEC);
}

bool epoch_has_stalled(const struct epoch *e)
{
	return clock_monotonic() >= stalled_at(e);
}

/* An encoder that has all frames, or some while the camera keeps the others, waits for one more
 * than there are. That shows in the first round: later, it is the camera that gives none. */
static bool lacks_frames(const struct epoch *e)
{
	return !source_events(e->source) || (e->held && e->captured <= SOURCE_FRAMES_MAX);
}

void epoch_lose_stalled(struct epoch *e)
{
	e->may_return = true;
	if (lacks_frames(e))
		e->source->encoder_lost = clock_monotonic();
	snprintf(e->reason, sizeof(e->reason), "stalled: no frame for %llu s",
		 (unsigned long long)(patience(e) / USEC_PER_SEC));
}

uint64_t epoch_deadline(const struct epoch *e)
{
	uint64_t deadline = stalled_at(e);

	for (unsigned int i = 0; i < EPOCH_STREAMS; i++) {
		const struct stream *s = &e->streams[i];
		uint64_t encoder = runs(s) ? encoder_deadline(s->encoder) : UINT64_MAX;

		if (encoder < deadline)
			deadline = encoder;
	}
	return deadline;
}
