// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/session-link.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/gate-link.h"
#include "broker/lease.h"
#include "broker/session-open.h"
#include "broker/tcp.h"
#include "broker/tripwire.h"

#define TIMER_ACCURACY (50 * USEC_PER_MSEC)

#define STATES_ASKING (SESSION_STATE_NEW | SESSION_STATE_ENDING)
#define STATES_ALIVE \
	(SESSION_STATE_NEW | SESSION_STATE_OPENING | SESSION_STATE_RUNNING | SESSION_STATE_ENDING)

static int on_sign(void *userdata, const void *message, int *fds)
{
	struct session *session = userdata;
	const struct session_sign *m = message;
	struct session_signature answer = {};
	int n;

	static_assert(TLS_IDENTITY_SIGNATURE_MAX <= SESSION_SIGNATURE_SIZE, "a signature fits");
	static_assert(TLS_IDENTITY_DIGEST_SIZE == SESSION_DIGEST_SIZE, "SHA-256");
	n = tls_identity_sign_digest(session->broker->identity, m->digest, answer.signature);
	if (n < 0)
		return n;
	session->broker->metrics.signatures++;
	answer.size = (uint32_t)n;
	memcpy(session->signed_.digest, m->digest, sizeof(session->signed_.digest));
	memcpy(session->signed_.signature, answer.signature, (size_t)n);
	session->signed_.size = (size_t)n;
	link_send_message(&session->link, SESSION_SIGNATURE, &answer);
	return 0;
}

static int on_keyframe(void *userdata, const void *message, int *fds)
{
	struct session *session = userdata;

	if (session->lease && session->lease->state == LEASE_RUNNING)
		camera_want_keyframe(session->lease->camera, session->lease->stream);
	return 0;
}

/* A lease that ends gives no answer any more. */
static int on_switch(void *userdata, const void *message, int *fds)
{
	struct session *session = userdata;
	const struct session_switch *m = message;

	if (!session->lease || session->lease->state != LEASE_RUNNING)
		return 0;
	return lease_switch(session->lease, m->stream);
}

/* One that waits for its ring may have been sent another's by mistake; one that nobody has said yes
 * to yet can suspend nothing. */
static int on_tripwire(void *userdata, const void *message, int *fds)
{
	struct session *session = userdata;

	if (!session->lease || session->lease->state == LEASE_ASKING)
		return -EPROTO;
	tripwire_fired(session->lease);
	/* Its session is gone with the lease. */
	return -ECONNABORTED;
}

static int on_exit_timeout(sd_event_source *source, uint64_t when, void *userdata)
{
	struct session *session = userdata;

	if (!session->lease)
		link_fail(&session->link, -ETIMEDOUT);
	return 0;
}

int session_expire(struct session *session, uint64_t delay)
{
	session->exit_timer = sd_event_source_disable_unref(session->exit_timer);
	return sd_event_add_time_relative(session->broker->event, &session->exit_timer,
					  CLOCK_MONOTONIC, delay, TIMER_ACCURACY, on_exit_timeout,
					  session);
}

static int on_done(void *userdata, const void *message, int *fds)
{
	struct session *session = userdata;
	const struct session_done *m = message;

	session->link.chan.state = SESSION_STATE_DONE;
	if (session->lease)
		lease_done(session->lease, (enum session_done_how)m->how);
	/* Nothing of a camera was sent: what is queued is an answer's end. A descriptor less is
	 * all that it takes to let the connection finish. */
	close_fd(steal_fd(&session->socket));
	/* It may have a ring still, and no lease to be ended any more. */
	return session_expire(session, SESSION_EXIT_TIMEOUT);
}

static const struct chan_rule rules[] = {
	{
		.type = SESSION_SIGN,
		.size = sizeof(struct session_sign),
		.once = true,
		.states = SESSION_STATE_NEW,
		.handler = on_sign,
	},
	{
		.type = SESSION_CERTIFICATE,
		.size = sizeof(struct session_certificate),
		.once = true,
		.states = STATES_ASKING,
		.valid = session_certificate_valid,
		.handler = session_on_certificate,
	},
	{
		.type = SESSION_OPEN,
		.size = sizeof(struct session_open),
		.states = STATES_ASKING,
		.valid = session_open_valid,
		.handler = session_on_open,
	},
	{
		.type = SESSION_LIST,
		.size = sizeof(struct session_list),
		.states = STATES_ASKING,
		.valid = session_list_valid,
		.handler = session_on_list,
	},
	{
		.type = SESSION_KEYFRAME,
		.size = sizeof(struct session_keyframe),
		.states = SESSION_STATE_RUNNING | SESSION_STATE_ENDING,
		.handler = on_keyframe,
	},
	{
		.type = SESSION_SWITCH,
		.size = sizeof(struct session_switch),
		.states = SESSION_STATE_RUNNING | SESSION_STATE_ENDING,
		.valid = session_switch_valid,
		.handler = on_switch,
	},
	{
		.type = SESSION_TRIPWIRE,
		.size = sizeof(struct session_tripwire),
		.once = true,
		.states = SESSION_STATE_OPENING | SESSION_STATE_RUNNING | SESSION_STATE_ENDING,
		.handler = on_tripwire,
	},
	{
		.type = SESSION_DONE,
		.size = sizeof(struct session_done),
		.once = true,
		.states = STATES_ALIVE,
		.valid = session_done_valid,
		.handler = on_done,
	},
};

static void on_over(void *userdata, int error)
{
	struct session *session = userdata;

	if (error < 0 && error != -ECONNABORTED)
		log_warning("session %lu (%s): its link is ended: %s",
			    (unsigned long)session->connection, session->peer_text,
			    strerror(-error));
	/* A link can be closed by a process that goes on. */
	if (error != -ECONNABORTED)
		gate_kill(session->gate, session->connection);
	session_free(session, "session died");
}

static int check_socket(int fd)
{
	struct tcp_bytes bytes;

	return tcp_count(fd, &bytes);
}

int session_new(struct gate *gate, const struct gate_connection *m, int link_fd, int socket)
{
	struct session *session = calloc(1, sizeof(*session));
	int r;

	if (!session) {
		close_fd(link_fd);
		close_fd(socket);
		return -ENOMEM;
	}
	*session = (struct session){
		.gate = gate,
		.broker = gate->broker,
		.connection = m->connection,
		.peer = m->peer,
		.socket = socket,
	};
	list_init(&session->list);
	session->broker->n_sessions++;
	session_format_peer(&m->peer, session->peer_text);
	r = link_open(&session->link, gate->broker->event, BROKER_PRIORITY_SESSION, link_fd,
		      SESSION_MSG_VERSION, rules, ARRAY_SIZE(rules), SESSION_STATE_NEW, on_over,
		      session);
	/* Without a connection that can be cut there is no serving. */
	if (r >= 0)
		r = check_socket(socket);
	if (r >= 0 && session->broker->n_sessions > BROKER_SESSIONS_MAX)
		r = -EUSERS;
	if (r < 0) {
		session_free(session, "");
		return r;
	}
	list_append(&gate->sessions, &session->list);
	return 0;
}

struct session *session_free(struct session *session, const char *reason)
{
	if (!session)
		return NULL;
	if (session->lease)
		lease_end(session->lease, reason);
	if (session->socket >= 0)
		(void)tcp_abort(session->socket);
	close_fd(session->socket);
	sd_event_source_disable_unref(session->exit_timer);
	link_close(&session->link);
	list_remove(&session->list);
	session->broker->n_sessions--;
	free(session);
	return NULL;
}

struct session *session_find(const struct gate *gate, uint64_t connection)
{
	struct session *session;

	list_for_each (session, &gate->sessions, list)
		if (session->connection == connection)
			return session;
	return NULL;
}

void session_abort(struct session *session)
{
	if (session->socket >= 0)
		(void)tcp_abort(session->socket);
	close_fd(steal_fd(&session->socket));
}

void session_deny(struct session *session, enum session_denied_reason reason)
{
	struct session_denied m = {.reason = reason};

	if (session->link.chan.state == SESSION_STATE_OPENING)
		session->link.chan.state = SESSION_STATE_NEW;
	link_send_message(&session->link, SESSION_DENIED, &m);
}

void session_tell_end(struct session *session, enum session_end_reason reason)
{
	struct session_end m = {.reason = reason};

	session->link.chan.state = SESSION_STATE_ENDING;
	link_send_message(&session->link, SESSION_END, &m);
}

enum session_denied_reason session_denial(enum policy_reason reason)
{
	return reason == POLICY_LEASES_TAKEN ? SESSION_DENIED_LIMIT : SESSION_DENIED_NOT_FOUND;
}

void session_format_address(const struct gate_peer *peer, char text[SESSION_ADDRESS_TEXT_SIZE])
{
	struct in6_addr address;

	memcpy(&address, peer->address, sizeof(address));
	if (IN6_IS_ADDR_V4MAPPED(&address))
		inet_ntop(AF_INET, &peer->address[12], text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, &address, text, INET6_ADDRSTRLEN);
}

void session_format_peer(const struct gate_peer *peer, char text[SESSION_PEER_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN];

	session_format_address(peer, host);
	snprintf(text, SESSION_PEER_TEXT_SIZE, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
		 peer->port);
}
