// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the two request parsers (rtsp.h, http.h) have in common. Both are stateless: they are given
 * all unconsumed bytes each time, from the start of a request on, and copy nothing; every slice of
 * a request points into those bytes.
 *
 *	REQUEST_MORE	  not yet complete: read more, call again
 *	REQUEST_COMPLETE  the request fills the first `size` bytes; consume them after use
 *	REQUEST_REFUSED	  answer `status`. size > 0: the request is well framed, consume it and
 *			  go on. size == 0: where the next one starts is not known; close after
 *			  the answer
 *
 * A buffer of REQUEST_SIZE_MAX always suffices: a parser never asks for more with that much.
 */
#pragma once

#include "wire/headers.h"

#define REQUEST_SIZE_MAX (HEADERS_SIZE_MAX + HEADERS_BODY_MAX)

enum request_result {
	REQUEST_MORE,
	REQUEST_COMPLETE,
	REQUEST_REFUSED,
};

/* The first line taken apart: "METHOD SP target SP version". */
struct request_line {
	struct slice method;  /* a token (RFC 9110 section 5.6.2) */
	struct slice target;  /* visible ASCII, not empty */
	struct slice version; /* "RTSP/1.0" */
};

/* line: without its CRLF. 0 or -400. */
int request_line_parse(struct request_line *l, struct slice line);

/* The head of a message of either protocol, taken apart but not yet judged. */
struct request_head {
	struct request_line line;
	struct headers headers;
	size_t size; /* with the body */
};

/*
 * Head and framing of the request at data. REQUEST_COMPLETE and REQUEST_MORE mean the head and its
 * body; on REQUEST_REFUSED *ret_status is set and the framing is lost. protocol: "RTSP" or "HTTP";
 * another one, or another version than the given, gives 400 and 505.
 */
enum request_result request_head_parse(struct request_head *h, const void *data, size_t len,
				       const char *protocol, const char *version,
				       unsigned *ret_status);
