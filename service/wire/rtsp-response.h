// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Responses of RTSP 1.0 (RFC 2326 section 7) as a viewer takes them. Stateless as the request
 * parsers are (request.h): given all unconsumed bytes from the start of a response on, it copies
 * nothing; every slice points into those bytes. As strict as headers.h. A buffer of
 * REQUEST_SIZE_MAX always suffices.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/request.h"

struct rtsp_response {
	unsigned status; /* 100 to 599 */
	struct slice reason;
	bool has_cseq;
	uint64_t cseq;
	struct headers headers;
	struct slice body;
	size_t size; /* bytes of the buffer that it fills */
};

/* 1: complete; 0: read more, call again. Errors: -EBADMSG (none, and where the next one starts is
 * not known). */
int rtsp_response_parse(struct rtsp_response *r, const void *data, size_t len);
