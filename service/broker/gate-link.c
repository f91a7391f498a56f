// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/gate-link.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/session-link.h"

enum gate_link_state {
	STATE_ARRIVING = 1 << 0, /* until LISTENING */
	STATE_SERVING = 1 << 1,
};

static int on_listening(void *userdata, const void *message, int *fds)
{
	struct gate *gate = userdata;

	memcpy(&gate->listening, message, sizeof(gate->listening));
	gate->link.chan.state = STATE_SERVING;
	event_log(LOG_INFO, EVENT_READY, NULL, "the gate is there: viewers can connect");
	observe(gate->broker, ready_changed);
	return 0;
}

static int on_connection(void *userdata, const void *message, int *fds)
{
	struct gate *gate = userdata;
	const struct gate_connection *m = message;
	int link = steal_fd(&fds[0]), socket = steal_fd(&fds[1]), r;

	if (session_find(gate, m->connection)) {
		close_fd(link);
		close_fd(socket);
		return -EPROTO;
	}
	/* One that cannot be taken in is refused by the end of its link. */
	r = session_new(gate, m, link, socket);
	if (r < 0)
		log_warning("a connection cannot be taken in: %s", strerror(-r));
	return 0;
}

static int on_exited(void *userdata, const void *message, int *fds)
{
	struct gate *gate = userdata;
	const struct gate_exited *m = message;
	struct session *session = session_find(gate, m->connection);

	/* KILL is how a session is ended that has no business any more; the others are its own. */
	if (m->how == GATE_EXIT_SIGNAL && m->value != SIGKILL)
		log_warning("session %lu died by signal %u", (unsigned long)m->connection,
			    m->value);
	/* Its last words may still be unread. */
	if (session)
		link_drain(&session->link);
	return 0;
}

static const struct chan_rule rules[] = {
	{
		.type = GATE_LISTENING,
		.size = sizeof(struct gate_listening),
		.once = true,
		.states = STATE_ARRIVING,
		.valid = gate_listening_valid,
		.handler = on_listening,
	},
	{
		.type = GATE_CONNECTION,
		.size = sizeof(struct gate_connection),
		.n_fds = GATE_CONNECTION_FDS,
		.states = STATE_SERVING,
		.valid = gate_connection_valid,
		.handler = on_connection,
	},
	{
		.type = GATE_EXITED,
		.size = sizeof(struct gate_exited),
		.states = STATE_SERVING,
		.valid = gate_exited_valid,
		.handler = on_exited,
	},
};

static void on_over(void *userdata, int error)
{
	struct gate *gate = userdata;

	if (error < 0)
		event_log(LOG_WARNING, EVENT_GATE_LOST, NULL, "the gate's link is ended: %s",
			  strerror(-error));
	else
		event_log(LOG_NOTICE, EVENT_GATE_LOST, NULL, "the gate has gone");
	gate_free(gate, "gate ended");
}

int gate_send_server(struct gate *gate)
{
	const struct tls_certificate *chain = tls_identity_chain(gate->broker->identity);
	struct gate_server *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->n_certificates = TLS_IDENTITY_CHAIN;
	for (size_t i = 0; i < TLS_IDENTITY_CHAIN; i++) {
		if (chain[i].size > PROTO_CERTIFICATE_SIZE) {
			free(m);
			return -EFBIG;
		}
		m->sizes[i] = (uint32_t)chain[i].size;
		memcpy(m->certificates[i], chain[i].der, chain[i].size);
	}
	link_send(&gate->link, GATE_SERVER, m, sizeof(*m), NULL, 0);
	free(m);
	return 0;
}

int gate_new(struct broker *broker, int fd, struct gate **ret)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	int r;

	if (!gate) {
		close_fd(fd);
		return -ENOMEM;
	}
	gate->broker = broker;
	list_init(&gate->sessions);
	list_init(&gate->list);
	r = link_open(&gate->link, broker->event, BROKER_PRIORITY_GATE, fd, GATE_MSG_VERSION, rules,
		      ARRAY_SIZE(rules), STATE_ARRIVING, on_over, gate);
	if (r >= 0)
		r = fdpass_set_backlog(fd);
	if (r >= 0)
		r = gate_send_server(gate);
	if (r < 0) {
		gate_free(gate, "");
		return r;
	}
	list_append(&broker->gates, &gate->list);
	*ret = gate;
	return 0;
}

struct gate *gate_free(struct gate *gate, const char *reason)
{
	struct session *session, *tmp;

	if (!gate)
		return NULL;
	list_for_each_safe (session, tmp, &gate->sessions, list)
		session_free(session, reason);
	link_close(&gate->link);
	list_remove(&gate->list);
	observe(gate->broker, ready_changed);
	free(gate);
	return NULL;
}

const struct gate *gate_first(const struct broker *broker)
{
	const struct gate *gate;

	list_for_each (gate, &broker->gates, list)
		if (gate->listening.n_listeners)
			return gate;
	return NULL;
}

const struct gate_peer *gate_reachable(const struct broker *broker, enum gate_service service)
{
	const struct gate *gate = gate_first(broker);

	for (uint32_t i = 0; gate && i < gate->listening.n_listeners; i++) {
		const struct gate_peer *l = &gate->listening.listeners[i];

		if (l->service == service && !gate_is_loopback(l))
			return l;
	}
	return NULL;
}

void gate_tell_credential(struct gate *gate, uint64_t connection, bool accepted)
{
	struct gate_credential m = {
		.connection = connection,
		.verdict = accepted ? GATE_CREDENTIAL_ACCEPTED : GATE_CREDENTIAL_REFUSED,
	};

	link_send_message(&gate->link, GATE_CREDENTIAL, &m);
}

void gate_admitted(struct gate *gate, uint64_t connection)
{
	struct gate_admitted m = {.connection = connection};

	link_send_message(&gate->link, GATE_ADMITTED, &m);
}

void gate_kill(struct gate *gate, uint64_t connection)
{
	struct gate_kill m = {.connection = connection};

	link_send_message(&gate->link, GATE_KILL, &m);
}
