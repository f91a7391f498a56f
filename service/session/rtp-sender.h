// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The RTP stream to one viewer: access units and RTCP become interleaved frames in one buffer, for
 * one write to TLS.
 */
#pragma once

#include "base/ring.h"
#include "wire/rtp-h264.h"
#include "wire/transport.h"

#define RTP_SENDER_CNAME_SIZE 17

struct rtp_sender {
	struct rtp_stream stream;
	uint32_t timestamp_offset;
	char cname[RTP_SENDER_CNAME_SIZE];
	uint8_t *buffer; /* owned; what was packed last: len bytes */
	size_t size, len;
};

/* Everything that RFC 3550 wants random is. Errors: -EIO (no randomness). */
int rtp_sender_init(struct rtp_sender *s, const struct transport *transport);
void rtp_sender_release(struct rtp_sender *s);

/* The RTP timestamp of an instant of CLOCK_MONOTONIC, us. */
uint32_t rtp_sender_timestamp(const struct rtp_sender *s, uint64_t monotonic);

/* sets: put before a keyframe that lacks its own. Errors: -EBADMSG, -E2BIG (rtp-h264.h), -ENOMEM.
 */
int rtp_sender_pack(struct rtp_sender *s, const struct ring_unit *unit, const uint8_t *bytes,
		    const struct h264_parameter_sets *sets);
/* Sender report of now; BYE. Errors: -ENOMEM. */
int rtp_sender_report(struct rtp_sender *s);
int rtp_sender_bye(struct rtp_sender *s);
