// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtp.h"

#include <errno.h>

#include "wire/demux.h"

#define RTP_VERSION 2

void rtp_begin(struct writer *w, struct rtp_stream *s, uint32_t timestamp, bool marker,
	       size_t payload)
{
	writer_u8(w, '$');
	writer_u8(w, s->channel);
	writer_u16(w, RTP_HEADER_SIZE + payload);
	writer_u8(w, RTP_VERSION << 6);
	writer_u8(w, marker << 7 | s->payload_type);
	writer_u16(w, s->sequence++);
	writer_u32(w, timestamp);
	writer_u32(w, s->ssrc);
	s->packets++;
	s->octets += payload;
}

static uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)get_u16(p) << 16 | get_u16(p + 2);
}

/* Where the payload starts; beyond the packet's end when that is cut short. */
static size_t header_size(struct slice packet)
{
	size_t size = RTP_HEADER_SIZE + 4 * (packet.data[0] & 0x0f);

	if (packet.data[0] & 0x10) {
		if (packet.len < size + 4)
			return SIZE_MAX;
		size += 4 + 4 * (size_t)get_u16(packet.data + size + 2);
	}
	return size;
}

int rtp_parse(struct rtp_packet *p, struct slice packet)
{
	size_t header, padding = 0;

	if (packet.len < RTP_HEADER_SIZE || packet.data[0] >> 6 != RTP_VERSION)
		return -EBADMSG;
	header = header_size(packet);
	if (header > packet.len)
		return -EBADMSG;
	if (packet.data[0] & 0x20) {
		padding = packet.data[packet.len - 1];
		if (padding == 0 || padding > packet.len - header)
			return -EBADMSG;
	}
	*p = (struct rtp_packet){
		.marker = packet.data[1] >> 7,
		.payload_type = packet.data[1] & 0x7f,
		.sequence = get_u16(packet.data + 2),
		.timestamp = get_u32(packet.data + 4),
		.ssrc = get_u32(packet.data + 8),
		.payload = slice_of(packet.data + header, packet.len - header - padding),
	};
	return 0;
}

int rtp_order_take(struct rtp_order *o, const struct rtp_packet *p)
{
	bool gap = o->started && p->sequence != o->sequence;

	if (o->started && p->ssrc != o->ssrc)
		return -EBADMSG;
	o->started = true;
	o->ssrc = p->ssrc;
	o->sequence = p->sequence + 1;
	if (gap)
		return -EILSEQ;
	if (o->open && p->timestamp != o->timestamp)
		return -EBADMSG;
	o->timestamp = p->timestamp;
	o->open = true;
	return 0;
}
