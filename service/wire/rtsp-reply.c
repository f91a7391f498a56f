// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtsp-reply.h"

#include <inttypes.h>

#include "wire/authorization.h"
#include "wire/header-writer.h"
#include "wire/status.h"

#define METHODS "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"

void rtsp_reply_begin(struct writer *w, unsigned status, bool has_cseq, uint64_t cseq)
{
	const char *phrase = status_phrase_rtsp(status);

	if (!phrase) {
		w->failed = true;
		return;
	}
	writer_printf(w, "RTSP/1.0 %u %s\r\n", status, phrase);
	if (has_cseq)
		rtsp_reply_header(w, "CSeq", "%" PRIu64, cseq);
	rtsp_reply_header(w, "Server", "camward");
	if (status == 401)
		rtsp_reply_header(w, "WWW-Authenticate", "%s", AUTHORIZATION_CHALLENGE);
	if (status == 405)
		rtsp_reply_header(w, "Allow", METHODS);
	if (status == 501)
		rtsp_reply_public(w);
}

void rtsp_reply_header(struct writer *w, const char *name, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	header_write(w, name, format, ap);
	va_end(ap);
}

void rtsp_reply_public(struct writer *w)
{
	rtsp_reply_header(w, "Public", METHODS);
}

void rtsp_reply_end(struct writer *w)
{
	writer_text(w, "\r\n");
}

void rtsp_reply_body(struct writer *w, const char *type, const void *body, size_t len)
{
	rtsp_reply_header(w, "Content-Type", "%s", type);
	rtsp_reply_header(w, "Content-Length", "%zu", len);
	rtsp_reply_end(w);
	writer_bytes(w, body, len);
}
