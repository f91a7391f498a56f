// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The session description (RFC 8866) of one live track, H.264 (RFC 6184 section 8.2.1) or JPEG
 * (RFC 2435, RFC 3551). It names no host and no user: addresses are 0.0.0.0, the session's name is
 * the camera's.
 */
#pragma once

#include <stdint.h>

#include "wire/slice.h"
#include "wire/writer.h"

#define SDP_SIZE_MAX 4096
#define SDP_TYPE     "application/sdp"
#define SDP_CONTROL  "trackID=0"

struct sdp_video {
	const char *camera;   /* a name (base/parse.h) */
	uint64_t session_id;  /* digits of o=; any number that does not repeat, such as the lease */
	uint8_t payload_type; /* RTP_PAYLOAD_JPEG; any other is H.264 */
	uint32_t fps_num, fps_den; /* JPEG: pictures a second; fps_num 0: not known */
	struct slice sps;          /* H.264: NAL units with header, without start code */
	struct slice pps;
};

/* Fails the writer when the SPS of H.264 is no SPS or there is no PPS. */
void sdp_write(struct writer *w, const struct sdp_video *video);
