// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One run of the camera from START to STOP: source, encoder and the ring of the stream `main`,
 * each unit in it sealed.
 * What it holds of a device, and every picture, is gone when it ends.
 *
 *	begin -> { poll the source; step } -> end
 *
 * An error of begin or step ends the epoch as lost; `reason` says why, for people.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ring-writer.h"
#include "camera/access-unit.h"
#include "camera/encoder.h"
#include "camera/sealer.h"
#include "camera/source.h"
#include "proto/camera-msg.h"

/* Keyframes on demand come no closer together than this. */
#define EPOCH_KEYFRAME_INTERVAL_USEC 1000000ULL
/* Without a frame for so long, the source has stalled. The first may take longer: cameras wake. */
#define EPOCH_STALL_USEC       2000000ULL
#define EPOCH_STALL_FIRST_USEC 5000000ULL

struct epoch {
	uint64_t number;
	struct source *source; /* borrowed; open while the epoch runs */
	struct sealer *sealer; /* borrowed */
	struct source_format format;
	struct camera_configuration configuration;
	struct encoder *encoder; /* NULL while the format is undecided */
	struct encoder_config config;
	struct parameter_sets sets;
	struct access_unit unit;
	struct ring_description description;
	struct ring_writer *ring; /* NULL before the first keyframe */
	uint64_t next_sequence;   /* from 1 */
	uint64_t keyframe;        /* sequence of the newest one; 0: none yet */
	uint64_t captured, encoded;
	uint64_t dropped[CAMERA_N_DROP_REASONS];
	uint32_t dropped_before; /* since the unit last published */
	bool keyframe_wanted;
	bool broken;            /* a unit is missing: nothing more until the next keyframe */
	uint64_t last_keyframe; /* us, CLOCK_MONOTONIC, as the next two */
	uint64_t last_frame;
	uint64_t stall;
	bool may_return; /* once it is lost: the source can come back by itself */
	char reason[PROTO_REASON_SIZE];
};

/* description: camera_uuid, camera_name and epoch are the caller's to fill in. source is not open.
 * After an error there is nothing to end. */
int epoch_begin(struct epoch *e, struct source *source, struct sealer *sealer,
		const struct ring_description *description,
		const struct camera_configuration *configuration);
void epoch_end(struct epoch *e);

struct epoch_progress {
	bool ring_ready; /* the ring has come to be, with this unit */
	bool published;  /* a unit went into it */
	uint64_t index;  /* of that unit */
};

/* Takes one frame, if there is one. Not before the sealer is certified. */
int epoch_step(struct epoch *e, struct epoch_progress *ret);

/* Asks for a keyframe; several requests make one. */
void epoch_want_keyframe(struct epoch *e);

/* Bitrate and GOP change at once, the rest with the next epoch. */
int epoch_configure(struct epoch *e, const struct camera_configuration *configuration);

/* There was none: says so in `reason`. */
void epoch_lose_stalled(struct epoch *e);

/* The sequence that a viewer who begins now, or later, sees first at the earliest. */
uint64_t epoch_first_sequence(const struct epoch *e);

/* When the source has stalled unless a frame comes before (us, CLOCK_MONOTONIC). */
uint64_t epoch_deadline(const struct epoch *e);
