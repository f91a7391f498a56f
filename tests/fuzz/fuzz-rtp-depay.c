// SPDX-License-Identifier: LGPL-2.1-or-later
/* A server's bytes, as a viewer takes them: interleaved RTP and RTCP. */
#include <errno.h>

#include "fuzz.h"
#include "wire/demux.h"
#include "wire/rtcp.h"
#include "wire/rtp-h264-depay.h"

static void take_rtp(struct rtp_h264_depay *d, struct slice payload)
{
	struct rtp_packet p;
	int r;

	if (rtp_parse(&p, payload) < 0)
		return;
	r = rtp_h264_depay_push(d, &p);
	CHECK(d->len <= d->size);
	CHECK(r <= 1 && (r < 0 || r == (p.marker && d->finished)));
	if (r == 1)
		CHECK(d->len >= 5 && d->out[0] == 0 && d->out[3] == 1 && !d->fragment);
	if (r < 0)
		CHECK(r == -EBADMSG || r == -EILSEQ || r == -ENOSPC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[2048];
	struct rtp_h264_depay d;
	struct demux_frame frame;
	struct rtcp_summary r;

	rtp_h264_depay_init(&d, out, sizeof(out));
	while (demux_peek(data, size, DEMUX_FRAME_MAX, &frame) == DEMUX_FRAME) {
		if (frame.channel & 1)
			rtcp_parse(&r, frame.payload);
		else
			take_rtp(&d, frame.payload);
		data += frame.size;
		size -= frame.size;
	}
	return 0;
}
