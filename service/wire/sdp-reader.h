// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The session description (RFC 8866) as a viewer takes it: the first video track of a live
 * session, with what RFC 6184 section 8.1 says of H.264. Lines end in CRLF; what another reader
 * could take differently (an attribute of the track twice, a second fmtp) is refused, unknown lines
 * are passed over. Nothing is copied.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/slice.h"

#define SDP_SETS_MAX 8 /* in sprop-parameter-sets */

struct sdp_track {
	struct slice session_control; /* data NULL: none */
	struct slice control;         /* of the track; data NULL: none */
	uint8_t payload_type;
	struct slice encoding; /* "H264" */
	uint32_t clock;        /* Hz */
	unsigned packetization_mode;
	struct slice sets[SDP_SETS_MAX]; /* NAL units in base 64 */
	size_t n_sets;
};

/* Errors: -EBADMSG (malformed), -ENOENT (no video track), -EPROTONOSUPPORT (not RTP/AVP, or no
 * payload type that is described). */
int sdp_read(struct sdp_track *t, struct slice text);
