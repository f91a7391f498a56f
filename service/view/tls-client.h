// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * TLS towards the server, over a non-blocking socket: TLS 1.3 only, no resumption. Whom to trust is
 * asked during the handshake, before anything of the viewer's goes out.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TLS_PIN_SIZE      32
#define TLS_EXPORTER_SIZE 32

/* Everything that is given has to hold. */
struct tls_trust {
	bool has_pin;
	uint8_t pin[TLS_PIN_SIZE]; /* SHA-256 of the server's SubjectPublicKeyInfo */
	gnutls_datum_t ca;         /* PEM; the certificate has to be for the host; empty: none */
	bool anyone;               /* neither of them: no check at all */
};

/* Reads a file of certificates, which is kept for good. Errors: -ENODATA (no certificate in it),
 * -EISDIR, -errno. */
int tls_trust_load_ca(struct tls_trust *trust, const char *file);

struct tls_client {
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	const struct tls_trust *trust;
	const char *host;
	bool distrusted; /* the server is not whom it has to be */
	int error;       /* GnuTLS's, of the last -EPROTO */
};

/* sock, trust and host stay the caller's and outlive it. Errors: -ENOMEM, -EINVAL (trust in
 * nobody). */
int tls_client_init(struct tls_client *t, const struct tls_trust *trust, const char *host,
		    bool is_name, int sock);
void tls_client_release(struct tls_client *t);

/* 1: it is over; -EAGAIN: poll for tls_client_events(). Errors: -EKEYREJECTED (distrusted),
 * -ECONNRESET, -EPROTO. */
int tls_client_handshake(struct tls_client *t);
short tls_client_events(const struct tls_client *t);

/* Bytes read, 0 at close_notify. Errors: -EAGAIN, -ECONNRESET (gone without it), -EPROTO. */
ssize_t tls_client_receive(struct tls_client *t, void *buffer, size_t size);
bool tls_client_pending(const struct tls_client *t);

/* All of it. Errors: -EPROTO (the server takes nothing, or TLS is over), -ECONNRESET. */
int tls_client_send(struct tls_client *t, const void *bytes, size_t n);
void tls_client_bye(struct tls_client *t);

/* The tls-exporter channel binding (RFC 9266). Errors: -EPROTO. */
int tls_client_exporter(const struct tls_client *t, uint8_t ret[TLS_EXPORTER_SIZE]);
