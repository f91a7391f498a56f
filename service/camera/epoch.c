// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/epoch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define SLOTS                 256
#define DATA_MIN              (UINT64_C(4) << 20)
#define DATA_MIN_PASSTHROUGH  (UINT64_C(8) << 20)
#define DATA_SECONDS          4
#define DATA_KEYFRAMES        8 /* of the first one's size */
#define DATA_SECONDS_JPEG     3 /* of pictures of the first one's size */
#define STALL_FRAME_INTERVALS 4 /* a slow camera is not a stalled one */

__attribute__((format(printf, 3, 4))) static int lose(struct epoch *e, int error,
						      const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(e->reason, sizeof(e->reason), format, ap);
	va_end(ap);
	return error;
}

static int lose_source(struct epoch *e, int error)
{
	e->may_return = source_may_return(error);
	return lose(e, error, "%s", source_explain(error));
}

static void drop(struct epoch *e, enum camera_drop_reason reason, uint32_t n)
{
	e->dropped[reason] += n;
	e->dropped_before += n;
}

static int begin_encoder(struct epoch *e)
{
	int r;

	e->config = encoder_config_of(&e->format, &e->configuration);
	r = encoder_new(&e->format, &e->config, &e->encoder);
	if (r == -EOPNOTSUPP)
		return lose(e, r, "raw pictures, and this build has no encoder");
	if (r < 0)
		return lose(e, r, "the encoder does not take %ux%u: %s", e->format.width,
			    e->format.height, strerror(-r));
	return 0;
}

int epoch_begin(struct epoch *e, struct source *source, struct sealer *sealer,
		const struct ring_description *description,
		const struct camera_configuration *configuration)
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
		.sealer = sealer,
		.description = *description,
		.configuration = *configuration,
		.next_sequence = 1,
	};
	memcpy(want.uuid, description->camera_uuid, sizeof(want.uuid));
	r = source_open(source, &want, &e->format);
	if (r < 0)
		return lose_source(e, r);
	r = e->format.undecided ? 0 : begin_encoder(e);
	if (r < 0) {
		source_close(source);
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
	e->encoder = encoder_free(e->encoder);
	e->ring = ring_writer_free(e->ring);
}

static uint64_t ring_data_size(const struct epoch *e, uint64_t keyframe)
{
	uint64_t size = e->format.encoded ? DATA_MIN_PASSTHROUGH : DATA_MIN;
	uint64_t by_rate = (uint64_t)e->config.bitrate / 8 * DATA_SECONDS * 3 / 2;
	uint64_t by_keyframe = keyframe * DATA_KEYFRAMES;

	if (e->format.codec == RING_CODEC_JPEG)
		by_keyframe = keyframe * e->format.fps_num * DATA_SECONDS_JPEG / e->format.fps_den;
	if (size < by_rate)
		size = by_rate;
	if (size < by_keyframe)
		size = by_keyframe;
	return size < RING_DATA_MAX ? size : RING_DATA_MAX;
}

static uint64_t unit_size(const struct access_unit *unit)
{
	uint64_t size = 0;

	for (size_t i = 0; i < unit->n_pieces; i++)
		size += unit->pieces[i].iov_len;
	return size;
}

static int make_ring(struct epoch *e)
{
	struct ring_description *d = &e->description;
	int r;

	d->stream = RING_STREAM_MAIN;
	d->codec = e->format.encoded ? e->format.codec : RING_CODEC_H264;
	d->width = e->format.width;
	d->height = e->format.height;
	d->fps_numerator = e->format.fps_num;
	d->fps_denominator = e->format.fps_den;
	d->parameter_sets_size = (uint32_t)e->sets.size;
	memcpy(d->parameter_sets, e->sets.bytes, e->sets.size);
	r = ring_writer_new(d, SLOTS, ring_data_size(e, unit_size(&e->unit)), &e->ring);
	if (r < 0)
		return lose(e, r, "no memory for the ring: %s", strerror(-r));
	return 0;
}

static int seal(struct epoch *e, const struct source_frame *frame)
{
	const struct sealer_frame about = {
		.sequence = e->next_sequence,
		.realtime = frame->captured_realtime,
		.boottime = frame->captured_boottime,
		.stream = RING_STREAM_MAIN,
		.codec = e->description.codec,
	};
	int r = sealer_seal(e->sealer, &about, &e->sets, &e->unit);

	return r < 0 ? lose(e, r, "a frame cannot be sealed: %s", strerror(-r)) : 0;
}

static int put(struct epoch *e, const struct source_frame *frame, uint64_t encode_begin,
	       struct epoch_progress *ret)
{
	struct ring_unit unit = {
		.sequence = e->next_sequence,
		.captured_monotonic = frame->captured_monotonic,
		.captured_realtime = frame->captured_realtime,
		.flags = e->unit.idr ? RING_UNIT_KEYFRAME : 0,
		.dropped_before = e->dropped_before,
	};
	int r = seal(e, frame);

	if (r < 0)
		return r;
	unit.encode_time = (uint32_t)(clock_monotonic() - encode_begin);
	r = ring_writer_put(e->ring, &unit, e->unit.pieces, e->unit.n_pieces);
	if (r < 0) {
		drop(e, CAMERA_DROP_SIZE, 1);
		e->broken = true;
		return 0;
	}
	if (e->unit.idr)
		e->keyframe = e->next_sequence;
	e->next_sequence++;
	e->encoded++;
	e->dropped_before = 0;
	ret->published = true;
	ret->index = unit.index;
	return 0;
}

static int publish(struct epoch *e, const struct source_frame *frame, uint64_t encode_begin,
		   struct epoch_progress *ret)
{
	if (e->unit.idr) {
		e->broken = false;
		e->keyframe_wanted = false;
		e->last_keyframe = clock_monotonic();
	}
	if (e->broken || (!e->ring && !e->unit.idr)) {
		drop(e, CAMERA_DROP_ENCODER, 1);
		return 0;
	}
	if (!e->ring) {
		int r = make_ring(e);

		if (r < 0)
			return r;
		ret->ring_ready = true;
	}
	return put(e, frame, encode_begin, ret);
}

static bool keyframe_due(const struct epoch *e, uint64_t now)
{
	return (e->keyframe_wanted || e->broken) &&
	       now - e->last_keyframe >= EPOCH_KEYFRAME_INTERVAL_USEC;
}

/* Whether to make this frame a keyframe; a camera that encodes itself is asked for one instead. */
static bool take_request(struct epoch *e, uint64_t now)
{
	if (!keyframe_due(e, now))
		return false;
	if (e->encoder->forces_keyframes)
		return true;
	/* Most have no such control: then the next of its own will do. */
	source_force_keyframe(e->source);
	e->last_keyframe = now;
	return false;
}

/* Into e->unit. */
static int take_unit(struct epoch *e, struct slice stream)
{
	if (e->format.codec != RING_CODEC_JPEG)
		return access_unit_parse(&e->sets, stream, &e->unit);
	return access_unit_of_jpeg(stream, &e->unit);
}

static int encode(struct epoch *e, const struct source_frame *frame, struct epoch_progress *ret)
{
	uint64_t begin = clock_monotonic();
	struct slice stream;
	int r = encoder_encode(e->encoder, frame, take_request(e, begin), &stream);

	if (r == -ENODATA) {
		drop(e, CAMERA_DROP_ENCODER, 1);
		return 0;
	}
	if (r < 0)
		return lose(e, r, "the encoder failed: %s", strerror(-r));
	r = take_unit(e, stream);
	if (r == -ESTALE) {
		e->may_return = true;
		return lose(e, r, "the picture's parameter sets changed");
	}
	if (r < 0) {
		/* Without parameter sets nobody can begin; otherwise it is damaged. */
		drop(e, r == -ENODATA ? CAMERA_DROP_ENCODER : CAMERA_DROP_ERROR, 1);
		e->broken = e->ring != NULL;
		return 0;
	}
	if (!e->unit.has_slice) {
		e->captured--; /* parameter sets in a buffer of their own are no picture */
		return 0;
	}
	return publish(e, frame, begin, ret);
}

static int take_frame(struct epoch *e, const struct source_frame *frame, struct epoch_progress *ret)
{
	if (e->format.undecided) {
		int r;

		e->format = *frame->format;
		r = begin_encoder(e);
		if (r < 0)
			return r;
	}
	return encode(e, frame, ret);
}

/* What comes after a hole in a camera's own H.264 refers to what was lost. */
static bool refers_to_lost(const struct epoch *e, const struct source_frame *frame)
{
	return (frame->dropped || frame->damaged) && e->ring && e->format.encoded &&
	       e->description.codec == RING_CODEC_H264;
}

int epoch_step(struct epoch *e, struct epoch_progress *ret)
{
	struct source_frame frame;
	int r = source_next(e->source, &frame), released;

	*ret = (struct epoch_progress){};
	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return lose_source(e, r);
	e->captured++;
	e->last_frame = clock_monotonic();
	drop(e, e->source->dropped_as, frame.dropped);
	drop(e, CAMERA_DROP_ERROR, frame.damaged);
	e->broken |= refers_to_lost(e, &frame);
	r = take_frame(e, &frame, ret);
	released = source_release(e->source);
	if (r >= 0 && released < 0)
		return lose_source(e, released);
	return r;
}

void epoch_want_keyframe(struct epoch *e)
{
	e->keyframe_wanted = true;
}

int epoch_configure(struct epoch *e, const struct camera_configuration *configuration)
{
	struct encoder_config config = encoder_config_of(&e->format, configuration);
	int r;

	e->configuration = *configuration;
	if (!e->encoder)
		return 0;
	if (config.bitrate == e->config.bitrate && config.gop == e->config.gop)
		return 0;
	r = encoder_adjust(e->encoder, config.bitrate, config.gop);
	if (r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return lose(e, r, "the encoder does not take the new configuration");
	e->config = config;
	return 0;
}

uint64_t epoch_first_sequence(const struct epoch *e)
{
	return e->keyframe ? e->keyframe : e->next_sequence;
}

void epoch_lose_stalled(struct epoch *e)
{
	uint64_t patience = epoch_deadline(e) - e->last_frame;

	e->may_return = true;
	lose(e, -ETIMEDOUT, "stalled: no frame for %llu s",
	     (unsigned long long)(patience / USEC_PER_SEC));
}

uint64_t epoch_deadline(const struct epoch *e)
{
	uint64_t patience = e->stall;

	if (!e->captured && patience < EPOCH_STALL_FIRST_USEC)
		patience = EPOCH_STALL_FIRST_USEC;
	return e->last_frame + patience;
}
