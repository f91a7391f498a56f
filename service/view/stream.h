// SPDX-License-Identifier: LGPL-2.1-or-later
/* From RTP packets of one connection to access units with a verdict. */
#pragma once

#include <stdbool.h>

#include "seal/verifier.h"
#include "wire/rtp-h264-depay.h"

#define STREAM_UNIT_MAX (8u << 20) /* bytes of an access unit; touched only as far as needed */

struct stream {
	struct rtp_h264_depay depay;
	struct verifier *verifier; /* borrowed; NULL: the user asked for frames without proof */
	struct seal_sets given;    /* out of band */
	uint8_t payload_type;
	uint8_t prefix[SEAL_SETS_SIZE_MAX + 4 * SEAL_SETS_MAX];
};

struct stream_unit {
	enum verdict verdict;
	bool keyframe;
	struct slice prefix; /* parameter sets in force that a keyframe lacks, Annex B */
	struct slice bytes;  /* Annex B, as it came; borrowed until the next push */
	struct verifier_result result;
};

/* verifier NULL: nothing is checked. What it has learnt from earlier connections holds on this one.
 * Errors: -ENOMEM. */
int stream_init(struct stream *s, struct verifier *verifier);
void stream_release(struct stream *s);

/* A parameter set of the session description, in base 64. Errors: -EBADMSG. */
int stream_parameter_set(struct stream *s, struct slice text);

/* Takes one RTP packet. 1: *ret is the access unit that it completes; 0: more to come. Errors:
 * -EBADMSG: the packets are none of this stream's in their order. */
int stream_push(struct stream *s, struct slice packet, struct verifier_time arrived,
		struct stream_unit *ret);
