// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtp-jpeg.h"

#include <errno.h>
#include <stdbool.h>

#include "wire/demux.h"
#include "wire/jpeg.h"

#define PACKET_OVERHEAD (DEMUX_FRAME_HEADER + RTP_HEADER_SIZE)
#define HEADERS_MAX     (RTP_JPEG_HEADER_SIZE + RTP_JPEG_RESTART_HEADER_SIZE)
#define TABLES_SIZE     (RTP_JPEG_QUANT_HEADER_SIZE + 2 * JPEG_QUANT_SIZE)

size_t rtp_jpeg_bound(size_t picture_len)
{
	size_t bytes = picture_len + TABLES_SIZE;
	size_t packets = bytes / (RTP_JPEG_PAYLOAD_MAX - HEADERS_MAX) + 1;

	return bytes + packets * (PACKET_OVERHEAD + HEADERS_MAX);
}

static void put_main_header(struct writer *w, const struct jpeg *j, size_t offset)
{
	unsigned type = j->sampling + (j->restart_interval ? RTP_JPEG_TYPE_RESTART : 0);

	writer_u32(w, (uint32_t)offset); /* type-specific: 0, a whole picture */
	writer_u8(w, type);
	writer_u8(w, RTP_JPEG_Q_EVERY);
	writer_u8(w, j->width / JPEG_BLOCK);
	writer_u8(w, j->height / JPEG_BLOCK);
}

/* Section 3.1.7. */
static void put_restart_header(struct writer *w, const struct jpeg *j)
{
	writer_u16(w, j->restart_interval);
	writer_u16(w, RTP_JPEG_RESTART_WHOLE);
}

/* Section 3.1.8; a must-be-zero byte, then the precision: 8 bits. */
static void put_tables(struct writer *w, const struct jpeg *j)
{
	writer_u16(w, 0);
	writer_u16(w, 2 * JPEG_QUANT_SIZE);
	writer_bytes(w, j->luma_quant.data, JPEG_QUANT_SIZE);
	writer_bytes(w, j->chroma_quant.data, JPEG_QUANT_SIZE);
}

static void put_all(struct writer *w, struct rtp_stream *s, const struct jpeg *j,
		    uint32_t timestamp)
{
	size_t plain = RTP_JPEG_HEADER_SIZE;

	if (j->restart_interval)
		plain += RTP_JPEG_RESTART_HEADER_SIZE;
	for (size_t at = 0; at < j->scan.len;) {
		size_t headers = plain + (at == 0 ? TABLES_SIZE : 0), left = j->scan.len - at;
		size_t room = RTP_JPEG_PAYLOAD_MAX - headers, n = left < room ? left : room;

		rtp_begin(w, s, timestamp, n == left, headers + n);
		put_main_header(w, j, at);
		if (j->restart_interval)
			put_restart_header(w, j);
		if (at == 0)
			put_tables(w, j);
		writer_bytes(w, j->scan.data + at, n);
		at += n;
	}
}

int rtp_jpeg_pack(struct writer *w, struct rtp_stream *s, struct slice picture, uint32_t timestamp)
{
	struct writer w_before = *w;
	struct rtp_stream s_before = *s;
	struct jpeg j;
	int r = jpeg_parse(&j, picture);

	if (r < 0)
		return r;
	put_all(w, s, &j, timestamp);
	if (!w->failed)
		return 0;
	*w = w_before;
	*s = s_before;
	return -ENOSPC;
}
