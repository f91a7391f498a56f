// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A session: the confined process that serves one connection (proto/session-msg.h). It may be
 * taken over by its viewer, so nothing that it says is believed: what it may have is decided here,
 * and its connection is ended through the dup of its socket.
 */
#pragma once

#include "broker/handshake.h"
#include "broker/link.h"
#include "broker/list.h"
#include "broker/policy-decide.h"
#include "proto/gate-msg.h"
#include "proto/session-msg.h"

#define SESSION_OPENS_MAX   4
#define SESSION_LISTS_MAX   256
#define SESSION_REFUSED_MAX 3 /* credentials */

/* After DONE, for its process to be gone; after a no, which came later than the gate waits for, for
 * a lease. */
#define SESSION_EXIT_TIMEOUT  (1 * USEC_PER_SEC)
#define SESSION_ASKED_TIMEOUT (10 * USEC_PER_SEC)

#define SESSION_ADDRESS_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */
#define SESSION_PEER_TEXT_SIZE    64

/* Of the link's channel. */
enum session_state {
	SESSION_STATE_NEW = 1 << 0,     /* no lease */
	SESSION_STATE_OPENING = 1 << 1, /* an OPEN waits for its answer */
	SESSION_STATE_RUNNING = 1 << 2,
	SESSION_STATE_ENDING = 1 << 3, /* END has been sent; messages may have crossed it */
	SESSION_STATE_DONE = 1 << 4,   /* DONE has come: nothing else may */
};

struct session {
	struct list list; /* of the gate */
	struct gate *gate;
	struct broker *broker;
	uint64_t connection; /* the gate's number for it */
	struct gate_peer peer;
	char peer_text[SESSION_PEER_TEXT_SIZE];
	struct link link;
	int socket; /* dup of the viewer's; -EBADF once given away or closed */
	struct lease *lease;
	char bound[NAME_SIZE]; /* the camera whose ring it was given; "": none yet */
	unsigned opens, lists, refused;
	struct handshake_signed signed_; /* the one signature of its handshake */
	/* What that proved (CERTIFICATE); a key that was pinned to nobody is not proven. */
	struct {
		bool proven;
		uint8_t spki[HANDSHAKE_SPKI_SIZE];
		uint64_t not_before, not_after;
	} certificate;
	bool authenticated;          /* a credential was accepted; each request brings its own */
	sd_event_source *exit_timer; /* by session_expire(); NULL before */
};

/* Takes both descriptors, also on failure. */
int session_new(struct gate *gate, const struct gate_connection *m, int link_fd, int socket);
/* Aborts the connection unless it ended in order; ends the lease, if any, with this reason. */
struct session *session_free(struct session *session, const char *reason);

struct session *session_find(const struct gate *gate, uint64_t connection);

/* Aborts the connection now, and nothing else. */
void session_abort(struct session *session);

/* Unless it has a lease by then, it ends. */
int session_expire(struct session *session, uint64_t delay);

void session_deny(struct session *session, enum session_denied_reason reason);
/* What a session is told of a refusal: only whose grant has no room learns that it has one. */
enum session_denied_reason session_denial(enum policy_reason reason);
void session_tell_end(struct session *session, enum session_end_reason reason);

/* "127.0.0.1:53211", "[::1]:5". */
void session_format_address(const struct gate_peer *peer, char text[SESSION_ADDRESS_TEXT_SIZE]);
void session_format_peer(const struct gate_peer *peer, char text[SESSION_PEER_TEXT_SIZE]);
