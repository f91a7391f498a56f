// SPDX-License-Identifier: LGPL-2.1-or-later
/* Certificates of the device's CA for its clients: by a request (PKCS #10, RFC 2986), so that the
 * client's key never comes here. */
#pragma once

#include "broker/tls-identity.h"

#define TLS_ISSUE_SPKI_SIZE 32
#define TLS_ISSUE_MAX       2048 /* of a request, and of a certificate */

struct tls_issued {
	uint8_t der[TLS_ISSUE_MAX];
	size_t size;
	uint8_t spki[TLS_ISSUE_SPKI_SIZE]; /* SHA-256 of its SubjectPublicKeyInfo */
};

/*
 * name: the client's, its common name; all else that the request says but its key is not taken
 * over. now, expires: us, CLOCK_REALTIME; expires 0: it has no end (RFC 5280, 4.1.2.5).
 * Errors: -EINVAL (no request, not signed with its key, or a key of a kind that viewers do not
 * use: ECDSA P-256, Ed25519, RSA of 2048 bits at least), -EIO.
 */
int tls_issue(const struct tls_identity *identity, const uint8_t *request, size_t size,
	      const char *name, uint64_t now, uint64_t expires, struct tls_issued *ret);
