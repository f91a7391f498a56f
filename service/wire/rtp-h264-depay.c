// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtp-h264-depay.h"

#include <errno.h>
#include <string.h>

#include "wire/h264.h"

#define STAP_A   24
#define FU_A     28
#define FU_START 0x80
#define FU_END   0x40

void rtp_h264_depay_init(struct rtp_h264_depay *d, void *out, size_t size)
{
	*d = (struct rtp_h264_depay){.out = out, .size = size};
}

static int append(struct rtp_h264_depay *d, const void *data, size_t n)
{
	if (n > d->size - d->len)
		return -ENOSPC;
	memcpy(d->out + d->len, data, n);
	d->len += n;
	return 0;
}

static bool is_nal_header(uint8_t header)
{
	return (header & 0x1f) >= H264_NAL_SLICE && (header & 0x1f) < STAP_A;
}

static int append_nal(struct rtp_h264_depay *d, uint8_t header, const void *data, size_t n)
{
	static const uint8_t start_code[] = {0, 0, 0, 1};
	int r;

	if (!is_nal_header(header))
		return -EBADMSG;
	r = append(d, start_code, sizeof(start_code));
	if (r == 0)
		r = append(d, &header, 1);
	return r < 0 ? r : append(d, data, n);
}

/* Section 5.7.1. */
static int take_aggregate(struct rtp_h264_depay *d, struct slice rest)
{
	if (rest.len == 0)
		return -EBADMSG;
	while (rest.len > 0) {
		size_t n;
		int r;

		if (rest.len < 3)
			return -EBADMSG;
		n = (size_t)rest.data[0] << 8 | rest.data[1];
		if (n == 0 || n > rest.len - 2)
			return -EBADMSG;
		r = append_nal(d, rest.data[2], rest.data + 3, n - 1);
		if (r < 0)
			return r;
		rest = slice_of(rest.data + 2 + n, rest.len - 2 - n);
	}
	return 0;
}

/* Section 5.8. */
static int take_fragment(struct rtp_h264_depay *d, struct slice payload)
{
	uint8_t flags, header;
	const uint8_t *data;
	bool start, end;
	size_t n;
	int r;

	if (payload.len < 3)
		return -EBADMSG;
	data = payload.data + 2;
	n = payload.len - 2;
	flags = payload.data[1];
	header = (payload.data[0] & 0xe0) | (flags & 0x1f);
	start = flags & FU_START;
	end = flags & FU_END;
	if (start == d->fragment || (start && end))
		return -EBADMSG;
	if (!start && header != d->fragment_header)
		return -EBADMSG;
	r = start ? append_nal(d, header, data, n) : append(d, data, n);
	d->fragment = !end;
	d->fragment_header = header;
	return r;
}

static int take_payload(struct rtp_h264_depay *d, struct slice payload)
{
	unsigned type;

	if (payload.len == 0)
		return -EBADMSG;
	type = payload.data[0] & 0x1f;
	if (type == FU_A)
		return take_fragment(d, payload);
	if (d->fragment)
		return -EBADMSG;
	if (type == STAP_A)
		return take_aggregate(d, slice_of(payload.data + 1, payload.len - 1));
	return append_nal(d, payload.data[0], payload.data + 1, payload.len - 1);
}

static void clear(struct rtp_h264_depay *d)
{
	d->len = 0;
	d->order.open = d->fragment = d->finished = false;
}

int rtp_h264_depay_push(struct rtp_h264_depay *d, const struct rtp_packet *p)
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
	if (r == 0 && p->marker && d->fragment)
		r = -EBADMSG;
	if (r < 0) {
		clear(d);
		d->skip = !p->marker;
		return r;
	}
	d->finished = p->marker;
	return p->marker;
}
