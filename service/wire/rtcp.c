// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtcp.h"

#include <errno.h>
#include <string.h>

#include "wire/demux.h"

#define RTCP_VERSION 2
#define RTCP_HEADER  4
#define RTCP_SR      200
#define RTCP_RR      201
#define RTCP_SDES    202
#define RTCP_BYE     203
#define RTCP_TYPES   192 /* to 223: what RFC 5761 keeps for RTCP */
#define SR_SIZE      28
#define RR_SIZE      8
#define BYE_SIZE     8
#define SDES_CNAME   1

/* Seconds from 1900 (NTP) to 1970. */
#define NTP_OFFSET 2208988800U
#define NSEC       1000000000ULL

/* length is that of the part; on the wire it counts 32-bit words less one. */
static void write_header(struct writer *w, unsigned count, unsigned type, size_t size)
{
	writer_u8(w, RTCP_VERSION << 6 | count);
	writer_u8(w, type);
	writer_u16(w, size / 4 - 1);
}

static void write_frame(struct writer *w, const struct rtp_stream *s, size_t size)
{
	writer_u8(w, '$');
	writer_u8(w, s->channel + 1);
	writer_u16(w, size);
}

/* Header, SSRC, item type and length, text, and at least one zero to the next word. */
static size_t sdes_size(const char *cname)
{
	return (RTCP_HEADER + 4 + 2 + strlen(cname) + 4) / 4 * 4;
}

static void write_sdes(struct writer *w, uint32_t ssrc, const char *cname)
{
	static const uint8_t zeros[4];
	size_t len = strlen(cname), size = sdes_size(cname);

	write_header(w, 1, RTCP_SDES, size);
	writer_u32(w, ssrc);
	writer_u8(w, SDES_CNAME);
	writer_u8(w, len);
	writer_bytes(w, cname, len);
	writer_bytes(w, zeros, size - (RTCP_HEADER + 4 + 2 + len));
}

static bool is_cname(const char *cname)
{
	size_t len = strlen(cname);

	return len > 0 && len <= RTCP_CNAME_MAX;
}

void rtcp_write_report(struct writer *w, const struct rtp_stream *s, uint64_t realtime_ns,
		       uint32_t timestamp, const char *cname)
{
	if (!is_cname(cname)) {
		w->failed = true;
		return;
	}
	write_frame(w, s, SR_SIZE + sdes_size(cname));
	write_header(w, 0, RTCP_SR, SR_SIZE);
	writer_u32(w, s->ssrc);
	writer_u32(w, (uint32_t)(realtime_ns / NSEC) + NTP_OFFSET);
	writer_u32(w, ((realtime_ns % NSEC) << 32) / NSEC);
	writer_u32(w, timestamp);
	writer_u32(w, s->packets);
	writer_u32(w, s->octets);
	write_sdes(w, s->ssrc, cname);
}

void rtcp_write_sign_of_life(struct writer *w, const struct rtp_stream *s, const char *cname)
{
	if (!is_cname(cname)) {
		w->failed = true;
		return;
	}
	write_frame(w, s, RR_SIZE + sdes_size(cname));
	write_header(w, 0, RTCP_RR, RR_SIZE);
	writer_u32(w, s->ssrc);
	write_sdes(w, s->ssrc, cname);
}

void rtcp_write_bye(struct writer *w, const struct rtp_stream *s, const char *cname)
{
	if (!is_cname(cname)) {
		w->failed = true;
		return;
	}
	write_frame(w, s, RR_SIZE + sdes_size(cname) + BYE_SIZE);
	write_header(w, 0, RTCP_RR, RR_SIZE);
	writer_u32(w, s->ssrc);
	write_sdes(w, s->ssrc, cname);
	write_header(w, 1, RTCP_BYE, BYE_SIZE);
	writer_u32(w, s->ssrc);
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void take_sender_report(struct rtcp_summary *r, struct slice part)
{
	uint64_t fraction;

	if (part.len < SR_SIZE || r->has_sender_report)
		return;
	fraction = get_u32(part.data + 12);
	r->has_sender_report = true;
	r->ssrc = get_u32(part.data + 4);
	r->realtime_ns = (get_u32(part.data + 8) - NTP_OFFSET) * NSEC + (fraction * NSEC >> 32);
	r->timestamp = get_u32(part.data + 16);
}

int rtcp_parse(struct rtcp_summary *r, struct slice packet)
{
	*r = (struct rtcp_summary){0};
	if (packet.len == 0)
		return -EBADMSG;
	while (packet.len > 0) {
		size_t size;

		if (packet.len < RTCP_HEADER || packet.data[0] >> 6 != RTCP_VERSION ||
		    packet.data[1] < RTCP_TYPES || packet.data[1] >= RTCP_TYPES + 32)
			return -EBADMSG;
		size = 4 * (((size_t)packet.data[2] << 8 | packet.data[3]) + 1);
		if (size > packet.len)
			return -EBADMSG;
		r->packets++;
		r->report |= packet.data[1] == RTCP_SR || packet.data[1] == RTCP_RR;
		r->bye |= packet.data[1] == RTCP_BYE;
		if (packet.data[1] == RTCP_SR)
			take_sender_report(r, slice_of(packet.data, size));
		packet = slice_of(packet.data + size, packet.len - size);
	}
	return 0;
}
