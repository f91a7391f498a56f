// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/http.h"

#include <string.h>

enum http_method http_method_parse(struct slice name)
{
	if (slice_equal(name, "GET"))
		return HTTP_GET;
	if (slice_equal(name, "HEAD"))
		return HTTP_HEAD;
	return slice_equal(name, "POST") ? HTTP_POST : HTTP_UNKNOWN;
}

static bool parse_target(struct http_request *r, struct slice target)
{
	if (target.data[0] != '/' || memchr(target.data, '#', target.len))
		return false;
	r->query = target;
	slice_cut(&r->query, '?', &r->path);
	if (r->path.len == target.len)
		r->query = slice_of(NULL, 0);
	return true;
}

static enum request_result refuse(struct http_request *r, unsigned status)
{
	r->status = status;
	return REQUEST_REFUSED;
}

enum request_result http_request_parse(struct http_request *r, const void *data, size_t len)
{
	enum request_result result;
	struct request_head head;
	unsigned status;

	*r = (struct http_request){0};
	result = request_head_parse(&head, data, len, "HTTP", "1.1", &status);
	if (result == REQUEST_MORE)
		return result;
	if (result == REQUEST_REFUSED)
		return refuse(r, status);
	r->headers = head.headers;
	r->size = head.size;
	r->body = slice_of((const uint8_t *)data + head.size - head.headers.content_length,
			   head.headers.content_length);
	r->close = headers_has_token(&r->headers, "Connection", "close");
	r->host = headers_value(&r->headers, "Host");
	if (r->host.len == 0)
		return refuse(r, 400);
	r->method = http_method_parse(head.line.method);
	if (r->method == HTTP_UNKNOWN)
		return refuse(r, 501);
	if (!parse_target(r, head.line.target))
		return refuse(r, 400);
	return REQUEST_COMPLETE;
}
