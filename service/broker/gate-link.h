// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The gate, which accepts connections and forks a session for each (proto/gate-msg.h). Without its
 * gate no session goes on: when the link ends, all of its connections are aborted.
 */
#pragma once

#include "broker/link.h"
#include "broker/list.h"
#include "proto/gate-msg.h"

struct broker;

struct gate {
	struct list list; /* of the broker */
	struct broker *broker;
	struct link link;
	struct list sessions;
	struct gate_listening
		listening; /* n_listeners 0: it has not said yet, nobody can connect */
};

/* Takes fd, also on failure, and tells the gate the server's certificates. Until it is freed, which
 * it does itself when its link ends, it is in broker->gates. -ENOMEM, the errors of sd-event and of
 * gate_send_server(). */
int gate_new(struct broker *broker, int fd, struct gate **ret);
/* With all of its sessions; their leases end with this reason, for people. NULL: nothing to do.
 * Returns NULL. */
struct gate *gate_free(struct gate *gate, const char *reason);

/* The server's certificates, for the connections to come. -ENOMEM, -EFBIG. */
int gate_send_server(struct gate *gate);

/* The gate that viewers come to; NULL: none. */
const struct gate *gate_first(const struct broker *broker);
/* A listening socket of this service that others than this machine reach; NULL: there is none. */
const struct gate_peer *gate_reachable(const struct broker *broker, enum gate_service service);

/* connection: the number that the gate has given it (proto/gate-msg.h). */

/* A credential came over the connection. Before the session is answered (proto/gate-msg.h). */
void gate_tell_credential(struct gate *gate, uint64_t connection, bool accepted);
/* The connection has a lease. */
void gate_admitted(struct gate *gate, uint64_t connection);
/* Its session is to be killed. */
void gate_kill(struct gate *gate, uint64_t connection);
