// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a JPEG picture: what RTP carries comes back with the same scan and tables. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "wire/demux.h"
#include "wire/jpeg.h"
#include "wire/rtp-jpeg-depay.h"
#include "wire/rtp-jpeg.h"

#define INPUT_MAX (1 << 16)

static void check_packets(const struct writer *w, struct rtp_jpeg_depay *d)
{
	for (size_t at = 0; at < w->len;) {
		struct demux_frame frame;
		struct rtp_packet p;

		CHECK(demux_peek(w->data + at, w->len - at, DEMUX_FRAME_MAX, &frame) ==
		      DEMUX_FRAME);
		CHECK(rtp_parse(&p, frame.payload) == 0);
		CHECK(p.payload.len <= RTP_JPEG_PAYLOAD_MAX);
		at += frame.size;
		CHECK(rtp_jpeg_depay_push(d, &p) == (at == w->len));
	}
}

static void check_same(const struct jpeg *sent, struct slice received)
{
	struct jpeg back;

	CHECK(jpeg_parse(&back, received) == 0);
	CHECK(back.size == received.len);
	CHECK(back.width == sent->width && back.height == sent->height);
	CHECK(back.sampling == sent->sampling);
	CHECK(back.restart_interval == sent->restart_interval);
	CHECK(!memcmp(back.luma_quant.data, sent->luma_quant.data, JPEG_QUANT_SIZE));
	CHECK(!memcmp(back.chroma_quant.data, sent->chroma_quant.data, JPEG_QUANT_SIZE));
	CHECK(back.scan.len == sent->scan.len);
	CHECK(!memcmp(back.scan.data, sent->scan.data, sent->scan.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[2 * INPUT_MAX], back[2 * INPUT_MAX];
	struct rtp_stream s = {.payload_type = RTP_PAYLOAD_JPEG, .sequence = 0xfff0};
	struct slice picture = slice_of(data, size);
	struct rtp_jpeg_depay d;
	struct writer w;
	struct jpeg j;
	int r;

	if (size > INPUT_MAX)
		return 0;
	r = jpeg_parse(&j, picture);
	CHECK(r == 0 || r == -EBADMSG || (r == -EOPNOTSUPP && j.obstacle));
	CHECK(rtp_jpeg_bound(size) <= sizeof(out));
	writer_init(&w, out, rtp_jpeg_bound(size));
	CHECK(rtp_jpeg_pack(&w, &s, picture, 1) == r);
	if (r < 0) {
		CHECK(w.len == 0 && s.sequence == 0xfff0);
		return 0;
	}
	CHECK(j.size <= size && j.scan.len < j.size);
	rtp_jpeg_depay_init(&d, back, sizeof(back));
	check_packets(&w, &d);
	check_same(&j, slice_of(back, d.len));
	return 0;
}
