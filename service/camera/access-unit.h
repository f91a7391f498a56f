// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One encoded picture on its way into the ring. A JPEG picture is what it is; H.264: Annex B with
 * four-byte start codes, SPS and PPS at the start of every IDR access unit and nowhere else
 * (encoders differ in when they repeat them), the same ones for a whole epoch. What shows nothing
 * and no seal covers is left out: delimiters, filler, ends of sequence, somebody else's seals.
 * Nothing of the picture itself is copied or changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/ring.h"
#include "wire/h264.h"
#include "wire/slice.h"

/* The SPS and PPS of an epoch as an Annex-B byte stream. Zero-initialised: none yet. */
struct parameter_sets {
	uint8_t bytes[RING_PARAMETER_SETS_MAX];
	size_t size;
};

struct access_unit {
	bool idr;
	bool has_slice; /* false: it held parameter sets only, and there is nothing to publish */
	size_t seal_at; /* the piece where the seal belongs, left empty for it (sealer.h) */
	size_t n_pieces;
	struct iovec pieces[2 * H264_AU_NALS_MAX + 2]; /* into stream and sets */
	size_t n_hashed;
	/* What the seal covers, in order: NAL units, or a JPEG before and after its seal. */
	struct slice hashed[H264_AU_NALS_MAX];
};

/*
 * Takes one access unit in whatever Annex-B form the encoder gave. Learns the parameter sets from
 * the first access unit that has both. *ret points into stream and *sets: valid while both stay.
 *
 * Errors: -EBADMSG (no NAL unit in it), -EMSGSIZE (more NAL units or parameter sets than the bounds
 * allow), -ENODATA (no parameter sets are known yet: of no use to a viewer), -ESTALE (a parameter
 * set differs from what was learnt: the epoch is over).
 */
int access_unit_parse(struct parameter_sets *sets, struct slice stream, struct access_unit *ret);

/* A JPEG picture: whole, and as good as an IDR. *ret points into it. Errors: -EBADMSG. */
int access_unit_of_jpeg(struct slice picture, struct access_unit *ret);
