// SPDX-License-Identifier: LGPL-2.1-or-later
/* A viewer's bytes, as a session takes them: frames, RTSP and HTTP requests in any order. */
#include <string.h>

#include "fuzz.h"
#include "wire/demux.h"
#include "wire/http.h"
#include "wire/rtsp.h"
#include "wire/status.h"

static void check_inside(struct slice s, const uint8_t *data, size_t size)
{
	CHECK(!s.data || (s.data >= data && s.len <= size && s.data + s.len <= data + size));
}

static void check_headers(const struct headers *h, const uint8_t *data, size_t size)
{
	CHECK(h->n <= HEADERS_MAX && h->content_length <= HEADERS_BODY_MAX);
	for (size_t i = 0; i < h->n; i++) {
		check_inside(h->list[i].name, data, size);
		check_inside(h->list[i].value, data, size);
		CHECK(!memchr(h->list[i].value.data, '\r', h->list[i].value.len));
	}
}

/* A request is the same whatever follows it, and is never seen before it is complete. */
static size_t take_rtsp(const uint8_t *data, size_t size, enum request_result *result)
{
	static struct rtsp_request r, again;

	*result = rtsp_request_parse(&r, data, size);
	if (*result == REQUEST_REFUSED)
		CHECK(status_phrase_rtsp(r.status));
	if (r.size == 0) {
		CHECK(*result != REQUEST_COMPLETE);
		CHECK(*result == REQUEST_REFUSED || size < REQUEST_SIZE_MAX);
		return 0;
	}
	CHECK(r.size <= size && r.size <= REQUEST_SIZE_MAX);
	check_headers(&r.headers, data, r.size);
	check_inside(r.body, data, r.size);
	check_inside(r.target, data, r.size);
	CHECK(rtsp_request_parse(&again, data, r.size) == *result && again.size == r.size);
	CHECK(rtsp_request_parse(&again, data, r.size - 1) == REQUEST_MORE);
	if (*result == REQUEST_COMPLETE)
		CHECK(r.method != RTSP_UNKNOWN && r.has_cseq && r.cseq <= RTSP_CSEQ_MAX);
	CHECK((r.uri.kind == RTSP_URI_CAMERA) == name_valid(r.uri.camera));
	return r.size;
}

static size_t take_http(const uint8_t *data, size_t size, enum request_result *result)
{
	static struct http_request r, again;

	*result = http_request_parse(&r, data, size);
	if (*result == REQUEST_REFUSED)
		CHECK(status_phrase_http(r.status));
	if (r.size == 0) {
		CHECK(*result != REQUEST_COMPLETE);
		CHECK(*result == REQUEST_REFUSED || size < REQUEST_SIZE_MAX);
		return 0;
	}
	CHECK(r.size <= size && r.size <= REQUEST_SIZE_MAX);
	check_headers(&r.headers, data, r.size);
	check_inside(r.body, data, r.size);
	CHECK(http_request_parse(&again, data, r.size) == *result && again.size == r.size);
	CHECK(http_request_parse(&again, data, r.size - 1) == REQUEST_MORE);
	if (*result == REQUEST_COMPLETE)
		CHECK(r.path.len > 0 && r.path.data[0] == '/' && r.method != HTTP_UNKNOWN);
	return r.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	while (size > 0) {
		enum request_result result = REQUEST_MORE;
		struct demux_frame frame;
		size_t taken = 0;

		switch (demux_peek(data, size, DEMUX_FRAME_MAX_INBOUND, &frame)) {
		case DEMUX_FRAME:
			check_inside(frame.payload, data, size);
			taken = frame.size;
			break;
		case DEMUX_RTSP:
			taken = take_rtsp(data, size, &result);
			break;
		case DEMUX_HTTP:
			taken = take_http(data, size, &result);
			break;
		case DEMUX_MORE:
			CHECK(size < REQUEST_SIZE_MAX);
			break;
		case DEMUX_GARBAGE:
			break;
		}
		CHECK(taken <= size);
		if (taken == 0)
			return 0;
		data += taken;
		size -= taken;
	}
	return 0;
}
