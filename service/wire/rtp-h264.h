// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * H.264 over RTP, packetization-mode 1 (RFC 6184): one access unit becomes a run of interleaved
 * frames in one buffer, so that the session hands it to TLS in one piece.
 *
 * Parameter sets and SEI that stand together go into one STAP-A; NAL units up to
 * RTP_H264_PAYLOAD_MAX are sent alone, larger ones as FU-A; AUD and filler are left out. The last
 * packet has the marker.
 */
#pragma once

#include "wire/h264.h"
#include "wire/rtp.h"

#define RTP_H264_PAYLOAD_MAX 1400

/* Worst case for an access unit of this many bytes and NAL units (at most H264_AU_NALS_MAX), with
 * parameter sets of sets_len bytes (SPS and PPS together) put in front. */
size_t rtp_h264_bound(size_t au_len, size_t nals, size_t sets_len);

/*
 * Packs au (Annex B) to the writer's end. sets: put in front of an access unit with an IDR picture
 * that does not bring both of its own; NULL: never. timestamp: 90 kHz, of the capture. Nothing is
 * written when nothing is left to send. Errors, with w and s as they were: -EBADMSG (no byte
 * stream, or a NAL type 0 or 24 to 31, which RTP gives another meaning), -E2BIG (more than
 * H264_AU_NALS_MAX), -ENOSPC.
 */
int rtp_h264_pack(struct writer *w, struct rtp_stream *s, struct slice au,
		  const struct h264_parameter_sets *sets, uint32_t timestamp);
