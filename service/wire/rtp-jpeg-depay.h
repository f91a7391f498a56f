// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The way back: RTP/JPEG packets (RFC 2435) to JPEG pictures, their headers made anew. For
 * viewers and the tests. As strict as rtp-h264-depay.h, for the same reason.
 *
 * Tables have to come with each picture: those that Q names (below 128), or that came with an
 * earlier one, no sender here leaves out.
 */
#pragma once

#include <stdbool.h>

#include "wire/jpeg.h"
#include "wire/rtp.h"

#define RTP_JPEG_DEPAY_HEADERS_MAX 600 /* bytes of a picture before its scan */

struct rtp_jpeg_depay {
	uint8_t *out; /* the caller's; one picture */
	size_t size;
	size_t len;
	struct rtp_order order;
	bool skip;       /* after an error, up to the next marker */
	bool finished;   /* the picture in out was handed over; the next packet clears it */
	size_t scan;     /* where it begins in out */
	uint8_t same[4]; /* type, Q and size: as in the picture's first packet */
	uint16_t restart_interval;
};

void rtp_jpeg_depay_init(struct rtp_jpeg_depay *d, void *out, size_t size);

/*
 * Takes one packet. 1: a picture is complete in out[0..len), until the next call; 0: more to come.
 * Errors: -EBADMSG (malformed, or of another stream), -EILSEQ (out of sequence), -EOPNOTSUPP (a
 * type or tables as above), -ENOSPC. After an error the picture in work is given up, with the rest
 * of its packets up to a marker.
 */
int rtp_jpeg_depay_push(struct rtp_jpeg_depay *d, const struct rtp_packet *p);
