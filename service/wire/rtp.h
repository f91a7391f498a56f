// SPDX-License-Identifier: LGPL-2.1-or-later
/* RTP packets (RFC 3550 section 5.1), and the stream that they and their RTCP reports are of. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/slice.h"
#include "wire/writer.h"

#define RTP_HEADER_SIZE  12
#define RTP_CLOCK        90000 /* Hz, of every video format */
#define RTP_PAYLOAD_JPEG 26    /* static (RFC 3551) */
#define RTP_PAYLOAD_H264 96    /* dynamic; named in our SDP */

/* One stream to one viewer. ssrc, sequence and the timestamp's offset start at random. */
struct rtp_stream {
	uint32_t ssrc;
	uint16_t sequence; /* of the next packet */
	uint8_t payload_type;
	uint8_t channel;  /* interleaved; RTCP takes channel + 1 */
	uint32_t packets; /* sent so far, as the sender report counts them (modulo 2^32) */
	uint32_t octets;  /* of payload */
};

struct rtp_packet {
	bool marker;
	uint8_t payload_type;
	uint16_t sequence;
	uint32_t timestamp;
	uint32_t ssrc;
	struct slice payload;
};

/* Which packet has to come next, for whoever puts units together again. Zero-initialised before the
 * first. */
struct rtp_order {
	uint32_t timestamp; /* of the unit in work */
	uint32_t ssrc;
	uint16_t sequence; /* expected next */
	bool started;      /* ssrc and sequence are known */
	bool open;         /* a unit has begun; whoever ends it clears this */
};

/* Writes the frame header ('$', demux.h) and the RTP header for a payload of this many bytes
 * (plus the 12 of the RTP header at most DEMUX_FRAME_MAX), and counts the packet. */
void rtp_begin(struct writer *w, struct rtp_stream *s, uint32_t timestamp, bool marker,
	       size_t payload);

/* Whether it is the one that has to come now; then the next one is expected. Errors: -EBADMSG (of
 * another stream, or another unit begins before this one has ended), -EILSEQ (out of sequence). */
int rtp_order_take(struct rtp_order *o, const struct rtp_packet *p);

/* CSRCs, extension and padding are passed over. Errors: -EBADMSG. */
int rtp_parse(struct rtp_packet *p, struct slice packet);
