// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The gate: accepts connections within limits and starts a confined child for each. It holds no
 * secret: neither the TLS key nor policy nor a camera.
 *
 * It fails closed. When the link to the broker ends, or when it cannot give the next child a fresh
 * layout, it kills its children and exits; were it killed itself, they die with it.
 */
#pragma once

#include <signal.h>
#include <systemd/sd-event.h>

#include "session/confine.h"
#include "session/listener.h"
#include "session/options.h"
#include "session/penalties.h"
#include "session/roster.h"
#include "session/tls-server.h"

struct gate {
	struct options options;
	char **argv; /* to be executed with again */
	sd_event *event;
	sd_event_source *on_link, *grace_timer, *pause_timer;
	sd_event_source *accepting[LISTENERS_MAX];
	struct listener listeners[LISTENERS_MAX];
	int n_listeners;
	struct chan link;
	struct gate_server server; /* from the broker; n_certificates 0: not there yet */
	struct tls_server tls;
	struct confinement confinement;
	struct roster roster;
	struct penalties penalties;
	uint64_t next_connection;
	bool stale; /* a child crashed: its layout, which is ours, may be known now */
};

/* argv must live as long as the gate. Errors are logged. */
int gate_init(struct gate *g, const struct options *options, char **argv);
/* Returns when the gate is to exit: 0 after SIGTERM or SIGINT, otherwise negative. No child is left
 * then. */
int gate_run(struct gate *g);

/* Event sources whose handler ends the loop by a negative return; by default it only ends its
 * source. *ret belongs to the caller. */
int gate_watch(struct gate *g, int fd, sd_event_io_handler_t handler, sd_event_source **ret);
int gate_add_timer(struct gate *g, sd_event_time_handler_t handler, sd_event_source **ret);

/* In gate-accept.c. */

/* From now on viewers are taken in. Negative: the gate has to exit. */
int gate_accept_start(struct gate *g);

/* In gate-broker.c. */

/* The link comes from the broker, or from a former execution, and with it what was known then.
 * Errors are logged. */
int gate_broker_init(struct gate *g);
int gate_broker_watch(struct gate *g);
/* The broker's certificate is there: loads it and takes in viewers. */
int gate_broker_serve(struct gate *g);

/* In gate-children.c. */

/* Starts a child for a connection, which it takes. Negative: the gate has to exit. */
int gate_children_start(struct gate *g, int sock, const struct gate_peer *peer);
/* Watches the children that were there already. */
int gate_children_resume(struct gate *g);
void gate_children_kill(struct gate *g, struct roster_entry *e);
void gate_children_kill_all(struct gate *g);
/* Sets the timer by which pending children end. */
int gate_children_arm(struct gate *g);

/* In gate-penalty.c. */

/* Whether a connection is to be closed unserved for what others from its source did. */
bool gate_penalty_refuses(const struct gate *g, const struct gate_peer *peer);
void gate_penalty_add(struct gate *g, const struct roster_entry *e, enum penalty_kind kind);
/* Weighs how a child ended that has not crashed. */
void gate_penalty_end(struct gate *g, const struct roster_entry *e, const siginfo_t *info);
