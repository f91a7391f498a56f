// SPDX-License-Identifier: LGPL-2.1-or-later
/* The link to camwardd: what it is told there, and its end, which is the gate's. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "proto/meeting-place.h"
#include "session/carry.h"
#include "session/gate.h"

enum state {
	STATE_WAITING = 1 << 0, /* for SERVER */
	STATE_SERVING = 1 << 1,
};

static int load_server(struct gate *g)
{
	struct tls_certificate chain[GATE_CHAIN_MAX];
	int r;

	for (uint32_t i = 0; i < g->server.n_certificates; i++)
		chain[i] = (struct tls_certificate){g->server.certificates[i], g->server.sizes[i]};
	r = tls_server_init(&g->tls, chain, g->server.n_certificates);
	if (r < 0)
		log_error("the server's certificate is of no use: %s", strerror(-r));
	return r;
}

int gate_broker_serve(struct gate *g)
{
	int r = load_server(g);

	if (r < 0)
		return r;
	g->link.state = STATE_SERVING;
	return gate_accept_start(g);
}

/* One that was issued anew is for the connections to come. */
static int handle_server(void *userdata, const void *message, int *fds)
{
	struct gate *g = userdata;

	memcpy(&g->server, message, sizeof(g->server));
	if (g->link.state != STATE_SERVING)
		return gate_broker_serve(g);
	tls_server_release(&g->tls);
	return load_server(g);
}

static int handle_admitted(void *userdata, const void *message, int *fds)
{
	const struct gate_admitted *m = message;
	struct gate *g = userdata;
	struct roster_entry *e = roster_find(&g->roster, m->connection);

	if (!e)
		return 0;
	e->admitted = 1;
	return gate_children_arm(g);
}

static int handle_credential(void *userdata, const void *message, int *fds)
{
	const struct gate_credential *m = message;
	struct gate *g = userdata;
	struct roster_entry *e = roster_find(&g->roster, m->connection);

	if (!e)
		return 0;
	e->credential = 1;
	if (m->verdict == GATE_CREDENTIAL_REFUSED)
		gate_penalty_add(g, e, PENALTY_CREDENTIAL);
	return 0;
}

static int handle_kill(void *userdata, const void *message, int *fds)
{
	const struct gate_kill *m = message;
	struct gate *g = userdata;
	struct roster_entry *e = roster_find(&g->roster, m->connection);

	if (e)
		gate_children_kill(g, e);
	return 0;
}

static const struct chan_rule rules[] = {
	{
		.type = GATE_SERVER,
		.size = sizeof(struct gate_server),
		.states = STATE_WAITING | STATE_SERVING,
		.valid = gate_server_valid,
		.handler = handle_server,
	},
	{
		.type = GATE_ADMITTED,
		.size = sizeof(struct gate_admitted),
		.states = STATE_SERVING,
		.handler = handle_admitted,
	},
	{
		.type = GATE_KILL,
		.size = sizeof(struct gate_kill),
		.states = STATE_SERVING,
		.handler = handle_kill,
	},
	{
		.type = GATE_CREDENTIAL,
		.size = sizeof(struct gate_credential),
		.states = STATE_SERVING,
		.valid = gate_credential_valid,
		.handler = handle_credential,
	},
};

static int on_link(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct gate *g = userdata;
	int r = chan_receive(&g->link);

	if (r == 1 || r == -EAGAIN)
		return 0;
	if (r < 0 && r != -ECONNRESET)
		log_error("the link to camwardd has failed: %s", strerror(-r));
	else
		log_notice("camwardd has gone");
	return r < 0 ? r : -EPIPE;
}

static int reach_broker(struct gate *g, int *ret)
{
	int r = 0;

	*ret = g->options.broker_fd;
	if (*ret < 0)
		r = fdpass_connect(MEETING_PLACE_GATE, ret);
	if (r < 0)
		log_error("cannot reach camwardd at %s: %s", MEETING_PLACE_GATE, strerror(-r));
	return r;
}

/* The first that it says. */
static int tell_listeners(struct gate *g)
{
	struct gate_listening m = {.n_listeners = (uint32_t)g->n_listeners};
	int r = 0;

	for (int i = 0; r == 0 && i < g->n_listeners; i++)
		r = listener_address(&g->listeners[i], &m.listeners[i]);
	if (r == 0)
		r = chan_send_message(&g->link, GATE_LISTENING, &m);
	if (r < 0)
		log_error("cannot tell camwardd where viewers come to: %s", strerror(-r));
	return r;
}

int gate_broker_init(struct gate *g)
{
	struct carry c;
	int r = carry_resume(&c, &g->roster, &g->penalties);

	if (r < 0) {
		log_error("cannot go on where a former execution was: %s", strerror(-r));
		return r;
	}
	if (r == 0) {
		int error = reach_broker(g, &c.link);

		if (error < 0)
			return error;
	}
	chan_init(&g->link, c.link, GATE_MSG_VERSION, rules, ARRAY_SIZE(rules), STATE_WAITING, g);
	g->next_connection = r ? c.next_connection : 1;
	if (r)
		g->server = c.server;
	else
		r = tell_listeners(g);
	return r < 0 ? r : fdpass_set_backlog(g->link.fd);
}

int gate_broker_watch(struct gate *g)
{
	int r = gate_watch(g, g->link.fd, on_link, &g->on_link);

	if (r < 0)
		return r;
	/* What it says of a connection counts before the connection's end and the next accept. */
	return sd_event_source_set_priority(g->on_link, SD_EVENT_PRIORITY_IMPORTANT);
}
