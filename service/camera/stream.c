// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define SLOTS                256
#define DATA_MIN             (UINT64_C(4) << 20)
#define DATA_MIN_PASSTHROUGH (UINT64_C(8) << 20)
#define DATA_SECONDS         4
#define DATA_KEYFRAMES       8 /* of the first one's size */
#define DATA_SECONDS_JPEG    3 /* of pictures of the first one's size */

__attribute__((format(printf, 3, 4))) static int lose(struct stream *s, int error,
						      const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->reason, sizeof(s->reason), format, ap);
	va_end(ap);
	return error;
}

static int lose_encoder(struct stream *s, int error)
{
	s->may_return = true;
	s->source->encoder_lost = clock_monotonic();
	if (error == -ETIMEDOUT)
		return lose(s, error, "the encoder stalls, and does so again when opened anew");
	return lose(s, error, "the encoder failed: %s", strerror(-error));
}

void stream_miss(struct stream *s, enum camera_drop_reason reason, uint32_t n)
{
	s->dropped[reason] += n;
	s->dropped_before += n;
}

void stream_init(struct stream *s, struct source *source, struct sealer *sealer,
		 const struct ring_description *description)
{
	*s = (struct stream){
		.source = source,
		.sealer = sealer,
		.description = *description,
		.next_sequence = 1,
	};
}

bool stream_is_possible(enum ring_stream stream, const struct source_format *format)
{
	return stream == RING_STREAM_MAIN || !format->encoded;
}

static bool is_sub(const struct stream *s)
{
	return s->description.stream == RING_STREAM_SUB;
}

/* A keyframe of sub comes as often as one of main. */
static uint32_t thin_gop(const struct stream *s, uint32_t gop)
{
	uint64_t thin = (uint64_t)gop * s->format.fps_num * s->from.fps_den / s->format.fps_den /
			s->from.fps_num;

	return gop && !thin ? 1 : (uint32_t)thin;
}

static struct encoder_config config_of(const struct stream *s,
				       const struct camera_configuration *configuration)
{
	struct camera_configuration c = *configuration;

	if (is_sub(s)) {
		c.bitrate = c.sub_bitrate;
		c.gop = thin_gop(s, c.gop);
	}
	return encoder_config_of(&s->format, &c);
}

static void choose_smaller(struct stream *s, const struct camera_configuration *configuration)
{
	struct source_format *f = &s->format;

	scale_size(s->from.width, s->from.height, configuration->sub_width,
		   configuration->sub_height, &f->width, &f->height);
	thinner_begin(&s->thinner, configuration->sub_fps, f->fps_num, f->fps_den);
	if (thinner_active(&s->thinner)) {
		f->fps_num = configuration->sub_fps;
		f->fps_den = 1;
	}
}

/* By software, unless the encoder has a converter that scales; it may lose that. */
static int make_smaller(struct stream *s)
{
	const struct source_format *f = &s->format;

	if (s->scale || s->encoder->scales ||
	    (f->width == s->from.width && f->height == s->from.height))
		return 0;
	return scale_new(s->from.width, s->from.height, f->width, f->height, &s->scale);
}

int stream_start(struct stream *s, const struct source_format *format,
		 const struct camera_configuration *configuration)
{
	int r;

	s->from = s->format = *format;
	if (is_sub(s))
		choose_smaller(s, configuration);
	s->config = config_of(s, configuration);
	r = encoder_new(s->source, &s->format, &s->config, &s->encoder);
	if (r >= 0)
		return 0;
	/* The hardware may be free, or trusted again, later. */
	s->may_return = s->source && s->source->encoder;
	if (r == -EOPNOTSUPP)
		return lose(s, r, "raw pictures, and this build has no encoder");
	return lose(s, r, "the encoder does not take %ux%u: %s", s->format.width, s->format.height,
		    strerror(-r));
}

void stream_end(struct stream *s)
{
	s->encoder = encoder_free(s->encoder);
	s->scale = scale_free(s->scale);
	s->ring = ring_writer_free(s->ring);
	/* What it was amidst of; nobody waits for it any more. */
	s->stamps = (struct stamps){};
	s->sets = (struct parameter_sets){};
	s->keyframe = s->last_keyframe = 0;
	s->keyframe_wanted = s->broken = false;
	s->dropped_before = 0;
}

static uint64_t ring_data_size(const struct stream *s, uint64_t keyframe)
{
	uint64_t size = s->format.encoded ? DATA_MIN_PASSTHROUGH : DATA_MIN;
	uint64_t by_rate = (uint64_t)s->config.bitrate / 8 * DATA_SECONDS * 3 / 2;
	uint64_t by_keyframe = keyframe * DATA_KEYFRAMES;

	if (s->format.codec == RING_CODEC_JPEG)
		by_keyframe = keyframe * s->format.fps_num * DATA_SECONDS_JPEG / s->format.fps_den;
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

static int make_ring(struct stream *s)
{
	struct ring_description *d = &s->description;
	int r;

	d->codec = s->format.encoded ? s->format.codec : RING_CODEC_H264;
	d->width = s->format.width;
	d->height = s->format.height;
	d->fps_numerator = s->format.fps_num;
	d->fps_denominator = s->format.fps_den;
	d->parameter_sets_size = (uint32_t)s->sets.size;
	memcpy(d->parameter_sets, s->sets.bytes, s->sets.size);
	r = ring_writer_new(d, SLOTS, ring_data_size(s, unit_size(&s->unit)), &s->ring);
	if (r < 0)
		return lose(s, r, "no memory for the ring: %s", strerror(-r));
	return 0;
}

static int seal(struct stream *s, const struct stamp *stamp)
{
	const struct sealer_frame about = {
		.sequence = s->next_sequence,
		.realtime = stamp->captured_realtime,
		.boottime = stamp->captured_boottime,
		.stream = s->description.stream,
		.codec = s->description.codec,
	};
	int r = sealer_seal(s->sealer, &about, &s->sets, &s->unit);

	return r < 0 ? lose(s, r, "a frame cannot be sealed: %s", strerror(-r)) : 0;
}

static int put(struct stream *s, const struct stamp *stamp, struct stream_progress *ret)
{
	struct ring_unit unit = {
		.sequence = s->next_sequence,
		.captured_monotonic = stamp->captured_monotonic,
		.captured_realtime = stamp->captured_realtime,
		.flags = s->unit.idr ? RING_UNIT_KEYFRAME : 0,
		.dropped_before = s->dropped_before,
	};
	int r = seal(s, stamp);

	if (r < 0)
		return r;
	unit.encode_time = (uint32_t)(clock_monotonic() - stamp->submitted);
	r = ring_writer_put(s->ring, &unit, s->unit.pieces, s->unit.n_pieces);
	if (r < 0) {
		stream_miss(s, CAMERA_DROP_SIZE, 1);
		s->broken = true;
		return 0;
	}
	if (s->unit.idr)
		s->keyframe = s->next_sequence;
	s->next_sequence++;
	s->encoded++;
	s->dropped_before = 0;
	ret->published = true;
	ret->index = unit.index;
	ret->unit = unit;
	return 0;
}

static int publish(struct stream *s, const struct stamp *stamp, struct stream_progress *ret)
{
	if (s->unit.idr) {
		s->broken = false;
		s->keyframe_wanted = false;
		s->last_keyframe = clock_monotonic();
	}
	if (s->broken || (!s->ring && !s->unit.idr)) {
		stream_miss(s, CAMERA_DROP_ENCODER, 1);
		return 0;
	}
	if (!s->ring) {
		int r = make_ring(s);

		if (r < 0)
			return r;
		ret->ring_ready = true;
	}
	return put(s, stamp, ret);
}

static bool keyframe_due(const struct stream *s, uint64_t now)
{
	return (s->keyframe_wanted || s->broken) &&
	       now - s->last_keyframe >= STREAM_KEYFRAME_INTERVAL_USEC;
}

/* Whether to make this frame a keyframe; a camera that encodes itself is asked for one instead. */
static bool take_request(struct stream *s, uint64_t now)
{
	if (!keyframe_due(s, now))
		return false;
	s->last_keyframe = now;
	if (s->encoder->forces_keyframes)
		return true;
	/* Most have no such control: then the next of its own will do. */
	source_force_keyframe(s->source);
	return false;
}

static int encode(struct stream *s, const struct source_frame *frame)
{
	struct stamp stamp = {
		.key = frame->captured_monotonic,
		.captured_monotonic = frame->captured_monotonic,
		.captured_realtime = frame->captured_realtime,
		.captured_boottime = frame->captured_boottime,
		.submitted = clock_monotonic(),
	};
	int r;

	if (stamp.key <= s->last_key)
		stamp.key = s->last_key + 1;
	s->last_key = stamp.key;
	stream_miss(s, CAMERA_DROP_ENCODER, stamps_add(&s->stamps, &stamp));
	r = encoder_submit(s->encoder, frame, stamp.key, take_request(s, stamp.submitted));
	if (r == -ENODATA) {
		stamps_undo(&s->stamps);
		stream_miss(s, CAMERA_DROP_ENCODER, 1);
		return 0;
	}
	return r < 0 ? lose_encoder(s, r) : 0;
}

/* Of the smaller picture nothing is the source's any more but when it was taken. */
static int encode_smaller(struct stream *s, const struct source_frame *frame)
{
	const struct scale_picture from = {.y = frame->y,
					   .u = frame->u,
					   .v = frame->v,
					   .y_stride = frame->y_stride,
					   .c_stride = frame->c_stride};
	struct scale_picture to;
	struct source_frame small = {
		.id = frame->id,
		.captured_monotonic = frame->captured_monotonic,
		.captured_realtime = frame->captured_realtime,
		.captured_boottime = frame->captured_boottime,
	};

	scale_picture(s->scale, &from, &to);
	small.y = to.y;
	small.u = to.u;
	small.v = to.v;
	small.y_stride = to.y_stride;
	small.c_stride = to.c_stride;
	return encode(s, &small);
}

int stream_submit(struct stream *s, const struct source_frame *frame)
{
	int r;

	if (!thinner_take(&s->thinner, frame->captured_monotonic))
		return 0;
	r = make_smaller(s);
	if (r < 0)
		return lose(s, r, "no memory for a smaller picture");
	return s->scale ? encode_smaller(s, frame) : encode(s, frame);
}

/* Into s->unit. */
static int take_unit(struct stream *s, struct slice bytes)
{
	if (s->format.codec != RING_CODEC_JPEG)
		return access_unit_parse(&s->sets, bytes, &s->unit);
	return access_unit_of_jpeg(bytes, &s->unit);
}

static int take(struct stream *s, const struct encoder_unit *unit, struct stream_progress *ret)
{
	struct stamp stamp;
	int lost = stamps_take(&s->stamps, unit->key, &stamp), r;

	if (lost < 0) {
		s->may_return = true;
		return lose(s, -EPROTO, "the encoder gave a picture that nobody waits for");
	}
	stream_miss(s, CAMERA_DROP_ENCODER, (uint32_t)lost);
	r = take_unit(s, unit->bytes);
	if (r == -ESTALE) {
		s->may_return = true;
		return lose(s, r, "the picture's parameter sets changed");
	}
	if (r < 0) {
		/* Without parameter sets nobody can begin; otherwise it is damaged. */
		stream_miss(s, r == -ENODATA ? CAMERA_DROP_ENCODER : CAMERA_DROP_ERROR, 1);
		s->broken = s->ring != NULL;
		return 0;
	}
	if (!s->unit.has_slice) {
		s->empty++;
		return 0;
	}
	return publish(s, &stamp, ret);
}

int stream_collect(struct stream *s, struct stream_progress *ret)
{
	struct encoder_unit unit;
	int r = encoder_next(s->encoder, &unit);

	*ret = (struct stream_progress){.stream = s->description.stream};
	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return lose_encoder(s, r);
	r = take(s, &unit, ret);
	return r < 0 ? r : 1;
}

void stream_want_keyframe(struct stream *s)
{
	s->keyframe_wanted = true;
}

int stream_configure(struct stream *s, const struct camera_configuration *configuration)
{
	struct encoder_config config = config_of(s, configuration);
	int r;

	if (config.bitrate == s->config.bitrate && config.gop == s->config.gop)
		return 0;
	r = encoder_adjust(s->encoder, config.bitrate, config.gop);
	if (r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return lose_encoder(s, r);
	s->config = config;
	return 0;
}

uint64_t stream_first_sequence(const struct stream *s)
{
	return s->keyframe ? s->keyframe : s->next_sequence;
}
