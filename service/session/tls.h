// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * TLS of one connection. It reads from the socket itself; what it writes it appends to a buffer,
 * which the session hands to the kernel in one piece.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "session/handshake-record.h"
#include "session/outgoing.h"
#include "session/tls-server.h"

struct tls {
	gnutls_session_t session;
	int sock; /* the caller's, as is out */
	struct outgoing *out;
	struct handshake_record record;
	bool timed_out; /* the kernel gave the connection up: the peer took nothing */
};

int tls_init(struct tls *t, const struct tls_server *server, int sock, struct outgoing *out);
void tls_release(struct tls *t);

/* Goes on with the handshake. 1: it is over; -EAGAIN: it waits for the peer; -ECONNRESET,
 * -ETIMEDOUT: as below; -EPROTO: it failed, and an alert that says so is in out. */
int tls_handshake(struct tls *t);

/* Bytes read, 0 at the peer's close_notify. Errors: -EAGAIN, -ECONNRESET (gone without one),
 * -ETIMEDOUT (it acknowledged nothing for too long), -EPROTO. */
ssize_t tls_receive(struct tls *t, void *buffer, size_t size);
/* Whether tls_receive would return bytes although the socket has none. */
bool tls_pending(const struct tls *t);

/* Encrypts all n bytes into out. Errors: -EPROTO (out is full, or TLS is over). */
int tls_send(struct tls *t, const void *bytes, size_t n);
/* close_notify into out. */
void tls_bye(struct tls *t);

/* After the handshake: whether the viewer has proved to have the key of a certificate. */
bool tls_has_certificate(const struct tls *t);

/* The tls-exporter channel binding (RFC 9266); -EPROTO. */
int tls_exporter(const struct tls *t, uint8_t ret[PROTO_EXPORTER_SIZE]);
