// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/http-reply.h"

#include "wire/authorization.h"
#include "wire/header-writer.h"
#include "wire/status.h"

void http_reply_begin(struct writer *w, unsigned status)
{
	const char *phrase = status_phrase_http(status);

	if (!phrase) {
		w->failed = true;
		return;
	}
	writer_printf(w, "HTTP/1.1 %u %s\r\n", status, phrase);
	http_reply_header(w, "Server", "camward");
	http_reply_header(w, "Cache-Control", "no-store, private");
	http_reply_header(w, "X-Content-Type-Options", "nosniff");
	if (status == 401)
		http_reply_header(w, "WWW-Authenticate", "%s", AUTHORIZATION_CHALLENGE);
	if (status == 405 || status == 501)
		http_reply_header(w, "Allow", "GET, HEAD");
}

void http_reply_header(struct writer *w, const char *name, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	header_write(w, name, format, ap);
	va_end(ap);
}

void http_reply_end(struct writer *w)
{
	writer_text(w, "\r\n");
}

void http_reply_body(struct writer *w, const char *type, const void *body, size_t len)
{
	http_reply_header(w, "Content-Type", "%s", type);
	http_reply_header(w, "Content-Length", "%zu", len);
	http_reply_end(w);
	if (body)
		writer_bytes(w, body, len);
}
