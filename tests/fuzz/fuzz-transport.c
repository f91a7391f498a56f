// SPDX-License-Identifier: LGPL-2.1-or-later
/* The Transport, Range and Session headers, and URIs. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "wire/rtsp-field.h"
#include "wire/rtsp-uri.h"
#include "wire/transport.h"

static void check_transport(struct slice text)
{
	struct transport t, again;
	struct writer w;
	char out[128];
	int r = transport_parse(&t, text);

	CHECK(r == 0 || r == -EINVAL || r == -EPROTONOSUPPORT);
	if (r < 0)
		return;
	CHECK(t.rtcp_channel == t.rtp_channel + 1);
	writer_init(&w, out, sizeof(out));
	transport_write(&w, &t, 1);
	CHECK(writer_end(&w) > 0);
	CHECK(transport_parse(&again, slice_of(out, w.len)) == 0);
	CHECK(memcmp(&t, &again, sizeof(t)) == 0);
}

static void check_uri(struct slice text)
{
	struct rtsp_uri uri;

	if (rtsp_uri_parse(&uri, text) < 0)
		return;
	CHECK((uri.kind == RTSP_URI_CAMERA) == name_valid(uri.camera));
	CHECK(uri.kind == RTSP_URI_CAMERA || (!uri.sub && !uri.track));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	struct slice text = slice_of(data, size);
	int r;

	check_transport(text);
	check_uri(text);
	r = rtsp_range_check(text);
	CHECK(r == 0 || r == -EINVAL || r == -EPROTONOSUPPORT);
	if (rtsp_session_matches(text, id))
		CHECK(memmem(data, size, id, RTSP_SESSION_DIGITS));
	return 0;
}
