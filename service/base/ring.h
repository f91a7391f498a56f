// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ring: how encoded pictures travel from a camera process to its viewers' sessions. One memfd
 * a camera, stream and epoch, laid out as
 *
 *	struct ring_header | struct ring_slot[n_slots] | data[data_size]
 *
 * One writer, which never waits. Any number of readers, which map it read-only and write nothing
 * that anybody reads. A ring belongs to one camera and one epoch and is never used again.
 *
 * An access unit has an index (its order in this ring, from 0; it stands in slot index % n_slots)
 * and a sequence (its order in this stream and epoch, from 1, as the seal says it). Its bytes
 * stand in the data area without a wrap, at position % data_size; positions only ever grow.
 *
 * Overruns: before the writer overwrites a byte it raises `oldest` above the position of every
 * access unit that it is about to destroy. A reader copies first and looks at `oldest` afterwards:
 * if its unit stands below, what it copied is worthless and counts as skipped.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/parse.h"

#define RING_MAGIC   UINT64_C(0x676e697264726163) /* "cardring", little endian */
#define RING_VERSION 1

#define RING_SLOTS_MAX          1024
#define RING_DATA_MAX           (UINT64_C(256) << 20)
#define RING_PARAMETER_SETS_MAX 1024

enum ring_codec {
	RING_CODEC_H264 = 1, /* access units as Annex-B byte streams, parameter sets included */
	RING_CODEC_JPEG = 2,
};

enum ring_stream {
	RING_STREAM_MAIN = 0,
	RING_STREAM_SUB = 1,
	RING_N_STREAMS,
};

enum ring_unit_flags {
	RING_UNIT_KEYFRAME = 1 << 0, /* an IDR access unit, or a JPEG */
};

/* What a ring carries; constant for its life. A change of any of it is a new epoch. */
struct ring_description {
	uint8_t camera_uuid[UUID_SIZE];
	char camera_name[NAME_SIZE +
			 7]; /* as the camera process was told by its own unit instance */
	uint64_t epoch;
	uint32_t stream; /* enum ring_stream */
	uint32_t codec;  /* enum ring_codec */
	uint32_t width, height;
	uint32_t fps_numerator, fps_denominator;
	uint32_t parameter_sets_size;
	uint8_t parameter_sets[RING_PARAMETER_SETS_MAX]; /* Annex-B: SPS, PPS */
};

struct ring_header {
	uint64_t magic;
	uint32_t version;
	uint32_t n_slots;   /* a power of two */
	uint64_t data_size; /* a multiple of the page size */
	struct ring_description description;
	_Atomic uint64_t head;     /* index of the unit to come: head - 1 is the newest */
	_Atomic uint64_t oldest;   /* position below which bytes may change */
	_Atomic uint64_t keyframe; /* index + 1 of the newest keyframe; 0: none yet */
};

/* One access unit. */
struct ring_unit {
	uint64_t index;
	uint64_t sequence;
	uint64_t position;
	uint64_t captured_monotonic; /* us, CLOCK_MONOTONIC */
	uint64_t captured_realtime;  /* us, CLOCK_REALTIME */
	uint32_t encode_time;        /* us */
	uint32_t length;             /* bytes */
	uint32_t flags;              /* enum ring_unit_flags */
	uint32_t dropped_before;     /* captured frames lost between the unit before and this one */
};

struct ring_slot {
	_Atomic uint64_t stamp; /* index + 1 once the unit is whole, 0 while the slot is written */
	struct ring_unit unit;
};
