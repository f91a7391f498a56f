// SPDX-License-Identifier: LGPL-2.1-or-later
/* A server's answers, as a viewer takes them, and the session descriptions in them. */
#include <errno.h>

#include "fuzz.h"
#include "wire/rtsp-response.h"
#include "wire/sdp-reader.h"

static void check_inside(struct slice s, struct slice outer)
{
	CHECK(!s.data || (s.data >= outer.data && s.len <= outer.len &&
			  s.data + s.len <= outer.data + outer.len));
}

static void take_sdp(struct slice text)
{
	struct sdp_track t;
	int r = sdp_read(&t, text);

	CHECK(r == 0 || r == -EBADMSG || r == -ENOENT || r == -EPROTONOSUPPORT);
	if (r < 0)
		return;
	CHECK(t.payload_type <= 127 && t.clock > 0 && t.encoding.len > 0);
	CHECK(t.n_sets <= SDP_SETS_MAX);
	check_inside(t.control, text);
	check_inside(t.session_control, text);
	for (size_t i = 0; i < t.n_sets; i++)
		check_inside(t.sets[i], text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtsp_response r, again;

	take_sdp(slice_of(data, size));
	while (size > 0) {
		int e = rtsp_response_parse(&r, data, size);

		CHECK(e == 1 || e == 0 || e == -EBADMSG);
		CHECK(e != 0 || size < REQUEST_SIZE_MAX);
		if (e != 1)
			return 0;
		CHECK(r.size > 0 && r.size <= size && r.status >= 100 && r.status <= 599);
		check_inside(r.body, slice_of(data, r.size));
		check_inside(r.reason, slice_of(data, r.size));
		CHECK(rtsp_response_parse(&again, data, r.size) == 1 && again.size == r.size);
		CHECK(rtsp_response_parse(&again, data, r.size - 1) == 0);
		take_sdp(r.body);
		data += r.size;
		size -= r.size;
	}
	return 0;
}
