// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One encoded picture on its way into the ring. A JPEG picture is what it is; H.264: Annex B with
 * four-byte start codes, SPS and PPS in every IDR access unit (encoders differ in whether they
 * repeat them), the same ones for a whole epoch. Nothing of the picture itself is copied or
 * changed.
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
	size_t n_pieces;
	struct iovec pieces[2 * H264_AU_NALS_MAX + 1]; /* into stream and sets */
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

/* A JPEG picture: whole, and as good as an IDR. *ret points into it. */
void access_unit_of_jpeg(struct slice picture, struct access_unit *ret);
