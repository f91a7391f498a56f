// SPDX-License-Identifier: LGPL-2.1-or-later
/* A server's bytes, as a viewer of a JPEG camera takes them. */
#include <errno.h>

#include "fuzz.h"
#include "wire/demux.h"
#include "wire/rtp-jpeg-depay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[8192];
	struct rtp_jpeg_depay d;
	struct demux_frame frame;

	rtp_jpeg_depay_init(&d, out, sizeof(out));
	while (demux_peek(data, size, DEMUX_FRAME_MAX, &frame) == DEMUX_FRAME) {
		struct rtp_packet p;

		data += frame.size;
		size -= frame.size;
		if (rtp_parse(&p, frame.payload) == 0) {
			int r = rtp_jpeg_depay_push(&d, &p);

			CHECK(d.len <= d.size);
			CHECK(r <= 1 && (r < 0 || r == (p.marker && d.finished)));
			if (r == 1)
				CHECK(d.out[0] == 0xff && d.out[1] == JPEG_MARKER_SOI &&
				      d.out[d.len - 2] == 0xff &&
				      d.out[d.len - 1] == JPEG_MARKER_EOI);
			if (r < 0)
				CHECK(r == -EBADMSG || r == -EILSEQ || r == -EOPNOTSUPP ||
				      r == -ENOSPC);
		}
	}
	return 0;
}
