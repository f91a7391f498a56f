// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Responses of RTSP 1.0 (RFC 2326 section 7), written into the caller's buffer:
 *
 *	rtsp_reply_begin(&w, 200, true, cseq);
 *	rtsp_reply_header(&w, "Session", "%s;timeout=60", id);
 *	rtsp_reply_body(&w, "application/sdp", sdp, sdp_len);	// or rtsp_reply_end(&w)
 *	n = writer_end(&w);
 *
 * A header value with a control character fails the writer: no value can start a new line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/writer.h"

/* Status line, CSeq if there is one, Server. 401 carries its challenge, 405 `Allow`, 501 `Public`.
 * A status without a phrase (status.h) fails the writer. */
void rtsp_reply_begin(struct writer *w, unsigned status, bool has_cseq, uint64_t cseq);
void rtsp_reply_header(struct writer *w, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "Public: OPTIONS, DESCRIBE, ..." (RFC 2326 section 12.28): the methods that the session serves.
 */
void rtsp_reply_public(struct writer *w);
void rtsp_reply_end(struct writer *w);
void rtsp_reply_body(struct writer *w, const char *type, const void *body, size_t len);
