// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The RTP stream to one viewer: access units, H.264 or JPEG, and RTCP become interleaved frames in
 * one buffer, for one write to TLS.
 */
#pragma once

#include "base/ring.h"
#include "wire/h264.h"
#include "wire/rtp.h"
#include "wire/transport.h"

#define RTP_SENDER_CNAME_SIZE 17

struct rtp_sender {
	struct rtp_stream stream;
	uint32_t timestamp_offset;
	char cname[RTP_SENDER_CNAME_SIZE];
	uint8_t *buffer; /* owned; what was packed last: len bytes */
	size_t size, len;
};

/* The RTP payload type of a ring's codec. */
uint8_t rtp_sender_payload_type(enum ring_codec codec);

/* Everything that RFC 3550 wants random is. Errors: -EIO (no randomness). */
int rtp_sender_init(struct rtp_sender *s, const struct transport *transport, enum ring_codec codec);
void rtp_sender_release(struct rtp_sender *s);

/* The RTP timestamp of an instant of CLOCK_MONOTONIC, us. */
uint32_t rtp_sender_timestamp(const struct rtp_sender *s, uint64_t monotonic);

/* sets: put before a keyframe of H.264 that lacks its own. Errors: -EBADMSG, -E2BIG, -EOPNOTSUPP
 * (rtp-h264.h, rtp-jpeg.h), -ENOMEM. */
int rtp_sender_pack(struct rtp_sender *s, const struct ring_unit *unit, const uint8_t *bytes,
		    const struct h264_parameter_sets *sets);
/* Sender report of now; BYE. Errors: -ENOMEM. */
int rtp_sender_report(struct rtp_sender *s);
int rtp_sender_bye(struct rtp_sender *s);
