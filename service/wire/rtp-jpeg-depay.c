// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtp-jpeg-depay.h"

#include <errno.h>
#include <string.h>

#include "wire/jpeg-huffman.h"
#include "wire/rtp-jpeg.h"

#define TYPE 4 /* places in the main header */
#define Q    5
#define W    6
#define H    7

/* One packet, taken apart. */
struct fragment {
	const uint8_t *main_header;
	size_t offset;
	uint16_t restart_interval;
	const uint8_t *luma, *chroma; /* tables; NULL unless offset is 0 */
	struct slice scan;
};

void rtp_jpeg_depay_init(struct rtp_jpeg_depay *d, void *out, size_t size)
{
	*d = (struct rtp_jpeg_depay){.out = out, .size = size};
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static const uint8_t *cut(struct slice *rest, size_t n)
{
	const uint8_t *part = rest->data;

	if (rest->len < n)
		return NULL;
	*rest = slice_of(rest->data + n, rest->len - n);
	return part;
}

/* Section 3.1.8. Of a picture that has one table for all, some senders send that one. */
static int read_tables(struct fragment *f)
{
	const uint8_t *header = cut(&f->scan, RTP_JPEG_QUANT_HEADER_SIZE);
	uint16_t length;

	if (!header)
		return -EBADMSG;
	length = be16(header + 2);
	if (header[1] != 0 || (length != JPEG_QUANT_SIZE && length != 2 * JPEG_QUANT_SIZE))
		return -EOPNOTSUPP;
	f->luma = cut(&f->scan, length);
	if (!f->luma)
		return -EBADMSG;
	f->chroma = f->luma + length - JPEG_QUANT_SIZE;
	return 0;
}

static int read_fragment(struct fragment *f, struct slice payload)
{
	*f = (struct fragment){.scan = payload};
	f->main_header = cut(&f->scan, RTP_JPEG_HEADER_SIZE);
	if (!f->main_header || !f->main_header[W] || !f->main_header[H])
		return -EBADMSG;
	if ((f->main_header[TYPE] & ~RTP_JPEG_TYPE_RESTART) > JPEG_420 || f->main_header[0] != 0 ||
	    f->main_header[Q] < RTP_JPEG_Q_IN_BAND)
		return -EOPNOTSUPP;
	f->offset = (size_t)f->main_header[1] << 16 | be16(f->main_header + 2);
	if (f->main_header[TYPE] & RTP_JPEG_TYPE_RESTART) {
		const uint8_t *header = cut(&f->scan, RTP_JPEG_RESTART_HEADER_SIZE);

		if (!header || be16(header) == 0)
			return -EBADMSG;
		f->restart_interval = be16(header);
	}
	if (f->offset == 0) {
		int r = read_tables(f);

		if (r < 0)
			return r;
	}
	return f->scan.len ? 0 : -EBADMSG;
}

static void put_segment(struct writer *w, uint8_t marker, size_t payload)
{
	writer_u8(w, 0xff);
	writer_u8(w, marker);
	writer_u16(w, 2 + payload);
}

static void put_quant(struct writer *w, unsigned destination, const uint8_t *table)
{
	put_segment(w, JPEG_MARKER_DQT, 1 + JPEG_QUANT_SIZE);
	writer_u8(w, destination);
	writer_bytes(w, table, JPEG_QUANT_SIZE);
}

/* Y, Cb, Cr are 1, 2, 3 as JFIF has it; tables 0 are luma's, 1 the chromas'. */
static void put_frame_header(struct writer *w, const uint8_t *main_header)
{
	bool half = (main_header[TYPE] & ~RTP_JPEG_TYPE_RESTART) == JPEG_420;

	put_segment(w, JPEG_MARKER_SOF0, 15);
	writer_u8(w, 8);
	writer_u16(w, main_header[H] * JPEG_BLOCK);
	writer_u16(w, main_header[W] * JPEG_BLOCK);
	writer_u8(w, 3);
	writer_bytes(w, (const uint8_t[]){1, half ? 0x22 : 0x21, 0, 2, 0x11, 1, 3, 0x11, 1}, 9);
}

static void put_scan_header(struct writer *w)
{
	put_segment(w, JPEG_MARKER_SOS, 10);
	writer_bytes(w, (const uint8_t[]){3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0}, 10);
}

static int begin(struct rtp_jpeg_depay *d, const struct fragment *f)
{
	struct writer w;
	ssize_t n;

	if (!f->luma)
		return -EBADMSG;
	writer_init(&w, d->out, d->size);
	writer_u16(&w, 0xff00 | JPEG_MARKER_SOI);
	put_quant(&w, 0, f->luma);
	put_quant(&w, 1, f->chroma);
	if (f->restart_interval) {
		put_segment(&w, JPEG_MARKER_DRI, 2);
		writer_u16(&w, f->restart_interval);
	}
	put_frame_header(&w, f->main_header);
	writer_bytes(&w, jpeg_huffman_segment, sizeof(jpeg_huffman_segment));
	put_scan_header(&w);
	n = writer_end(&w);
	if (n < 0)
		return -ENOSPC;
	d->len = d->scan = (size_t)n;
	memcpy(d->same, f->main_header + TYPE, sizeof(d->same));
	d->restart_interval = f->restart_interval;
	return 0;
}

static int append(struct rtp_jpeg_depay *d, const void *data, size_t n)
{
	if (n > d->size - d->len)
		return -ENOSPC;
	memcpy(d->out + d->len, data, n);
	d->len += n;
	return 0;
}

static int take_payload(struct rtp_jpeg_depay *d, struct slice payload)
{
	struct fragment f;
	int r = read_fragment(&f, payload);

	if (r == 0 && d->len == 0)
		r = begin(d, &f);
	if (r < 0)
		return r;
	if (f.offset != d->len - d->scan || f.restart_interval != d->restart_interval ||
	    memcmp(d->same, f.main_header + TYPE, sizeof(d->same)) != 0)
		return -EBADMSG;
	return append(d, f.scan.data, f.scan.len);
}

/* Some senders leave EOI in the scan. */
static int finish(struct rtp_jpeg_depay *d)
{
	static const uint8_t eoi[] = {0xff, JPEG_MARKER_EOI};

	if (d->len - d->scan >= sizeof(eoi) &&
	    !memcmp(d->out + d->len - sizeof(eoi), eoi, sizeof(eoi)))
		return 0;
	return append(d, eoi, sizeof(eoi));
}

static void clear(struct rtp_jpeg_depay *d)
{
	d->len = d->scan = 0;
	d->order.open = d->finished = false;
}

int rtp_jpeg_depay_push(struct rtp_jpeg_depay *d, const struct rtp_packet *p)
{
	int r;

	if (d->finished)
		clear(d);
	r = rtp_order_take(&d->order, p);
	if (r == 0 && d->skip) {
		d->skip = !p->marker;
		clear(d);
		return 0;
	}
	if (r == 0)
		r = take_payload(d, p->payload);
	if (r == 0 && p->marker)
		r = finish(d);
	if (r < 0) {
		clear(d);
		d->skip = !p->marker;
		return r;
	}
	d->finished = p->marker;
	return p->marker;
}
