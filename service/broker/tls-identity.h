// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who the server is to its viewers: an ECDSA P-256 key that is used for TLS only, and a
 * certificate for all of the machine's names and addresses, issued by the device's own CA, which
 * is made at the first start. The keys are in DIR (0600) and in this process, nowhere else.
 *
 *	device-ca.key  device-ca.pem  server.key  server.pem
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define TLS_IDENTITY_DIGEST_SIZE    32
#define TLS_IDENTITY_SIGNATURE_MAX  72 /* DER of two 256-bit integers */
#define TLS_IDENTITY_CHAIN          2  /* server, CA */
#define TLS_IDENTITY_SPKI_TEXT_SIZE 45 /* base 64 of SHA-256 and the NUL */

/* For whoever erases them; a list's elements. */
#define TLS_IDENTITY_FILES "device-ca.key", "device-ca.pem", "server.key", "server.pem"

struct tls_identity;

struct tls_certificate {
	const uint8_t *der; /* the identity's */
	size_t size;
};

/*
 * Loads the identity from dir (made if it lacks), making what is not there yet. The server's
 * certificate is issued anew with the same key when fewer than 30 days are left, when it is not
 * valid yet, or when the machine's names or addresses have changed. now: us, CLOCK_REALTIME; an
 * unset clock counts as the build's time.
 * Errors: -EUCLEAN (a key or the CA's certificate does not parse or match: it is not replaced
 * silently), -EPERM (others may write to dir or read a key), -EIO and others.
 */
int tls_identity_load_or_make(const char *dir, uint64_t now, struct tls_identity **ret);

/*
 * Looks again: 1 if the server's certificate had to be issued anew, as above. It is in memory only;
 * tls_identity_server() is what belongs into its file. Errors: those of addresses.h, -EIO, -ENOMEM.
 */
int tls_identity_refresh(struct tls_identity *identity, uint64_t now);

/* The server's certificate alone, PEM. */
const char *tls_identity_server(const struct tls_identity *identity);
#define TLS_IDENTITY_SERVER_FILE "server.pem"

/* Erases the keys. */
void tls_identity_free(struct tls_identity *identity);
DEFINE_CLEANUP(struct tls_identity *, tls_identity_free)

/* Whether the server's certificate was issued by that call. */
bool tls_identity_is_renewed(const struct tls_identity *identity);

/* ECDSA over a SHA-256 digest, DER. Returns its size or -EIO. */
int tls_identity_sign_digest(const struct tls_identity *identity,
			     const uint8_t digest[TLS_IDENTITY_DIGEST_SIZE],
			     uint8_t signature[TLS_IDENTITY_SIGNATURE_MAX]);

/* Signs a certificate for a client with the CA's key (a gnutls_x509_crt_t). -EIO. */
struct gnutls_x509_crt_int;
int tls_identity_issue(const struct tls_identity *identity,
		       struct gnutls_x509_crt_int *certificate);

/* [0] the server's certificate, [1] the CA's. */
const struct tls_certificate *tls_identity_chain(const struct tls_identity *identity);
/* The same as PEM, one after the other. */
const char *tls_identity_chain_pem(const struct tls_identity *identity);
/* base64(SHA-256(SubjectPublicKeyInfo)) of the server's key: what viewers pin. */
const char *tls_identity_spki_sha256(const struct tls_identity *identity);
