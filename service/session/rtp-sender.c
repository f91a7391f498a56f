// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/rtp-sender.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/parse.h"
#include "wire/rtcp.h"
#include "wire/rtp-h264.h"
#include "wire/rtp-jpeg.h"

uint8_t rtp_sender_payload_type(enum ring_codec codec)
{
	return codec == RING_CODEC_JPEG ? RTP_PAYLOAD_JPEG : RTP_PAYLOAD_H264;
}

int rtp_sender_init(struct rtp_sender *s, const struct transport *transport, enum ring_codec codec)
{
	struct {
		uint32_t ssrc, timestamp;
		uint16_t sequence;
		uint8_t cname[(RTP_SENDER_CNAME_SIZE - 1) / 2];
	} random;

	if (gnutls_rnd(GNUTLS_RND_NONCE, &random, sizeof(random)) < 0)
		return -EIO;
	*s = (struct rtp_sender){
		.stream = {.ssrc = random.ssrc,
			   .sequence = random.sequence,
			   .payload_type = rtp_sender_payload_type(codec),
			   .channel = transport->rtp_channel},
		.timestamp_offset = random.timestamp,
	};
	format_hex(random.cname, sizeof(random.cname), s->cname);
	return 0;
}

void rtp_sender_release(struct rtp_sender *s)
{
	free(s->buffer);
	*s = (struct rtp_sender){};
}

uint32_t rtp_sender_timestamp(const struct rtp_sender *s, uint64_t monotonic)
{
	return s->timestamp_offset + (uint32_t)(monotonic * (RTP_CLOCK / 10000) / 100);
}

static int reserve(struct rtp_sender *s, size_t size)
{
	if (size <= s->size)
		return 0;
	/* What is in it has been sent: no realloc(). */
	free(s->buffer);
	s->size = 0;
	s->buffer = malloc(size + size / 2);
	if (!s->buffer)
		return -ENOMEM;
	s->size = size + size / 2;
	return 0;
}

static size_t bound(const struct rtp_sender *s, size_t size, const struct h264_parameter_sets *sets)
{
	if (s->stream.payload_type == RTP_PAYLOAD_JPEG)
		return rtp_jpeg_bound(size);
	/* Counting the NAL units would cost more than the few kilobytes that it saves. */
	return rtp_h264_bound(size, H264_AU_NALS_MAX, sets->sps.len + sets->pps.len);
}

int rtp_sender_pack(struct rtp_sender *s, const struct ring_unit *unit, const uint8_t *bytes,
		    const struct h264_parameter_sets *sets)
{
	uint32_t timestamp = rtp_sender_timestamp(s, unit->captured_monotonic);
	struct slice au = slice_of(bytes, unit->length);
	int r = reserve(s, bound(s, unit->length, sets));
	struct writer w;

	if (r < 0)
		return r;
	writer_init(&w, s->buffer, s->size);
	if (s->stream.payload_type == RTP_PAYLOAD_JPEG)
		r = rtp_jpeg_pack(&w, &s->stream, au, timestamp);
	else
		r = rtp_h264_pack(&w, &s->stream, au, sets, timestamp);
	s->len = w.len;
	return r;
}

static int finish(struct rtp_sender *s, const struct writer *w)
{
	ssize_t n = writer_end(w);

	if (n < 0)
		return -ENOMEM;
	s->len = (size_t)n;
	return 0;
}

int rtp_sender_report(struct rtp_sender *s)
{
	struct writer w;
	int r = reserve(s, RTCP_SIZE_MAX);

	if (r < 0)
		return r;
	writer_init(&w, s->buffer, s->size);
	rtcp_write_report(&w, &s->stream, clock_realtime() * NSEC_PER_USEC,
			  rtp_sender_timestamp(s, clock_monotonic()), s->cname);
	return finish(s, &w);
}

int rtp_sender_bye(struct rtp_sender *s)
{
	struct writer w;
	int r = reserve(s, RTCP_SIZE_MAX);

	if (r < 0)
		return r;
	writer_init(&w, s->buffer, s->size);
	rtcp_write_bye(&w, &s->stream, s->cname);
	return finish(s, &w);
}
