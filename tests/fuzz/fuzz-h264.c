// SPDX-License-Identifier: LGPL-2.1-or-later
/* Byte streams, their boundaries, parameter sets, and the SDP made of them. */
#include <string.h>

#include "fuzz.h"
#include "wire/h264-au.h"
#include "wire/h264-sps.h"
#include "wire/h264.h"
#include "wire/sdp.h"

static void check_sps(struct slice nal)
{
	struct h264_sps sps;

	if (h264_sps_parse(&sps, nal) < 0)
		return;
	CHECK(sps.width > 0 && sps.width <= H264_DIMENSION_MAX);
	CHECK(sps.height > 0 && sps.height <= H264_DIMENSION_MAX);
	CHECK((sps.fps_num == 0) == (sps.fps_den == 0));
}

static void check_sdp(const struct h264_parameter_sets *sets)
{
	struct sdp_video v = {
		.camera = "front",
		.session_id = 1,
		.payload_type = 96,
		.sps = sets->sps,
		.pps = sets->pps,
	};
	char text[SDP_SIZE_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	sdp_write(&w, &v);
	CHECK(w.len <= sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h264_parameter_sets sets;
	struct h264_au au = {0};
	const uint8_t *last = data;
	struct h264_iter it;
	struct slice nal;

	check_sps(slice_of(data, size));
	h264_iter_init(&it, slice_of(data, size));
	while (h264_iter_next(&it, &nal)) {
		CHECK(nal.len > 0 && nal.data >= last + 3 && nal.data + nal.len <= data + size);
		CHECK(nal.data[nal.len - 1] != 0);
		CHECK(!memmem(nal.data, nal.len, "\0\0\1", 3));
		h264_au_starts(&au, nal);
		check_sps(nal);
		last = nal.data + nal.len;
	}
	h264_is_idr(slice_of(data, size));
	h264_find_parameter_sets(slice_of(data, size), &sets);
	check_sdp(&sets);
	return 0;
}
