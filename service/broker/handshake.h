// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a TLS 1.3 handshake (RFC 8446) proves about the viewer's certificate. A session sends the
 * handshake's messages, ClientHello to the client's CertificateVerify, and may lie. What it cannot
 * make up:
 *
 *	The hash of the messages up to the server's Certificate is what the broker has signed for
 *	this connection, and its signature stands in the server's CertificateVerify. The broker
 *	signs once a connection, and no signature twice: so it is this connection's handshake, not
 *	one that the session has seen or kept from another.
 *	The client's CertificateVerify signs the hash of all messages up to the client's
 *	Certificate, that signature among them: so the key's holder took part in this handshake.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "broker/certificate-der.h"

#define HANDSHAKE_SPKI_SIZE 32

/* What the broker signed. */
struct handshake_signed {
	uint8_t digest[32];
	uint8_t signature[72];
	size_t size; /* of the signature; 0: nothing yet */
};

struct handshake {
	struct certificate_der certificate;
	uint8_t spki[HANDSHAKE_SPKI_SIZE]; /* SHA-256 of the SubjectPublicKeyInfo */
	uint8_t hash[48];                  /* what the client's CertificateVerify signs */
	size_t hash_size;
	uint16_t scheme; /* SignatureScheme */
	const uint8_t *verify;
	size_t verify_size;
};

/*
 * Reads it; *ret points into it. Neither the client's signature is checked yet nor has any library
 * parsed its certificate. Errors: -EBADMSG (not such a handshake), -EACCES (not this connection's),
 * -ENOENT (the certificate is none that can be pinned, so it is nobody's: strangers send what they
 * like), -EIO.
 */
int handshake_read(const uint8_t *messages, size_t size, const struct handshake_signed *ours,
		   struct handshake *ret);

/* Whether the key's holder signed. To be asked of keys that are pinned only. Errors: -ENOTSUP (by a
 * scheme that is not accepted, or not with such a key: this proves nothing, and is no lie),
 * -EACCES, -EIO. */
int handshake_verify(const struct handshake *handshake);
