// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What all connections share of TLS: the certificate chain and the restricted priorities, built
 * once in the gate and inherited by its children. The key is not here: each handshake asks the
 * broker for its one signature.
 *
 * TLS 1.3 only, no tickets, no session cache, no early data: a resumed session would skip the
 * authorisation. A client's certificate is asked for, with the last of the chain as the issuer that
 * viewers may look for among theirs; nothing here judges it.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/session-msg.h"

/*
 * Has this digest signed: ECDSA P-256, DER. Returns the signature's length, at most
 * SESSION_SIGNATURE_SIZE, or -errno. It may block for a bounded time.
 */
typedef int (*tls_sign_t)(void *userdata, const uint8_t digest[SESSION_DIGEST_SIZE],
			  uint8_t signature[SESSION_SIGNATURE_SIZE]);

struct tls_certificate {
	const uint8_t *der;
	size_t size;
};

struct tls_server {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	/* Set by the child for its own connection, before the handshake. */
	tls_sign_t sign;
	void *userdata;
};

/*
 * chain: leaf first, copied; its key must be ECDSA P-256. s must not move afterwards: the key
 * points to it. Errors: -EINVAL (a certificate that is none, or of another kind), -ENOMEM.
 */
int tls_server_init(struct tls_server *s, const struct tls_certificate *chain, size_t n);
void tls_server_release(struct tls_server *s);
