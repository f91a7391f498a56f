// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One encoding of an epoch, `main` or `sub`: its encoder, the access units that come of it, each
 * sealed, and the ring that they go into. `sub` is of raw pictures, made smaller and fewer first.
 *
 *	init -> { start -> { submit | at the encoder's event or deadline; collect until 0 } -> end }
 *
 * Started again it has another ring, in which the sequence goes on.
 * After an error the stream is lost; `reason` says why, for people.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ring-writer.h"
#include "camera/access-unit.h"
#include "camera/encoder.h"
#include "camera/scale.h"
#include "camera/sealer.h"
#include "camera/source.h"
#include "camera/stamps.h"
#include "camera/thinner.h"
#include "proto/camera-msg.h"

/* Keyframes on demand come no closer together than this. */
#define STREAM_KEYFRAME_INTERVAL_USEC 1000000ULL

struct stream {
	struct source *source;       /* borrowed; asked for keyframes */
	struct sealer *sealer;       /* borrowed */
	struct source_format from;   /* what the source gives */
	struct source_format format; /* what is encoded */
	struct scale *scale;         /* NULL: as large as they come, or the encoder scales */
	struct thinner thinner;
	struct encoder *encoder; /* NULL: not started */
	struct encoder_config config;
	struct stamps stamps;
	uint64_t last_key;
	struct parameter_sets sets;
	struct access_unit unit;
	struct ring_description description;
	struct ring_writer *ring; /* NULL before the first keyframe */
	uint64_t next_sequence;   /* from 1 */
	uint64_t keyframe;        /* sequence of the newest one; 0: none yet */
	uint64_t encoded;
	uint64_t empty; /* frames that were none: parameter sets in a buffer of their own */
	uint64_t dropped[CAMERA_N_DROP_REASONS];
	uint32_t dropped_before; /* since the unit last published */
	bool keyframe_wanted;
	bool broken;            /* a unit is missing: nothing more until the next keyframe */
	uint64_t last_keyframe; /* us, CLOCK_MONOTONIC */
	bool may_return;        /* once it is lost: a new epoch may do better */
	char reason[PROTO_REASON_SIZE];
};

struct stream_progress {
	enum ring_stream stream;
	bool ring_ready;       /* the ring has come to be, with this unit */
	bool published;        /* a unit went into it */
	uint64_t index;        /* of that unit */
	struct ring_unit unit; /* it; its bytes are the stream's `unit`, until the next collect */
};

/* description: with the stream's name; the rest of the picture is filled in. */
void stream_init(struct stream *s, struct source *source, struct sealer *sealer,
		 const struct ring_description *description);

/* Whether there can be such a stream of this format. */
bool stream_is_possible(enum ring_stream stream, const struct source_format *format);

/* Makes the encoder for frames of this format. */
int stream_start(struct stream *s, const struct source_format *format,
		 const struct camera_configuration *configuration);
void stream_end(struct stream *s);

/* Gives the encoder a frame. Not before the sealer is certified. */
int stream_submit(struct stream *s, const struct source_frame *frame);

/* Takes one access unit of the encoder: 1, whether or not it was published; 0: there is none. */
int stream_collect(struct stream *s, struct stream_progress *ret);

/* Frames that never came to the encoder. */
void stream_miss(struct stream *s, enum camera_drop_reason reason, uint32_t n);

/* Asks for a keyframe; several requests make one. */
void stream_want_keyframe(struct stream *s);

/* Bitrate and GOP change at once, the rest when it is started next. */
int stream_configure(struct stream *s, const struct camera_configuration *configuration);

/* The sequence that a viewer who begins now, or later, sees first at the earliest. */
uint64_t stream_first_sequence(const struct stream *s);
