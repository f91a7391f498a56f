// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What one viewer receives, checked and timed: RTP continuity, access units and their arrival
 * against the line that their timestamps make. Times are microseconds of CLOCK_MONOTONIC.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/rtp-h264-depay.h"
#include "wire/slice.h"

struct stream {
	struct rtp_h264_depay depay;
	uint64_t units;
	uint64_t keyframes;
	uint64_t bytes; /* of RTP packets and their frame headers */
	uint64_t rtcp;
	uint64_t unit_bytes; /* of the access unit in work */
	FILE *sizes;         /* the caller's: gets a line with unit_bytes for each; NULL: none */
	uint64_t first_keyframe; /* arrival; 0: none yet */
	uint64_t measure_from;   /* earlier arrivals count, but are not timed */
	/* Errors of the sender. */
	uint64_t malformed;
	uint64_t out_of_sequence;
	uint64_t not_rising; /* timestamps of successive access units */
	bool keyframe;       /* the access unit in work holds an IDR picture */
	bool timed;          /* base_* are set */
	uint64_t base_arrival;
	uint32_t base_timestamp;
	uint32_t last_timestamp;
	double last_delay; /* of the access unit before; for the jitter */
	double jitter;     /* RFC 3550 section 6.4.1, over access units */
	/* Arrival minus capture line of each measured access unit, from an arbitrary zero. */
	float *delays;
	uint32_t n_delays, size_delays;
};

/* Errors: -ENOMEM. */
int stream_init(struct stream *s);
void stream_done(struct stream *s);

/* One frame's payload, of channel 0 (RTP) or 1 (RTCP), received at `now`. */
void stream_push(struct stream *s, uint8_t channel, struct slice payload, uint64_t now);

/* Turns delays into lateness: how much later than the quickest one of this viewer. */
void stream_finish(struct stream *s);

static inline uint64_t stream_errors(const struct stream *s)
{
	return s->malformed + s->out_of_sequence + s->not_rising;
}
