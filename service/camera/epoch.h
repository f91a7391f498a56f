// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One run of the camera from START to STOP: its source and up to two streams of it (stream.h),
 * those that are wanted. What it holds of a device, and every picture, is gone when it ends.
 *
 *	begin -> { poll the source; step | poll the encoders; nothing | then collect until 0 }
 *	-> end
 *
 * A frame goes back to the source once no encoder reads it any more.
 * An error of begin, step or collect ends the epoch as lost; `reason` says why, for people.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "camera/sealer.h"
#include "camera/source.h"
#include "camera/stream.h"
#include "camera/subscriber-list.h"
#include "proto/camera-msg.h"

/* Without a frame for so long, the source has stalled. The first may take longer: cameras wake. */
#define EPOCH_STALL_USEC       2000000ULL
#define EPOCH_STALL_FIRST_USEC 5000000ULL

#define EPOCH_STREAMS (RING_STREAM_SUB + 1)

struct epoch {
	uint64_t number;
	struct source *source; /* borrowed; open while the epoch runs */
	struct source_format format;
	struct camera_configuration configuration;
	uint32_t wanted; /* streams, 1 << enum ring_stream; made as soon as they can be */
	struct stream streams[EPOCH_STREAMS]; /* by enum ring_stream; those without encoder rest */
	uint32_t holders[SOURCE_FRAMES_MAX];  /* streams whose encoder reads a frame: a bit each */
	struct subscriber_list *subscribers;  /* borrowed; who takes raw pictures. NULL: nobody */
	uint32_t held;                        /* frames that somebody reads: a bit each */
	uint64_t captured;
	uint64_t last_frame; /* us, CLOCK_MONOTONIC */
	uint64_t stall;
	bool may_return; /* once it is lost: the source can come back by itself */
	char reason[PROTO_REASON_SIZE];
};

/* description: camera_uuid, camera_name and epoch are the caller's to fill in. source is not open.
 * sealer is borrowed. streams: those wanted. After an error there is nothing to end. */
int epoch_begin(struct epoch *e, struct source *source, struct sealer *sealer,
		const struct ring_description *description,
		const struct camera_configuration *configuration, uint32_t streams);
void epoch_end(struct epoch *e);

/* From now on these streams are wanted and no others. */
int epoch_want(struct epoch *e, uint32_t streams);

/* Which streams the source can give, 1 << enum ring_stream; 0: not known yet. */
uint32_t epoch_possible_streams(const struct epoch *e);

/* Takes one frame, if there is one, and gives it to the encoders. Not before the sealer is
 * certified. */
int epoch_step(struct epoch *e);

/*
 * Takes one access unit of any stream: 1, whether or not it was published; 0: there is none now.
 * To be called until 0 after each step, at each event of an encoder and at epoch_deadline().
 */
int epoch_collect(struct epoch *e, struct stream_progress *ret);

/* Bitrate and GOP change at once, the rest of `sub` when it is made next, of `main` with the next
 * epoch. */
int epoch_configure(struct epoch *e, const struct camera_configuration *configuration);

/* Whether no frame has come for too long. */
bool epoch_has_stalled(const struct epoch *e);
/* It has: says so in `reason`. */
void epoch_lose_stalled(struct epoch *e);

/* When to look again whether the source has stalled, or what the encoders do, unless something
 * comes before (us, CLOCK_MONOTONIC). */
uint64_t epoch_deadline(const struct epoch *e);

/* Pictures that came from the source. */
uint64_t epoch_captured(const struct epoch *e);

/* The one that what is told of an epoch is about: `main`, unless `sub` is made alone. */
static inline const struct stream *epoch_told(const struct epoch *e)
{
	const struct stream *main = &e->streams[RING_STREAM_MAIN];
	const struct stream *sub = &e->streams[RING_STREAM_SUB];

	return sub->encoder && !main->encoder ? sub : main;
}

/* Whether there are pictures. */
static inline bool epoch_has_ring(const struct epoch *e)
{
	return e->streams[RING_STREAM_MAIN].ring || e->streams[RING_STREAM_SUB].ring;
}
