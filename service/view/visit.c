// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/visit.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/base64.h"
#include "wire/rtcp.h"

static enum visit_end end(struct visit *v, enum visit_end how, const char *why)
{
	snprintf(v->why, sizeof(v->why), "%s", why);
	return how;
}

static struct verifier_time arrival(void)
{
	return (struct verifier_time){.boottime = clock_now(CLOCK_BOOTTIME),
				      .realtime = clock_realtime()};
}

static int init_client(struct visit *v)
{
	struct {
		uint8_t nonce[RTSP_CLIENT_NONCE_SIZE];
		uint8_t cname[(sizeof(v->cname) - 1) / 2];
		uint32_t ssrc;
	} random;
	char url[URL_TEXT_SIZE];

	if (gnutls_rnd(GNUTLS_RND_NONCE, &random, sizeof(random)) < 0)
		return -EIO;
	url_format(v->config->url, url);
	rtsp_client_init(&v->rtsp, url, v->config->url->client, v->config->token, random.nonce);
	format_hex(random.cname, sizeof(random.cname), v->cname);
	v->ssrc = random.ssrc;
	return 0;
}

enum visit_end visit_begin(struct visit *v, const struct visit_config *config, visit_unit_t unit,
			   void *userdata, uint64_t now)
{
	int r;

	*v = (struct visit){.config = config,
			    .unit = unit,
			    .userdata = userdata,
			    .connection.sock = -EBADF,
			    .deadline = now + VISIT_CONNECT_USEC};
	r = init_client(v);
	if (r == 0)
		r = stream_init(&v->stream, config->verifier);
	v->has_stream = r == 0;
	if (r < 0)
		return end(v, VISIT_FAILED, strerror(-r));
	if (connection_begin(&v->connection, config->dialer, config->url, config->trust) < 0)
		return end(v, VISIT_FAILED, v->connection.why);
	return VISIT_GOES_ON;
}

static int send_written(struct visit *v, const struct writer *w)
{
	ssize_t n = writer_end(w);

	return n < 0 ? (int)n : tls_client_send(&v->connection.tls, w->data, (size_t)n);
}

static enum visit_end send_request(struct visit *v)
{
	uint8_t request[RTSP_CLIENT_REQUEST_MAX];
	struct writer w;
	int r;

	writer_init(&w, request, sizeof(request));
	rtsp_client_request(&v->rtsp, &w);
	r = send_written(v, &w);
	erase(request, sizeof(request)); /* it has the token */
	return r < 0 ? end(v, VISIT_LOST, "the connection broke") : VISIT_GOES_ON;
}

void visit_finish(struct visit *v)
{
	uint8_t request[RTSP_CLIENT_REQUEST_MAX];
	struct writer w;

	if (v->secure && v->rtsp.state == RTSP_CLIENT_PLAYING) {
		writer_init(&w, request, sizeof(request));
		rtsp_client_teardown(&v->rtsp, &w);
		if (send_written(v, &w) == 0)
			tls_client_bye(&v->connection.tls);
		erase(request, sizeof(request));
	}
	connection_end(&v->connection);
	if (v->has_stream)
		stream_release(&v->stream);
	v->has_stream = v->secure = false;
}

int visit_fd(const struct visit *v)
{
	return connection_fd(&v->connection);
}

short visit_events(const struct visit *v)
{
	return v->secure ? POLLIN : connection_events(&v->connection);
}

uint64_t visit_deadline(const struct visit *v)
{
	if (v->rtsp.state == RTSP_CLIENT_PLAYING && v->report < v->deadline)
		return v->report;
	return v->deadline;
}

/* --- the answer that gives the lease --- */

static enum visit_end refuse_statement(struct visit *v, enum verdict verdict, const char *why)
{
	v->verdict = verdict;
	return end(v, VISIT_STATEMENT, why);
}

static enum visit_end check_statement(struct visit *v, const struct rtsp_taken *taken)
{
	uint8_t certificate[SEAL_CERTIFICATE_SIZE_MAX], statement[SEAL_STATEMENT_SIZE];
	uint8_t exporter[TLS_EXPORTER_SIZE];
	uint64_t answered = clock_now(CLOCK_BOOTTIME);
	ssize_t n_certificate, n_statement;
	enum verdict verdict;

	if (!taken->statement.data || !taken->certificate.data)
		return refuse_statement(v, VERDICT_STATEMENT,
					"the server gives no lease statement");
	n_certificate = base64_decode(taken->certificate, certificate, sizeof(certificate));
	n_statement = base64_decode(taken->statement, statement, sizeof(statement));
	if (n_certificate < 0 || n_statement < 0)
		return refuse_statement(v, VERDICT_STATEMENT, "the lease statement is malformed");
	if (tls_client_exporter(&v->connection.tls, exporter) < 0)
		return end(v, VISIT_FAILED, "TLS gives no exporter");
	verdict =
		verifier_statement(v->stream.verifier, slice_of(certificate, (size_t)n_certificate),
				   slice_of(statement, (size_t)n_statement), v->rtsp.nonce,
				   exporter, v->asked, answered);
	if (verdict != VERDICT_VALID)
		return refuse_statement(v, verdict, verdict_text(verdict));
	if ((v->stream.verifier->statement.stream != 0) != v->config->url->sub)
		return refuse_statement(v, VERDICT_STREAM, verdict_text(VERDICT_STREAM));
	return VISIT_GOES_ON;
}

static enum visit_end take_description(struct visit *v, const struct rtsp_taken *taken)
{
	v->stream.payload_type = taken->track.payload_type;
	for (size_t i = 0; i < taken->track.n_sets; i++)
		if (stream_parameter_set(&v->stream, taken->track.sets[i]) < 0)
			return end(v, VISIT_LOST, "the server gives parameter sets that are none");
	if (v->stream.verifier && v->stream.verifier->config.freshness == VERIFIER_LIVE)
		return check_statement(v, taken);
	return VISIT_GOES_ON;
}

/* --- what comes --- */

static enum visit_end take_media(struct visit *v, struct slice packet, uint64_t now)
{
	struct verifier_time arrived = arrival();
	struct stream_unit unit;
	int r = stream_push(&v->stream, packet, arrived, &unit);

	if (r == 0)
		return VISIT_GOES_ON;
	if (r < 0)
		unit = (struct stream_unit){.verdict = VERDICT_MALFORMED};
	if (unit.verdict == VERDICT_VALID)
		v->deadline = now + v->config->silence;
	return v->unit(v->userdata, &unit, arrived, now) ? VISIT_GOES_ON : VISIT_STOPPED;
}

static enum visit_end take_report(struct visit *v, struct slice packet)
{
	struct rtcp_summary summary;

	if (rtcp_parse(&summary, packet) < 0)
		return end(v, VISIT_LOST, "the server sent a report that is none");
	return summary.bye ? end(v, VISIT_LOST, "the server said goodbye") : VISIT_GOES_ON;
}

static enum visit_end deny(struct visit *v, unsigned status)
{
	const char *what = "the server cannot give a picture now";

	v->status = status;
	if (status == 401 && !v->config->url->client[0])
		what = "the server asks who you are: rtsps://CLIENT@HOST/CAMERA";
	else if (status == 401)
		what = "the client's name or its token is wrong, or the token has expired";
	else if (status == 453)
		what = "as many watch already as may at once";
	else if (status == 404 || status == 403)
		what = "there is no such camera, or this client may not see it now";
	snprintf(v->why, sizeof(v->why), "%s (%u)", what, status);
	return VISIT_DENIED;
}

static enum visit_end take_event(struct visit *v, enum rtsp_event event,
				 const struct rtsp_taken *taken, uint64_t now)
{
	enum visit_end how = VISIT_GOES_ON;

	switch (event) {
	case RTSP_DESCRIBED:
		how = take_description(v, taken);
		v->deadline = now + VISIT_ANSWER_USEC;
		return how ? how : send_request(v);
	case RTSP_SET_UP:
		v->deadline = now + VISIT_ANSWER_USEC;
		return send_request(v);
	case RTSP_STARTED:
		v->deadline = now + v->config->silence;
		v->report = now;
		v->keepalive = now + VISIT_KEEPALIVE_USEC;
		return how;
	case RTSP_MEDIA:
		return take_media(v, taken->packet, now);
	case RTSP_REPORT:
		return take_report(v, taken->packet);
	case RTSP_DENIED:
		return deny(v, taken->status);
	case RTSP_BROKEN:
		snprintf(v->why, sizeof(v->why), "the server broke the protocol: %s",
			 taken->broken);
		return VISIT_LOST;
	default:
		return how;
	}
}

static enum visit_end take_all(struct visit *v, uint64_t now)
{
	enum visit_end how = VISIT_GOES_ON;
	size_t at = 0;

	while (how == VISIT_GOES_ON && at < v->len) {
		struct rtsp_taken taken;
		enum rtsp_event event =
			rtsp_client_take(&v->rtsp, v->buffer + at, v->len - at, &taken);

		if (event == RTSP_MORE)
			break;
		how = take_event(v, event, &taken, now);
		at += taken.size;
	}
	memmove(v->buffer, v->buffer + at, v->len - at);
	v->len -= at;
	return how;
}

static enum visit_end read_server(struct visit *v, uint64_t now)
{
	enum visit_end how = VISIT_GOES_ON;

	do {
		ssize_t n = tls_client_receive(&v->connection.tls, v->buffer + v->len,
					       sizeof(v->buffer) - v->len);

		if (n == -EAGAIN)
			return how;
		if (n == 0)
			return end(v, VISIT_LOST, "the server ended the connection");
		if (n < 0)
			return end(v, VISIT_LOST,
				   n == -ECONNRESET ? "the connection was cut" : "TLS broke");
		v->len += (size_t)n;
		how = take_all(v, now);
	} while (how == VISIT_GOES_ON && tls_client_pending(&v->connection.tls));
	return how;
}

/* --- going on --- */

static enum visit_end secure(struct visit *v, uint64_t now)
{
	int r = connection_advance(&v->connection);

	if (r == 0)
		return VISIT_GOES_ON;
	if (r == -EKEYREJECTED)
		return end(v, VISIT_DISTRUSTED, v->connection.why);
	if (r < 0)
		return end(v, r == -EHOSTUNREACH || r == -EPROTO ? VISIT_UNREACHABLE : VISIT_FAILED,
			   v->connection.why);
	v->secure = true;
	v->deadline = now + VISIT_ANSWER_USEC;
	v->asked = clock_now(CLOCK_BOOTTIME);
	return send_request(v);
}

static enum visit_end send_signs_of_life(struct visit *v, uint64_t now)
{
	struct rtp_stream stream = {.ssrc = v->ssrc};
	uint8_t bytes[RTCP_SIZE_MAX];
	struct writer w;

	v->report = now + VISIT_REPORT_USEC;
	writer_init(&w, bytes, sizeof(bytes));
	rtcp_write_sign_of_life(&w, &stream, v->cname);
	if (send_written(v, &w) < 0)
		return end(v, VISIT_LOST, "the connection broke");
	if (now < v->keepalive || v->rtsp.awaiting)
		return VISIT_GOES_ON;
	v->keepalive = now + VISIT_KEEPALIVE_USEC;
	return send_request(v);
}

static enum visit_end expire(struct visit *v)
{
	if (!v->secure)
		return end(v, VISIT_UNREACHABLE, "the server does not answer");
	if (v->rtsp.state != RTSP_CLIENT_PLAYING)
		return end(v, VISIT_SILENT, "the server does not answer");
	return end(v, VISIT_SILENT, "no valid picture for too long");
}

enum visit_end visit_advance(struct visit *v, bool ready, uint64_t now)
{
	enum visit_end how = VISIT_GOES_ON;

	if (ready && !v->secure)
		how = secure(v, now);
	else if (ready)
		how = read_server(v, now);
	if (how != VISIT_GOES_ON)
		return how;
	if (now >= v->deadline)
		return expire(v);
	if (v->rtsp.state == RTSP_CLIENT_PLAYING && now >= v->report)
		return send_signs_of_life(v, now);
	return how;
}

bool visit_age(const struct visit *v, const struct seal *seal, struct verifier_time arrived,
	       uint64_t *ret)
{
	const struct verifier *verifier = v->stream.verifier;
	int64_t age;

	if (!verifier || verifier->config.freshness == VERIFIER_NO_CLOCK)
		return false;
	if (verifier->has_statement)
		age = (int64_t)(arrived.boottime - verifier->answered) -
		      (int64_t)(seal->boottime - verifier->statement.boottime);
	else
		age = (int64_t)(arrived.realtime - seal->realtime);
	*ret = age > 0 ? (uint64_t)age : 0;
	return true;
}
