// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/session.h"

#include <errno.h>
#include <poll.h>

#include "session/counters.h"

void session_flush(struct session *s)
{
	ssize_t n;

	if (!outgoing_pending(&s->out))
		return;
	n = outgoing_send(&s->out, s->sock);
	if (n < 0 && n != -EAGAIN)
		session_leave_broken(s, (int)n);
	if (s->lease.granted)
		counters_sent(s->lease.counters, s->out.sent);
}

int session_send(struct session *s, const void *bytes, size_t n)
{
	return tls_send(&s->tls, bytes, n);
}

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
		return earlier(s->progress.look, s->draining + SESSION_DRAINING_USEC);
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
			session_leave(s, s->how);
		return;
	}
	if (progress_stalled(&s->progress, s->sock, s->now))
		session_leave(s, SESSION_DONE_STALLED);
	if (s->phase == SESSION_PHASE_DRAINING) {
		if (s->now >= s->draining + SESSION_DRAINING_USEC)
			session_leave(s, s->how);
		return;
	}
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
			session_fail(s);
		if (r == 0)
			return;
		session_flush(s);
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
	uint64_t until = session_has_unread(s) ? 0 : deadline(s);
	struct timespec wait = {};
	bool waiting = outgoing_pending(&s->out) > 0;
	/* A wake is no use while something waits: it stays on its socket meanwhile. */
	bool wake = s->delivering && !waiting && s->phase == SESSION_PHASE_SERVING;
	short events =
		session_may_read(s) || s->phase == SESSION_PHASE_CLOSING ? POLLIN : POLLRDHUP;

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
		session_fail(s);
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
			session_handle_requests(s);
	}
	if (p[POLLED_WAKE].revents)
		lease_drain_wake(&s->lease);
	if (p[POLLED_SOCKET].revents & ~POLLOUT)
		session_read(s, p[POLLED_SOCKET].revents);
	else if (session_has_unread(s))
		session_read_requests(s);
	session_flush(s);
	session_handle_requests(s);
	deliver(s);
	if (s->phase == SESSION_PHASE_DRAINING && !outgoing_pending(&s->out))
		session_shut_down(s);
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
	broker_link_init(&s.link, start->link, &session_broker_handlers, &s);
	start->server->sign = broker_link_sign;
	start->server->userdata = &s.link;
	if (tls_init(&s.tls, start->server, s.sock, &s.out) < 0)
		session_fail(&s);
	for (;;)
		step(&s);
}
