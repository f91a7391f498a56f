// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a session ends: by force, or in order. */
#include <errno.h>
#include <sys/socket.h>

#include "session/session.h"

_Noreturn void session_leave(struct session *s, enum session_done_how how)
{
	broker_link_done(&s->link, how);
	exit_now(SESSION_EXIT_ORDERLY);
}

_Noreturn void session_fail(struct session *s)
{
	exit_now(SESSION_EXIT_FAILED);
}

/* The kernel gives up, some day, whom it cannot reach. */
_Noreturn void session_leave_broken(struct session *s, int error)
{
	session_leave(s, error == -ETIMEDOUT ? SESSION_DONE_STALLED : SESSION_DONE_VIEWER);
}

void session_end_orderly(struct session *s, enum session_done_how how)
{
	if (s->phase >= SESSION_PHASE_DRAINING)
		return;
	if (s->phase == SESSION_PHASE_HANDSHAKE)
		session_leave(s, how);
	if (s->ops)
		s->ops->farewell(s);
	tls_bye(&s->tls);
	progress_begin(&s->progress, s->now);
	s->how = how;
	s->draining = s->now;
	s->phase = SESSION_PHASE_DRAINING;
}

void session_shut_down(struct session *s)
{
	if (shutdown(s->sock, SHUT_WR) < 0)
		session_leave(s, s->how);
	s->closing = s->now;
	s->phase = SESSION_PHASE_CLOSING;
}

void session_await_close(struct session *s)
{
	uint8_t scrap[4096];
	ssize_t n = recv(s->sock, scrap, sizeof(scrap), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		session_leave(s, s->how);
}
