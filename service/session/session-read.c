// SPDX-License-Identifier: LGPL-2.1-or-later
/* What comes from the viewer: its handshake, then its requests. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "session/session.h"
#include "wire/demux.h"

static void set_quick_acks(const struct session *s, int on)
{
	setsockopt(s->sock, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static void consume(struct session *s, size_t n)
{
	size_t before = s->incoming_len;

	s->incoming_len -= n;
	memmove(s->incoming, s->incoming + n, s->incoming_len);
	erase(s->incoming + s->incoming_len, before - s->incoming_len);
}

static void shake_hands(struct session *s)
{
	int r = tls_handshake(&s->tls);

	if (r == -EAGAIN) {
		set_quick_acks(s, 1);
		return;
	}
	if (r == -EPROTO) {
		/* The alert is to arrive: no reset yet. */
		session_flush(s);
		s->how = SESSION_DONE_PROTOCOL;
		session_shut_down(s);
		return;
	}
	if (r < 0)
		session_leave_broken(s, r);
	if (tls_exporter(&s->tls, s->exporter) < 0)
		session_fail(s);
	set_quick_acks(s, 0);
	s->phase = SESSION_PHASE_GREETING;
	s->alive = s->now;
}

static void greet(struct session *s)
{
	struct demux_frame frame;

	switch (demux_peek(s->incoming, s->incoming_len, DEMUX_FRAME_MAX_INBOUND, &frame)) {
	case DEMUX_MORE:
		return;
	case DEMUX_RTSP:
		s->ops = &rtsp_session_ops;
		break;
	case DEMUX_HTTP:
		s->ops = &http_session_ops;
		break;
	default:
		/* It gets its refusal in the language of the port. */
		s->ops = s->service == GATE_SERVICE_HTTPS ? &http_session_ops : &rtsp_session_ops;
		break;
	}
	s->phase = SESSION_PHASE_SERVING;
}

/* Requests wait while one is with the broker, and while the viewer does not take the answers. */
static bool may_handle(const struct session *s)
{
	return s->phase == SESSION_PHASE_SERVING && !s->asked &&
	       outgoing_pending(&s->out) < SESSION_BACKLOG_MAX;
}

void session_handle_requests(struct session *s)
{
	while (may_handle(s) && s->incoming_len > 0) {
		ssize_t n = s->ops->input(s);

		if (n < 0)
			session_fail(s);
		if (n == 0)
			return;
		consume(s, (size_t)n);
	}
}

bool session_may_read(const struct session *s)
{
	return s->phase == SESSION_PHASE_HANDSHAKE ||
	       ((s->phase == SESSION_PHASE_GREETING || may_handle(s)) &&
		s->incoming_len < sizeof(s->incoming));
}

void session_read_requests(struct session *s)
{
	while (session_may_read(s)) {
		ssize_t n = tls_receive(&s->tls, s->incoming + s->incoming_len,
					sizeof(s->incoming) - s->incoming_len);

		if (n == -EAGAIN)
			return;
		if (n == -ECONNRESET || n == -ETIMEDOUT)
			session_leave_broken(s, (int)n);
		if (n <= 0) {
			session_end_orderly(s,
					    n == 0 ? SESSION_DONE_VIEWER : SESSION_DONE_PROTOCOL);
			return;
		}
		s->incoming_len += (size_t)n;
		if (s->phase == SESSION_PHASE_GREETING)
			greet(s);
		session_handle_requests(s);
		if (!tls_pending(&s->tls))
			return;
	}
}

bool session_has_unread(const struct session *s)
{
	return s->phase != SESSION_PHASE_HANDSHAKE && session_may_read(s) && tls_pending(&s->tls);
}

void session_read(struct session *s, short revents)
{
	uint8_t byte;

	if (s->phase == SESSION_PHASE_HANDSHAKE)
		shake_hands(s);
	else if (s->phase == SESSION_PHASE_CLOSING)
		session_await_close(s);
	else if (session_may_read(s))
		session_read_requests(s);
	else if (revents & (POLLERR | POLLHUP | POLLRDHUP))
		session_leave_broken(
			s, recv(s->sock, &byte, sizeof(byte), MSG_DONTWAIT) < 0 ? -errno : 0);
}
