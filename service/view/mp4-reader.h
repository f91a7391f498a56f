// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The video samples of an MP4 file in the order in which they are decoded, progressive
 * (ISO/IEC 14496-12 section 8.7) and fragmented (section 8.8). Strict: what does not fit, or could
 * be taken in two ways, ends it. Nothing is copied; the file stays the caller's.
 */
#pragma once

#include "view/mp4-track.h"

struct mp4_reader {
	struct slice file;
	struct mp4_track track;
	uint64_t given; /* bytes of all samples so far */
	uint64_t time;  /* of the next sample, in the track's timescale */
	/* Where the sample tables stand. */
	uint32_t sample, chunk, in_chunk; /* the next, from 0 */
	size_t chunk_run, time_run;       /* entries of stsc and stts */
	uint32_t in_time_run;
	uint64_t offset; /* of the next sample in its chunk */
	/* Where the fragments stand. */
	struct slice boxes; /* top level, not yet looked at */
	struct slice runs;  /* of the current track fragment, not yet looked at */
	struct slice run;   /* entries of the current run */
	uint32_t run_left;  /* samples */
	uint32_t run_flags;
	uint64_t base, data;                       /* of the fragment, of the next sample */
	uint32_t fragment_duration, fragment_size; /* defaults */
};

struct mp4_sample {
	struct slice bytes; /* NAL units, each after its length */
	uint64_t time;      /* us, of decoding, from the track's start */
};

/* Errors: -EBADMSG (no MP4, or damaged), and those of mp4_track_read(). */
int mp4_reader_init(struct mp4_reader *m, struct slice file);
/* 1: a sample; 0: there are no more. Errors: -EBADMSG, -ENOTSUP. */
int mp4_reader_next(struct mp4_reader *m, struct mp4_sample *ret);
