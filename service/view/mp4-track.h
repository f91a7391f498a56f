// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The video track of a movie box (ISO/IEC 14496-12 section 8, ISO/IEC 14496-15): its codec, its
 * parameter sets and its sample tables. What two players could take differently is refused: two
 * video tracks, two sample descriptions, a box twice.
 */
#pragma once

#include "seal/seal.h"
#include "view/mp4-box.h"

#define MP4_SETS_MAX 32

struct mp4_track {
	uint32_t id;
	uint32_t timescale; /* per second, not 0 */
	enum seal_codec codec;
	unsigned length_size;            /* of a NAL unit's length: 1, 2 or 4 */
	struct slice sets[MP4_SETS_MAX]; /* NAL units of avcC or hvcC, in their order */
	size_t n_sets;
	/* Sample tables, each of whole entries; empty in a fragmented file. */
	struct slice times;  /* stts: count, duration */
	struct slice chunks; /* stsc: first chunk, samples a chunk, description */
	struct slice sizes;  /* stsz, when sample_size is 0 */
	uint32_t sample_size, n_samples;
	struct slice offsets; /* stco or co64 */
	bool long_offsets;
	/* Defaults of fragments (trex). */
	uint32_t default_duration, default_size;
};

/* moov: its payload. Errors: -EBADMSG, -ENOENT (no video), -ENOTSUP (video of another kind, or in
 * a way that is not read here). */
int mp4_track_read(struct mp4_track *t, struct slice moov);
