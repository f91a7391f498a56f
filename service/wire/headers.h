// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The header block that RTSP/1.0 (RFC 2326 section 4) and HTTP/1.1 (RFC 9112 section 5) share,
 * read more strictly than either demands: lines end in CRLF, no folding, no space before the
 * colon, values of visible ASCII, space and tab. What two readers could take differently (a
 * repeated Content-Length, Host, CSeq, Authorization, ..., any Transfer-Encoding) is refused;
 * harmless repeats (User-Agent, Date) are let through.
 */
#pragma once

#include <stddef.h>

#include "wire/slice.h"

#define HEADERS_MAX      64
#define HEADERS_SIZE_MAX 8192 /* request line and headers together, with the empty line */
#define HEADERS_LINE_MAX 2048 /* request line with its CRLF */
#define HEADERS_BODY_MAX 4096 /* Content-Length */

struct header {
	struct slice name;
	struct slice value; /* trimmed, possibly empty */
};

struct headers {
	struct header list[HEADERS_MAX];
	size_t n;
	size_t content_length; /* 0 when there is none */
};

/*
 * Finds the end of the message head that starts at data: its size with the empty line, 0 when
 * more is needed, or -status (see status.h): 400 for bytes that no head may hold, 414 for a first
 * line beyond HEADERS_LINE_MAX, 431 for a head beyond HEADERS_SIZE_MAX. It looks at every byte
 * that is there, so that rubbish is answered at once and not when it is complete.
 */
int headers_find_end(const void *data, size_t len);

/* block: the lines after the first one, without the empty line. 0 or -status (400, 413, 431). */
int headers_parse(struct headers *h, struct slice block);

/* A token (RFC 9110 section 5.6.2): what a method, a header name or a scheme is. */
bool headers_is_token(struct slice s);

/* Any case; the first of that name. NULL: none. */
const struct header *headers_find(const struct headers *h, const char *name);
/* Its value; an absent one gives data NULL. */
struct slice headers_value(const struct headers *h, const char *name);
/* Whether a comma-separated value (Connection, ...) holds this token, in any case. */
bool headers_has_token(const struct headers *h, const char *name, const char *token);
