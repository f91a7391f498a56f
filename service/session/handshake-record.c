// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/handshake-record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_HEAD 4

int handshake_record_init(struct handshake_record *r)
{
	*r = (struct handshake_record){.bytes = malloc(PROTO_HANDSHAKE_SIZE)};
	return r->bytes ? 0 : -ENOMEM;
}

void handshake_record_release(struct handshake_record *r)
{
	free(r->bytes);
	*r = (struct handshake_record){};
}

/* A Certificate message (RFC 8446, 4.4.2) with an empty list: the viewer has none. */
static bool is_empty(const gnutls_datum_t *body)
{
	return body->size < 4 || (!body->data[1] && !body->data[2] && !body->data[3]);
}

void handshake_record_add(struct handshake_record *r, unsigned int type, bool incoming,
			  const gnutls_datum_t *body)
{
	/* On the wire a HelloRetryRequest is a ServerHello. */
	unsigned int sent_as =
		type == GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST ? GNUTLS_HANDSHAKE_SERVER_HELLO : type;
	uint8_t *p = r->bytes + r->size;

	if (!r->bytes || r->complete)
		return;
	if (body->size > PROTO_HANDSHAKE_SIZE - MESSAGE_HEAD ||
	    r->size > PROTO_HANDSHAKE_SIZE - MESSAGE_HEAD - body->size ||
	    (incoming && type == GNUTLS_HANDSHAKE_CERTIFICATE_PKT && is_empty(body))) {
		handshake_record_release(r);
		return;
	}
	p[0] = (uint8_t)sent_as;
	p[1] = (uint8_t)(body->size >> 16);
	p[2] = (uint8_t)(body->size >> 8);
	p[3] = (uint8_t)body->size;
	if (body->size)
		memcpy(p + MESSAGE_HEAD, body->data, body->size);
	r->size += MESSAGE_HEAD + body->size;
	r->complete = incoming && type == GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY;
}
