// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A session serves one viewer: a child of the gate, confined before it reads a byte, that runs one
 * loop over the viewer's socket, the wake of its lease and the link to the broker.
 *
 *	HANDSHAKE -> GREETING -> SERVING -> DRAINING -> CLOSING
 *
 * GREETING: the first bytes after the handshake tell RTSP from HTTP, on either port. DRAINING: the
 * last words and close_notify are on their way to the kernel. CLOSING: our side is shut down; it
 * waits for the viewer's close, then says DONE to the broker and exits. The linger stays {1, 0} to
 * the very end: should the viewer not close, a reset drops what is still queued, so that after
 * DONE, when the broker can no longer abort the connection, nothing is left that could leave.
 *
 * What the protocols (rtsp-session.h, http-session.h) have in common is here; they hang on it by
 * struct session_ops.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "proto/gate-msg.h"
#include "session/broker-link.h"
#include "session/exit.h"
#include "session/http-session.h"
#include "session/lease.h"
#include "session/progress.h"
#include "session/rtsp-session.h"
#include "session/tls.h"
#include "wire/authorization.h"
#include "wire/request.h"

#define SESSION_PENDING_USEC  (60 * USEC_PER_SEC) /* longer than the broker lets an agent take */
#define SESSION_LEASE_USEC    (10 * USEC_PER_SEC) /* from the lease to PLAY */
#define SESSION_SILENCE_USEC  (65 * USEC_PER_SEC) /* RTSP_SESSION_TIMEOUT and some slack */
#define SESSION_DRAINING_USEC (10 * USEC_PER_SEC) /* for what was begun, of a session that ends */
#define SESSION_CLOSING_USEC  (800 * USEC_PER_MSEC)
#define SESSION_BACKLOG_MAX   16384 /* bytes of replies that wait before requests stand still */
#define SESSION_NEVER         UINT64_MAX
#define SESSION_INCOMING_SIZE REQUEST_SIZE_MAX

enum session_phase {
	SESSION_PHASE_HANDSHAKE,
	SESSION_PHASE_GREETING,
	SESSION_PHASE_SERVING,
	SESSION_PHASE_DRAINING,
	SESSION_PHASE_CLOSING,
};

struct session;

struct session_ops {
	/* Handles what stands at the start of s->incoming. Returns the bytes it has done with; 0:
	 * it needs more, or an answer of the broker; negative: the session ends by force. */
	ssize_t (*input)(struct session *s);
	/* The broker has answered LIST; NULL where it is never asked. */
	int (*cameras)(struct session *s, const struct session_cameras *m);
	/* Puts one access unit, or whatever is due, into s->out, which is empty. Returns 1 if it
	 * did, 0, or negative: the session ends by force. */
	int (*deliver)(struct session *s, uint64_t now);
	/* When to call deliver() though there was no wake; SESSION_NEVER. */
	uint64_t (*deadline)(const struct session *s, uint64_t now);
	/* The last words before close_notify. */
	void (*farewell)(struct session *s);
};

struct session {
	int sock;
	enum gate_service service;
	enum session_phase phase;
	const struct session_ops *ops;
	struct outgoing out;
	struct tls tls;
	struct broker_link link;
	struct lease lease;
	uint8_t exporter[PROTO_EXPORTER_SIZE];

	uint8_t incoming[SESSION_INCOMING_SIZE]; /* decrypted, not yet handled; holds secrets */
	size_t incoming_len;
	bool certificate_sent;
	bool asked;      /* requests stand still until the broker has answered */
	uint32_t denied; /* its answer, enum session_denied_reason; 0: none */

	/* CLOCK_MONOTONIC, us. */
	uint64_t now;
	uint64_t grace;             /* when a session without a lease ends */
	uint64_t granted;           /* when its lease began */
	uint64_t alive;             /* last sign of life */
	uint64_t draining, closing; /* when these phases began */
	struct progress progress;
	bool delivering;
	enum session_done_how how; /* from DRAINING on */

	struct rtsp_session rtsp;
};

/* What a session starts with. Both descriptors are its own, non-blocking. */
struct session_start {
	int sock;
	int link;
	enum gate_service service; /* of the port that the viewer came by */
	struct tls_server *server;
	uint64_t grace; /* us, from now */
};

/* Serves the viewer; the process is confined already (confine.h). */
_Noreturn void session_run(const struct session_start *start);

/* For the protocols. */

/* Encrypts into s->out. Negative: the session ends by force. */
int session_send(struct session *s, const void *bytes, size_t n);
/* Hands the kernel what it takes of s->out. */
void session_flush(struct session *s);

/* In session-ask.c. */

/* What a lease is asked for. */
struct session_wish {
	const char *camera;
	enum ring_stream stream;
	bool may_switch; /* to the other one, and back */
	enum session_protocol protocol;
	bool has_nonce; /* the viewer wants a lease statement */
	uint8_t nonce[PROTO_NONCE_SIZE];
};

/* Whether a request can do without Authorization. */
bool session_has_certificate(const struct session *s);
/* Asks the broker for a lease; s->asked until it has answered. who: NULL: by the certificate. */
void session_open_lease(struct session *s, const struct authorization *who,
			const struct session_wish *wish);
void session_list_cameras(struct session *s, const struct authorization *who);
/* What becomes of its answers; their userdata is the session. */
extern const struct broker_link_handlers session_broker_handlers;

/* In session-read.c. */

/* The socket has something. revents: poll()'s. */
void session_read(struct session *s, short revents);
/* Whether more of the viewer is wanted; it waits in the kernel otherwise. */
bool session_may_read(const struct session *s);
/* Whether to read although poll() tells of nothing: GnuTLS holds a part of a record back that did
 * not fit. */
bool session_has_unread(const struct session *s);
void session_read_requests(struct session *s);
/* Those that were read already and may be handled now. */
void session_handle_requests(struct session *s);

/* In session-end.c. */

/* The process exits: with DONE, as nothing is left to say to the viewer; the same by the socket's
 * error (-errno); by force. */
_Noreturn void session_leave(struct session *s, enum session_done_how how);
_Noreturn void session_leave_broken(struct session *s, int error);
_Noreturn void session_fail(struct session *s);
/* Begins the orderly end: DRAINING. */
void session_end_orderly(struct session *s, enum session_done_how how);
/* All is out: CLOSING. */
void session_shut_down(struct session *s);
/* In CLOSING, the socket has something: leaves if that is the viewer's close. Whatever else still
 * comes is not for anybody. */
void session_await_close(struct session *s);
