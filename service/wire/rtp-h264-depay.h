// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The way back: H.264 packets (RFC 6184, packetization-mode 1) to access units in Annex B. For
 * camward-view and the tests. Strict: over TCP nothing is lost or reordered, so a gap in the
 * sequence numbers, a fragment out of place or a timestamp that changes without a marker is an
 * error of the sender and not to be smoothed over.
 */
#pragma once

#include "wire/rtp.h"

struct rtp_h264_depay {
	uint8_t *out; /* the caller's; one access unit, start codes 00 00 00 01 */
	size_t size;
	size_t len;
	struct rtp_order order;
	bool skip;               /* after an error, up to the next marker */
	bool fragment;           /* inside an FU-A */
	uint8_t fragment_header; /* of the NAL unit that it makes */
	bool finished; /* the access unit in out was handed over; the next packet clears it */
};

void rtp_h264_depay_init(struct rtp_h264_depay *d, void *out, size_t size);

/*
 * Takes one packet. 1: an access unit is complete in out[0..len), until the next call; 0: more to
 * come. Errors: -EBADMSG (malformed, or of another stream), -EILSEQ (out of sequence), -ENOSPC.
 * After an error the access unit in work is given up, with the rest of its packets up to a marker;
 * what follows may refer to it, so the caller goes on at an IDR picture.
 */
int rtp_h264_depay_push(struct rtp_h264_depay *d, const struct rtp_packet *p);
