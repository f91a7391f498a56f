// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as an access unit: packed and put together again it is the same. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "wire/demux.h"
#include "wire/rtp-h264-depay.h"
#include "wire/rtp-h264.h"

#define INPUT_MAX (1 << 16)

static size_t count_nals(struct slice au)
{
	struct h264_iter it;
	struct slice nal;
	size_t n = 0;

	h264_iter_init(&it, au);
	while (h264_iter_next(&it, &nal))
		n++;
	return n;
}

static void check_same(struct slice sent, struct slice received)
{
	struct h264_iter a, b;
	struct slice x, y;

	h264_iter_init(&a, sent);
	h264_iter_init(&b, received);
	while (h264_iter_next(&a, &x)) {
		if (h264_nal_type(x) == H264_NAL_AUD || h264_nal_type(x) == H264_NAL_FILLER)
			continue;
		CHECK(h264_iter_next(&b, &y));
		CHECK(x.len == y.len && memcmp(x.data, y.data, x.len) == 0);
	}
	CHECK(!h264_iter_next(&b, &y));
}

static void check_packets(const struct writer *w, struct rtp_h264_depay *d)
{
	for (size_t at = 0; at < w->len;) {
		struct demux_frame frame;
		struct rtp_packet p;

		CHECK(demux_peek(w->data + at, w->len - at, DEMUX_FRAME_MAX, &frame) ==
		      DEMUX_FRAME);
		CHECK(rtp_parse(&p, frame.payload) == 0);
		CHECK(p.payload.len <= RTP_H264_PAYLOAD_MAX);
		at += frame.size;
		CHECK(rtp_h264_depay_push(d, &p) == (at == w->len));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[8 * INPUT_MAX], back[2 * INPUT_MAX];
	struct rtp_stream s = {.payload_type = 96, .sequence = 0xfff0};
	struct slice au = slice_of(data, size);
	struct rtp_h264_depay d;
	struct writer w;
	size_t bound;
	int r;

	if (size > INPUT_MAX)
		return 0;
	bound = rtp_h264_bound(size, count_nals(au), 0);
	writer_init(&w, out, bound < sizeof(out) ? bound : sizeof(out));
	r = rtp_h264_pack(&w, &s, au, NULL, 1);
	CHECK(r == 0 || r == -EBADMSG || r == -E2BIG);
	if (r < 0) {
		CHECK(w.len == 0 && s.sequence == 0xfff0);
		return 0;
	}
	rtp_h264_depay_init(&d, back, sizeof(back));
	check_packets(&w, &d);
	check_same(au, slice_of(back, d.len));
	return 0;
}
