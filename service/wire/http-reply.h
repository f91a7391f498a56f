// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Responses of HTTP/1.1 (RFC 9112 section 4), written into the caller's buffer as those of RTSP
 * are (rtsp-reply.h). Every answer says `Cache-Control: no-store, private` and forbids sniffing.
 */
#pragma once

#include <stddef.h>

#include "wire/writer.h"

/* Status line, Server, Cache-Control. 401 carries its challenge, 405 and 501 `Allow`. A status
 * without a phrase (status.h) fails the writer. */
void http_reply_begin(struct writer *w, unsigned status);
void http_reply_header(struct writer *w, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The head ends, and nothing is said of a length: for 101, and for bodies that end by closing. */
void http_reply_end(struct writer *w);
/* Content-Type, Content-Length, then the body; body NULL: only the head (HEAD). */
void http_reply_body(struct writer *w, const char *type, const void *body, size_t len);
