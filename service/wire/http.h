// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests of HTTP/1.1 (RFC 9112 section 3); see request.h for the results. Only origin-form
 * targets, only GET, HEAD and POST, exactly one Host. Statuses of a refusal: 400, 413, 414, 431,
 * 505 (framing lost) and 400 (Host, target), 501 (unknown method) with size > 0.
 */
#pragma once

#include <stdbool.h>

#include "wire/request.h"

enum http_method {
	HTTP_UNKNOWN,
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
};

struct http_request {
	enum http_method method;
	struct slice path;  /* from its `/` on, as sent: nothing is decoded or resolved */
	struct slice query; /* after the `?`; data NULL when there is none */
	struct headers headers;
	struct slice host;
	struct slice body;
	bool close;      /* "Connection: close" */
	size_t size;     /* bytes of the buffer that it fills */
	unsigned status; /* of a refusal */
};

enum request_result http_request_parse(struct http_request *r, const void *data, size_t len);

/* HTTP_UNKNOWN: none that is served here. */
enum http_method http_method_parse(struct slice name);
