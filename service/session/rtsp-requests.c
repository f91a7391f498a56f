// SPDX-License-Identifier: LGPL-2.1-or-later
/* The methods. An answer that shows nothing but its status is written by refuse() alone, so that
 * equal refusals are equal bytes. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "base/cleanup.h"
#include "session/session.h"
#include "wire/base64.h"
#include "wire/rtsp-reply.h"
#include "wire/rtsp.h"
#include "wire/sdp.h"

/* Base 64 of the larger of the two that prove a lease. */
#define PROOF_TEXT_SIZE (PROTO_STATEMENT_SIZE * 4 / 3 + 4)
/* An SDP, the URI twice, the proof of a lease, and the fixed headers. */
#define REPLY_SIZE (SDP_SIZE_MAX + 2 * HEADERS_LINE_MAX + 2 * PROOF_TEXT_SIZE + 1024)

static int send_reply(struct session *s, const struct writer *w)
{
	ssize_t n = writer_end(w);
	int r;

	if (n < 0)
		return (int)n;
	r = session_send(s, w->data, (size_t)n);
	return r < 0 ? r : 1;
}

int rtsp_requests_refuse(struct session *s, const struct rtsp_request *r, unsigned status)
{
	uint8_t buffer[1024];
	struct writer w;

	writer_init(&w, buffer, sizeof(buffer));
	rtsp_reply_begin(&w, status, r->has_cseq, r->cseq);
	rtsp_reply_end(&w);
	return send_reply(s, &w);
}

static void begin(struct writer *w, uint8_t *buffer, size_t size, const struct rtsp_request *r)
{
	writer_init(w, buffer, size);
	rtsp_reply_begin(w, 200, r->has_cseq, r->cseq);
}

/* --- who, and which camera --- */

static enum ring_stream wanted_stream(const struct rtsp_uri *uri)
{
	return uri->sub ? RING_STREAM_SUB : RING_STREAM_MAIN;
}

/* Whether the URI names what this connection is bound to. */
static bool is_bound_to(const struct session *s, const struct rtsp_uri *uri)
{
	return uri->kind == RTSP_URI_CAMERA && strcmp(uri->camera, s->lease.camera) == 0 &&
	       wanted_stream(uri) == s->lease.stream && uri->either == s->lease.may_switch;
}

static unsigned status_of_denial(enum session_denied_reason reason)
{
	switch (reason) {
	case SESSION_DENIED_CREDENTIAL:
		return 401;
	case SESSION_DENIED_UNAVAILABLE:
		return 503;
	case SESSION_DENIED_LIMIT:
		return 453;
	default:
		return 404;
	}
}

/* The viewer's nonce (docs/SEAL.md, Lease statement), if it sent one. -EINVAL: it is none. */
static int read_nonce(const struct rtsp_request *r, struct session_wish *wish)
{
	const struct header *nonce = headers_find(&r->headers, "Camward-Nonce");

	wish->has_nonce = nonce != NULL;
	if (!nonce)
		return 0;
	return base64_decode(nonce->value, wish->nonce, sizeof(wish->nonce)) == PROTO_NONCE_SIZE
		       ? 0
		       : -EINVAL;
}

/*
 * Sees to it that there is a lease for what the request names. Returns 0 when there is, a status
 * to refuse it with, or -EAGAIN when the broker has been asked.
 */
static int need_lease(struct session *s, const struct rtsp_request *r)
{
	struct slice value = headers_value(&r->headers, "Authorization");
	struct session_wish wish = {
		.camera = r->uri.camera,
		.stream = wanted_stream(&r->uri),
		.may_switch = r->uri.either,
		.protocol = SESSION_PROTOCOL_RTSP,
	};
	struct authorization who;

	if (read_nonce(r, &wish) < 0)
		return 400;
	if (s->lease.granted && !is_bound_to(s, &r->uri))
		return 404;
	if (s->lease.granted)
		return 0;
	if (s->denied) {
		unsigned status = status_of_denial((enum session_denied_reason)s->denied);

		s->denied = 0;
		return (int)status;
	}
	if (value.data ? authorization_parse(&who, value) < 0 : !session_has_certificate(s))
		return 401;
	if (r->uri.kind != RTSP_URI_CAMERA) {
		if (value.data)
			authorization_erase(&who);
		return 404;
	}
	session_open_lease(s, value.data ? &who : NULL, &wish);
	if (value.data)
		authorization_erase(&who);
	return -EAGAIN;
}

/* Whether the request names the session of this connection, the only one that it can. */
static bool in_session(const struct session *s, const struct rtsp_request *r)
{
	struct slice value = headers_value(&r->headers, "Session");

	return s->rtsp.state != RTSP_STATE_INIT && value.data &&
	       rtsp_session_matches(value, s->rtsp.id);
}

/* --- the methods --- */

static int options(struct session *s, const struct rtsp_request *r)
{
	uint8_t buffer[1024];
	struct writer w;

	begin(&w, buffer, sizeof(buffer), r);
	rtsp_reply_public(&w);
	rtsp_reply_end(&w);
	return send_reply(s, &w);
}

static bool accepts_sdp(const struct rtsp_request *r)
{
	struct slice rest = headers_value(&r->headers, "Accept"), part;

	if (!rest.data)
		return true;
	while (slice_cut(&rest, ',', &part)) {
		struct slice type;

		if (slice_cut(&part, ';', &type) &&
		    (slice_equal_nocase(slice_trim(type), SDP_TYPE) ||
		     slice_equal(slice_trim(type), "*/*") ||
		     slice_equal_nocase(slice_trim(type), "application/*")))
			return true;
	}
	return false;
}

static void write_sdp(struct writer *w, const struct lease *l)
{
	const struct ring_description *d = &l->ring.description;
	struct h264_parameter_sets sets = lease_parameter_sets(l);

	sdp_write(w, &(struct sdp_video){
			     .camera = l->camera,
			     .session_id = l->id,
			     .payload_type = rtp_sender_payload_type(d->codec),
			     .fps_num = d->fps_numerator,
			     .fps_den = d->fps_denominator,
			     .sps = sets.sps,
			     .pps = sets.pps,
		     });
}

static void write_bytes_header(struct writer *w, const char *name, const uint8_t *bytes, size_t n)
{
	uint8_t text[PROOF_TEXT_SIZE];
	struct writer value;

	writer_init(&value, text, sizeof(text));
	base64_write(&value, slice_of(bytes, n));
	rtsp_reply_header(w, name, "%.*s", (int)value.len, (const char *)text);
}

/* What the viewer can check the lease by, if it sent a nonce for it. */
static void write_proof(struct writer *w, const struct lease *l)
{
	if (!l->statement_size)
		return;
	write_bytes_header(w, "Camward-Certificate", l->certificate, l->certificate_size);
	write_bytes_header(w, "Camward-Statement", l->statement, l->statement_size);
}

static int describe(struct session *s, const struct rtsp_request *r)
{
	uint8_t buffer[REPLY_SIZE], body[SDP_SIZE_MAX];
	struct writer w, sdp;
	int status = need_lease(s, r);

	if (status == -EAGAIN)
		return 0;
	if (status == 0 && r->uri.track)
		status = 404;
	if (status == 0 && !accepts_sdp(r))
		status = 406;
	if (status > 0)
		return rtsp_requests_refuse(s, r, (unsigned)status);

	writer_init(&sdp, body, sizeof(body));
	write_sdp(&sdp, &s->lease);
	if (writer_end(&sdp) < 0)
		return rtsp_requests_refuse(s, r, 503);
	begin(&w, buffer, sizeof(buffer), r);
	rtsp_reply_header(&w, "Content-Base", "%.*s%s", (int)r->target.len,
			  (const char *)r->target.data,
			  r->target.data[r->target.len - 1] == '/' ? "" : "/");
	write_proof(&w, &s->lease);
	rtsp_reply_body(&w, SDP_TYPE, body, sdp.len);
	return send_reply(s, &w);
}

/* A session is allocated only once nothing can fail any more. */
static int allocate(struct session *s, const struct rtsp_request *r,
		    const struct transport *transport)
{
	uint8_t id[RTSP_SESSION_DIGITS / 2];

	if (gnutls_rnd(GNUTLS_RND_KEY, id, sizeof(id)) < 0 ||
	    rtp_sender_init(&s->rtsp.sender, transport, s->lease.ring.description.codec) < 0)
		return -EIO;
	format_hex(id, sizeof(id), s->rtsp.id);
	s->rtsp.transport = *transport;
	memcpy(s->rtsp.track, r->target.data, r->target.len);
	s->rtsp.track[r->target.len] = 0;
	s->rtsp.state = RTSP_STATE_READY;
	return 0;
}

static void write_transport(struct writer *w, const struct transport *t, uint32_t ssrc)
{
	uint8_t text[128];
	struct writer value;

	writer_init(&value, text, sizeof(text));
	transport_write(&value, t, ssrc);
	rtsp_reply_header(w, "Transport", "%.*s", (int)value.len, (const char *)text);
}

static int setup(struct session *s, const struct rtsp_request *r)
{
	struct slice value = headers_value(&r->headers, "Transport");
	struct transport transport;
	uint8_t buffer[REPLY_SIZE];
	struct writer w;
	int status = need_lease(s, r);
	int e = value.data ? transport_parse(&transport, value) : -EINVAL;

	if (status == -EAGAIN)
		return 0;
	if (status == 0 && s->rtsp.state != RTSP_STATE_INIT)
		status = 455;
	if (status == 0 && headers_find(&r->headers, "Session"))
		status = 454;
	if (status == 0 && e < 0)
		status = e == -EPROTONOSUPPORT ? 461 : 400;
	if (status > 0)
		return rtsp_requests_refuse(s, r, (unsigned)status);

	e = allocate(s, r, &transport);
	if (e < 0)
		return e;
	begin(&w, buffer, sizeof(buffer), r);
	rtsp_reply_header(&w, "Session", "%s;timeout=%d", s->rtsp.id, RTSP_SESSION_TIMEOUT);
	write_transport(&w, &transport, s->rtsp.sender.stream.ssrc);
	rtsp_reply_end(&w);
	return send_reply(s, &w);
}

static int check_play(const struct session *s, const struct rtsp_request *r)
{
	struct slice range = headers_value(&r->headers, "Range");
	int e = range.data ? rtsp_range_check(range) : 0;

	if (!in_session(s, r))
		return 454;
	if (!is_bound_to(s, &r->uri))
		return 404;
	return e == -EPROTONOSUPPORT ? 457 : e < 0 ? 400 : 0;
}

static int play(struct session *s, const struct rtsp_request *r)
{
	struct rtp_sender *sender = &s->rtsp.sender;
	uint8_t buffer[REPLY_SIZE];
	struct writer w;
	int status = check_play(s, r);
	bool starts = s->rtsp.state == RTSP_STATE_READY;
	uint64_t captured;

	if (status > 0)
		return rtsp_requests_refuse(s, r, (unsigned)status);
	if (starts) {
		delivery_start(&s->rtsp.delivery, &s->lease.ring, &s->lease.coming,
			       s->lease.counters, s->lease.permit, s->now, &captured);
		pace_begin(&s->rtsp.pace, s->now);
		s->rtsp.report = s->now;
		s->rtsp.state = RTSP_STATE_PLAYING;
		s->delivering = true;
	}
	begin(&w, buffer, sizeof(buffer), r);
	rtsp_reply_header(&w, "Session", "%s", s->rtsp.id);
	rtsp_reply_header(&w, "Range", "npt=now-");
	if (starts)
		rtsp_reply_header(&w, "RTP-Info", "url=%s;seq=%u;rtptime=%u", s->rtsp.track,
				  sender->stream.sequence, rtp_sender_timestamp(sender, captured));
	rtsp_reply_end(&w);
	return send_reply(s, &w);
}

/* Clients keep a session alive by it. There are no parameters. */
static int parameter(struct session *s, const struct rtsp_request *r)
{
	uint8_t buffer[1024];
	struct writer w;

	if (!in_session(s, r))
		return rtsp_requests_refuse(s, r, 454);
	if (r->body.len > 0)
		return rtsp_requests_refuse(s, r, 451);
	begin(&w, buffer, sizeof(buffer), r);
	rtsp_reply_header(&w, "Session", "%s", s->rtsp.id);
	rtsp_reply_end(&w);
	return send_reply(s, &w);
}

static int teardown(struct session *s, const struct rtsp_request *r)
{
	int e;

	if (!in_session(s, r))
		return rtsp_requests_refuse(s, r, 454);
	e = rtsp_requests_refuse(s, r, 200);
	if (e > 0)
		session_end_orderly(s, SESSION_DONE_VIEWER);
	return e;
}

static int refuse_requirement(struct session *s, const struct rtsp_request *r, struct slice value)
{
	uint8_t buffer[1024 + HEADERS_SIZE_MAX];
	struct writer w;

	writer_init(&w, buffer, sizeof(buffer));
	rtsp_reply_begin(&w, 551, r->has_cseq, r->cseq);
	rtsp_reply_header(&w, "Unsupported", "%.*s", (int)value.len, (const char *)value.data);
	rtsp_reply_end(&w);
	return send_reply(s, &w);
}

int rtsp_requests_handle(struct session *s, const struct rtsp_request *r)
{
	struct slice require = headers_value(&r->headers, "Require");

	if (require.data)
		return refuse_requirement(s, r, require);
	switch (r->method) {
	case RTSP_OPTIONS:
		return options(s, r);
	case RTSP_DESCRIBE:
		return describe(s, r);
	case RTSP_SETUP:
		return setup(s, r);
	case RTSP_PLAY:
		return play(s, r);
	case RTSP_GET_PARAMETER:
	case RTSP_SET_PARAMETER:
		return parameter(s, r);
	case RTSP_TEARDOWN:
		return teardown(s, r);
	default:
		return rtsp_requests_refuse(s, r, 501);
	}
}
