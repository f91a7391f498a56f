// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtsp.h"

#include <stddef.h>

#include "base/cleanup.h"

static const char *const methods[] = {
	[RTSP_OPTIONS] = "OPTIONS",
	[RTSP_DESCRIBE] = "DESCRIBE",
	[RTSP_SETUP] = "SETUP",
	[RTSP_PLAY] = "PLAY",
	[RTSP_PAUSE] = "PAUSE",
	[RTSP_TEARDOWN] = "TEARDOWN",
	[RTSP_GET_PARAMETER] = "GET_PARAMETER",
	[RTSP_SET_PARAMETER] = "SET_PARAMETER",
};

enum rtsp_method rtsp_method_parse(struct slice name)
{
	for (size_t i = RTSP_UNKNOWN + 1; i < ARRAY_SIZE(methods); i++)
		if (slice_equal(name, methods[i]))
			return i;
	return RTSP_UNKNOWN;
}

static enum request_result refuse(struct rtsp_request *r, unsigned status)
{
	r->status = status;
	return REQUEST_REFUSED;
}

enum request_result rtsp_request_parse(struct rtsp_request *r, const void *data, size_t len)
{
	enum request_result result;
	struct request_head head;
	unsigned status;

	*r = (struct rtsp_request){.uri.kind = RTSP_URI_UNKNOWN};
	result = request_head_parse(&head, data, len, "RTSP", "1.0", &status);
	if (result == REQUEST_MORE)
		return result;
	if (result == REQUEST_REFUSED)
		return refuse(r, status);
	r->headers = head.headers;
	r->target = head.line.target;
	r->size = head.size;
	r->body = slice_of((const uint8_t *)data + head.size - head.headers.content_length,
			   head.headers.content_length);
	r->has_cseq = slice_u64(headers_value(&r->headers, "CSeq"), RTSP_CSEQ_MAX, &r->cseq) == 0;
	if (!r->has_cseq)
		return refuse(r, 400);
	r->method = rtsp_method_parse(head.line.method);
	if (r->method == RTSP_UNKNOWN)
		return refuse(r, 501);
	if (rtsp_uri_parse(&r->uri, r->target) < 0)
		return refuse(r, 400);
	return REQUEST_COMPLETE;
}
