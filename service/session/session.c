// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/session.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "session/counters.h"
#include "wire/demux.h"

/* --- towards the viewer --- */

static void set_quick_acks(const struct session *s, int on)
{
	setsockopt(s->sock, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

/* The viewer cannot be reached any more. */
static _Noreturn void leave(struct session *s, enum session_done_how how)
{
	broker_link_done(&s->link, how);
	exit_now(SESSION_EXIT_ORDERLY);
}

static _Noreturn void fail(struct session *s)
{
	exit_now(SESSION_EXIT_FAILED);
}

/* error: of the socket. The kernel gives up, some day, whom it cannot reach. */
static _Noreturn void leave_broken(struct session *s, int error)
{
	leave(s, error == -ETIMEDOUT ? SESSION_DONE_STALLED : SESSION_DONE_VIEWER);
}

static void flush(struct session *s)
{
	ssize_t n;

	if (!outgoing_pending(&s->out))
		return;
	n = outgoing_send(&s->out, s->sock);
	if (n < 0 && n != -EAGAIN)
		leave_broken(s, (int)n);
	if (s->lease.granted)
		counters_sent(s->lease.counters, s->out.sent);
}

int session_send(struct session *s, const void *bytes, size_t n)
{
	return tls_send(&s->tls, bytes, n);
}

void session_end_orderly(struct session *s, enum session_done_how how)
{
	if (s->phase >= SESSION_PHASE_DRAINING)
		return;
	if (s->phase == SESSION_PHASE_HANDSHAKE)
		leave(s, how);
	if (s->ops)
		s->ops->farewell(s);
	tls_bye(&s->tls);
	progress_begin(&s->progress, s->now);
	s->how = how;
	s->phase = SESSION_PHASE_DRAINING;
}

static void shut_down(struct session *s)
{
	if (shutdown(s->sock, SHUT_WR) < 0)
		leave(s, s->how);
	s->closing = s->now;
	s->phase = SESSION_PHASE_CLOSING;
}

/* --- the broker's answers --- */

static int on_granted(void *userdata, const struct session_granted *m, int *fds)
{
	struct session *s = userdata;

	s->asked = false;
	s->granted = clock_monotonic();
	return lease_accept(&s->lease, m, fds);
}

static int on_denied(void *userdata, enum session_denied_reason reason)
{
	struct session *s = userdata;

	s->asked = false;
	s->denied = reason;
	return 0;
}

static int on_ring(void *userdata, const struct session_ring *m, int *fds)
{
	struct session *s = userdata;

	return lease_take_ring(&s->lease, m, fds);
}

static int on_stays(void *userdata)
{
	struct session *s = userdata;

	pace_refused(&s->rtsp.pace, s->now);
	return 0;
}

static int on_cameras(void *userdata, const struct session_cameras *m)
{
	struct session *s = userdata;

	s->asked = false;
	return s->phase == SESSION_PHASE_SERVING ? s->ops->cameras(s, m) : 0;
}

static int on_end(void *userdata, enum session_end_reason reason)
{
	struct session *s = userdata;

	session_end_orderly(s, SESSION_DONE_SERVER);
	return 0;
}

static const struct broker_link_handlers handlers = {
	.granted = on_granted,
	.denied = on_denied,
	.cameras = on_cameras,
	.end = on_end,
	.ring = on_ring,
	.stays = on_stays,
};

bool session_has_certificate(const struct session *s)
{
	return s->certificate_sent || tls_has_certificate(&s->tls);
}

/* The broker keeps what it has seen. */
static void send_certificate(struct session *s)
{
	if (s->certificate_sent)
		return;
	broker_link_certificate(&s->link, s->tls.record.bytes, s->tls.record.size);
	s->certificate_sent = true;
	handshake_record_release(&s->tls.record);
}

static void fill_credential(struct session *s, struct session_credential *c,
			    const struct authorization *who)
{
	if (!who) {
		send_certificate(s);
		c->kind = SESSION_CREDENTIAL_CERTIFICATE;
		return;
	}
	c->kind = SESSION_CREDENTIAL_TOKEN;
	memcpy(c->client, who->name, sizeof(who->name));
	memcpy(c->token, who->token, sizeof(who->token));
}

void session_open_lease(struct session *s, const struct authorization *who,
			const struct session_wish *wish)
{
	struct session_open m = {
		.right = RIGHT_LIVE,
		.stream = wish->stream,
		.may_switch = wish->may_switch,
		.protocol = wish->protocol,
		.has_nonce = wish->has_nonce,
	};

	fill_credential(s, &m.credential, who);
	memcpy(m.nonce, wish->nonce, sizeof(m.nonce));
	memcpy(m.exporter, s->exporter, sizeof(m.exporter));
	strncpy(s->lease.camera, wish->camera, sizeof(s->lease.camera) - 1);
	memcpy(m.camera, s->lease.camera, sizeof(s->lease.camera));
	s->lease.stream = wish->stream;
	s->lease.may_switch = wish->may_switch;
	s->asked = true;
	broker_link_open(&s->link, &m);
}

void session_list_cameras(struct session *s, const struct authorization *who)
{
	struct session_list m = {};

	fill_credential(s, &m.credential, who);
	s->asked = true;
	broker_link_list(&s->link, &m);
}

/* --- from the viewer --- */

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
		flush(s);
		s->how = SESSION_DONE_PROTOCOL;
		shut_down(s);
		return;
	}
	if (r < 0)
		leave_broken(s, r);
	if (tls_exporter(&s->tls, s->exporter) < 0)
		fail(s);
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

static void handle_requests(struct session *s)
{
	while (may_handle(s) && s->incoming_len > 0) {
		ssize_t n = s->ops->input(s);

		if (n < 0)
			fail(s);
		if (n == 0)
			return;
		consume(s, (size_t)n);
	}
}

static bool may_read(const struct session *s)
{
	return s->phase == SESSION_PHASE_HANDSHAKE ||
	       ((s->phase == SESSION_PHASE_GREETING || may_handle(s)) &&
		s->incoming_len < sizeof(s->incoming));
}

static void read_requests(struct session *s)
{
	while (may_read(s)) {
		ssize_t n = tls_receive(&s->tls, s->incoming + s->incoming_len,
					sizeof(s->incoming) - s->incoming_len);

		if (n == -EAGAIN)
			return;
		if (n == -ECONNRESET || n == -ETIMEDOUT)
			leave_broken(s, (int)n);
		if (n <= 0) {
			session_end_orderly(s,
					    n == 0 ? SESSION_DONE_VIEWER : SESSION_DONE_PROTOCOL);
			return;
		}
		s->incoming_len += (size_t)n;
		if (s->phase == SESSION_PHASE_GREETING)
			greet(s);
		handle_requests(s);
		if (!tls_pending(&s->tls))
			return;
	}
}

/* GnuTLS holds a part of a record back that did not fit; poll() knows nothing of it. */
static bool has_unread(const struct session *s)
{
	return s->phase != SESSION_PHASE_HANDSHAKE && may_read(s) && tls_pending(&s->tls);
}

/* Whatever still comes is not for anybody. */
static void await_close(struct session *s)
{
	uint8_t scrap[4096];
	ssize_t n = recv(s->sock, scrap, sizeof(scrap), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		leave(s, s->how);
}

static void read_socket(struct session *s, short revents)
{
	uint8_t byte;

	if (s->phase == SESSION_PHASE_HANDSHAKE)
		shake_hands(s);
	else if (s->phase == SESSION_PHASE_CLOSING)
		await_close(s);
	else if (may_read(s))
		read_requests(s);
	else if (revents & (POLLERR | POLLHUP | POLLRDHUP))
		leave_broken(s, recv(s->sock, &byte, sizeof(byte), MSG_DONTWAIT) < 0 ? -errno : 0);
}

/* --- the loop --- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How long it may go on without a lease. */
static uint64_t without_lease(const struct session *s)
{
	return s->link.pending ? s->link.pending + SESSION_PENDING_USEC : s->grace;
}

static uint64_t deadline(const struct session *s)
{
	uint64_t d = SESSION_NEVER;

	if (s->phase == SESSION_PHASE_CLOSING)
		return s->closing + SESSION_CLOSING_USEC;
	if (s->phase == SESSION_PHASE_DRAINING)
		return s->progress.look;
	if (outgoing_pending(&s->out))
		d = s->progress.look;
	if (!s->lease.granted)
		return earlier(d, without_lease(s));
	if (!s->delivering)
		return earlier(d, s->granted + SESSION_LEASE_USEC);
	d = earlier(d, s->alive + SESSION_SILENCE_USEC);
	return outgoing_pending(&s->out) ? d : earlier(d, s->ops->deadline(s, s->now));
}

/* What has gone on for too long? */
static void check_time(struct session *s)
{
	if (s->phase == SESSION_PHASE_CLOSING) {
		if (s->now >= s->closing + SESSION_CLOSING_USEC)
			leave(s, s->how);
		return;
	}
	if (progress_stalled(&s->progress, s->sock, s->now))
		leave(s, SESSION_DONE_STALLED);
	if (s->phase == SESSION_PHASE_DRAINING)
		return;
	if (!s->lease.granted) {
		if (s->now >= without_lease(s))
			session_end_orderly(s, SESSION_DONE_SILENT);
	} else if (s->delivering ? s->now >= s->alive + SESSION_SILENCE_USEC
				 : s->now >= s->granted + SESSION_LEASE_USEC) {
		session_end_orderly(s, SESSION_DONE_SILENT);
	}
}

static void deliver(struct session *s)
{
	while (s->delivering && s->phase == SESSION_PHASE_SERVING && !outgoing_pending(&s->out)) {
		int r = s->ops->deliver(s, s->now);

		if (r < 0)
			fail(s);
		if (r == 0)
			return;
		flush(s);
	}
}

enum polled {
	POLLED_SOCKET,
	POLLED_LINK,
	POLLED_WAKE,
	N_POLLED,
};

static void wait_for_events(struct session *s, struct pollfd p[N_POLLED])
{
	uint64_t until = has_unread(s) ? 0 : deadline(s);
	struct timespec wait = {};
	bool waiting = outgoing_pending(&s->out) > 0;
	/* A wake is no use while something waits: it stays on its socket meanwhile. */
	bool wake = s->delivering && !waiting && s->phase == SESSION_PHASE_SERVING;
	short events = may_read(s) || s->phase == SESSION_PHASE_CLOSING ? POLLIN : POLLRDHUP;

	p[POLLED_SOCKET] = (struct pollfd){.fd = s->sock, .events = events};
	if (waiting)
		p[POLLED_SOCKET].events |= POLLOUT;
	p[POLLED_LINK] = (struct pollfd){.fd = s->link.chan.fd, .events = POLLIN};
	p[POLLED_WAKE] = (struct pollfd){.fd = wake ? s->lease.wake : -1, .events = POLLIN};
	if (until > s->now) {
		wait.tv_sec = (time_t)((until - s->now) / USEC_PER_SEC);
		wait.tv_nsec = (long)((until - s->now) % USEC_PER_SEC * NSEC_PER_USEC);
	}
	if (ppoll(p, N_POLLED, until == SESSION_NEVER ? NULL : &wait, NULL) < 0 && errno != EINTR)
		fail(s);
	s->now = clock_monotonic();
}

static void step(struct session *s)
{
	struct pollfd p[N_POLLED];

	wait_for_events(s, p);
	if (p[POLLED_LINK].revents) {
		bool asked = s->asked;

		broker_link_receive(&s->link);
		if (asked && !s->asked)
			handle_requests(s);
	}
	if (p[POLLED_WAKE].revents)
		lease_drain_wake(&s->lease);
	if (p[POLLED_SOCKET].revents & ~POLLOUT)
		read_socket(s, p[POLLED_SOCKET].revents);
	else if (has_unread(s))
		read_requests(s);
	flush(s);
	handle_requests(s);
	deliver(s);
	if (s->phase == SESSION_PHASE_DRAINING && !outgoing_pending(&s->out))
		shut_down(s);
	check_time(s);
}

void session_run(const struct session_start *start)
{
	uint64_t now = clock_monotonic();
	struct session s = {
		.sock = start->sock,
		.service = start->service,
		.lease = LEASE_NONE,
		.now = now,
		.grace = now + start->grace,
	};

	progress_begin(&s.progress, now);
	broker_link_init(&s.link, start->link, &handlers, &s);
	start->server->sign = broker_link_sign;
	start->server->userdata = &s.link;
	if (tls_init(&s.tls, start->server, s.sock, &s.out) < 0)
		fail(&s);
	for (;;)
		step(&s);
}
