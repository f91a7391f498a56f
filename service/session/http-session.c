// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/http-session.h"

#include <inttypes.h>

#include "session/session.h"
#include "wire/http-reply.h"
#include "wire/http.h"
#include "wire/status.h"

#define HEAD_SIZE 1024
/* Name, uuid, rights, streams and punctuation of one camera. */
#define CAMERA_JSON_SIZE (PROTO_NAME_SIZE + UUID_STRING_SIZE + 128)
#define LIST_SIZE        (SESSION_CAMERAS_MAX * CAMERA_JSON_SIZE + 64)

/* The one answer of this connection; all of the request is done with. */
static ssize_t answer(struct session *s, const struct http_request *r, unsigned status,
		      const char *type, const void *body, size_t len)
{
	uint8_t buffer[HEAD_SIZE + LIST_SIZE];
	struct writer w;
	ssize_t n;
	int e;

	writer_init(&w, buffer, sizeof(buffer));
	http_reply_begin(&w, status);
	http_reply_header(&w, "Connection", "close");
	http_reply_body(&w, type, r->method == HTTP_HEAD ? NULL : body, len);
	n = writer_end(&w);
	if (n < 0)
		return n;
	e = session_send(s, buffer, (size_t)n);
	session_end_orderly(s, status == 400 ? SESSION_DONE_PROTOCOL : SESSION_DONE_VIEWER);
	return e < 0 ? e : (ssize_t)s->incoming_len;
}

static ssize_t refuse(struct session *s, const struct http_request *r, unsigned status)
{
	char text[64];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	writer_printf(&w, "%u %s\n", status, status_phrase_http(status));
	return answer(s, r, status, "text/plain", text, w.len);
}

/* Who has typed the address into a browser; the same for everybody. */
static ssize_t tell_no_page(struct session *s, const struct http_request *r)
{
	static const char text[] =
		"There is no page here yet. Watch with a player that knows RTSP over TLS:\n"
		"rtsps://CLIENT:TOKEN@HOST:PORT/CAMERA, as your invitation says.\n";

	return answer(s, r, 404, "text/plain", text, sizeof(text) - 1);
}

static unsigned status_of_denial(enum session_denied_reason reason)
{
	switch (reason) {
	case SESSION_DENIED_CREDENTIAL:
		return 401;
	case SESSION_DENIED_UNAVAILABLE:
	case SESSION_DENIED_LIMIT:
		return 503;
	default:
		return 404;
	}
}

static ssize_t list(struct session *s, const struct http_request *r)
{
	struct slice value = headers_value(&r->headers, "Authorization");
	struct authorization who;

	if (s->denied)
		return refuse(s, r, status_of_denial((enum session_denied_reason)s->denied));
	if (!value.data) {
		session_list_cameras(s, NULL);
		return 0;
	}
	if (authorization_parse(&who, value) < 0)
		return refuse(s, r, 401);
	session_list_cameras(s, &who);
	authorization_erase(&who);
	return 0;
}

/* Without a credential nothing beneath these is told apart. */
static bool needs_credential(struct slice path)
{
	return slice_starts_nocase(path, "/api/") || slice_starts_nocase(path, "/cameras/");
}

static ssize_t dispatch(struct session *s, const struct http_request *r)
{
	bool anonymous = !headers_find(&r->headers, "Authorization") && !session_has_certificate(s);

	if (anonymous && needs_credential(r->path))
		return refuse(s, r, 401);
	if (slice_equal(r->path, "/"))
		return tell_no_page(s, r);
	if (!slice_equal(r->path, "/api/cameras"))
		return refuse(s, r, 404);
	if (r->method == HTTP_POST)
		return refuse(s, r, 405);
	return list(s, r);
}

static ssize_t http_input(struct session *s)
{
	struct http_request r;

	switch (http_request_parse(&r, s->incoming, s->incoming_len)) {
	case REQUEST_MORE:
		return 0;
	case REQUEST_REFUSED:
		return refuse(s, &r, r.status);
	default:
		return dispatch(s, &r);
	}
}

/* Names are strict enough to need no escaping (base/parse.h). */
static void write_camera(struct writer *w, const struct session_camera *c)
{
	char uuid[UUID_STRING_SIZE];
	const char *separator = "";

	format_uuid(c->uuid, uuid);
	writer_printf(w, "{\"name\":\"%s\",\"uuid\":\"%s\",\"rights\":[", c->name, uuid);
	if (c->rights & RIGHT_LIVE) {
		writer_text(w, "\"live\"");
		separator = ",";
	}
	if (c->rights & RIGHT_STILL)
		writer_printf(w, "%s\"still\"", separator);
	writer_text(w, "],\"streams\":[");
	if (c->streams & 1U << RING_STREAM_MAIN)
		writer_text(w, c->streams & 1U << RING_STREAM_SUB ? "\"main\"," : "\"main\"");
	if (c->streams & 1U << RING_STREAM_SUB)
		writer_text(w, "\"sub\"");
	writer_printf(w, "],\"online\":%s}", c->online ? "true" : "false");
}

static int http_cameras(struct session *s, const struct session_cameras *m)
{
	struct http_request r;
	char text[LIST_SIZE];
	struct writer w;

	/* The request still stands where it stood; only GET or HEAD asks. */
	http_request_parse(&r, s->incoming, s->incoming_len);
	writer_init(&w, text, sizeof(text));
	writer_text(&w, "{\"cameras\":[");
	for (uint32_t i = 0; i < m->n_cameras; i++) {
		if (i > 0)
			writer_text(&w, ",");
		write_camera(&w, &m->cameras[i]);
	}
	writer_text(&w, "]}\n");
	if (writer_end(&w) < 0)
		return (int)writer_end(&w);
	return answer(s, &r, 200, "application/json", text, w.len) < 0 ? -1 : 0;
}

static void http_farewell(struct session *s)
{
}

const struct session_ops http_session_ops = {
	.input = http_input,
	.cameras = http_cameras,
	.farewell = http_farewell,
};
