// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The messages of a TLS 1.3 handshake as they were sent and received, from ClientHello to the
 * client's CertificateVerify: what the broker needs to see for itself that the viewer has the key
 * of its certificate (SESSION_CERTIFICATE). Most viewers have none; then nothing is kept.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/session-msg.h"

struct handshake_record {
	uint8_t *bytes; /* PROTO_HANDSHAKE_SIZE; NULL: nothing is recorded (any more) */
	size_t size;
	bool complete; /* the client has a certificate, and proved it */
};

int handshake_record_init(struct handshake_record *r); /* -ENOMEM */
void handshake_record_release(struct handshake_record *r);

/* Of a gnutls_handshake_hook_func that is called before each message is handled or sent. */
void handshake_record_add(struct handshake_record *r, unsigned int type, bool incoming,
			  const gnutls_datum_t *body);
