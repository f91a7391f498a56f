// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/tls.h"

#include <errno.h>
#include <sys/socket.h>

#define EXPORTER_LABEL "EXPORTER-Channel-Binding"

static ssize_t pull(gnutls_transport_ptr_t userdata, void *buffer, size_t size)
{
	struct tls *t = userdata;
	ssize_t n = recv(t->sock, buffer, size, MSG_DONTWAIT);

	if (n < 0) {
		t->timed_out = errno == ETIMEDOUT;
		gnutls_transport_set_errno(t->session, errno);
	}
	return n;
}

static ssize_t push(gnutls_transport_ptr_t userdata, const void *bytes, size_t n)
{
	struct tls *t = userdata;
	int r = outgoing_append(t->out, bytes, n);

	if (r < 0) {
		gnutls_transport_set_errno(t->session, -r);
		return -1;
	}
	return (ssize_t)n;
}

static int record(gnutls_session_t session, unsigned int type, unsigned int when,
		  unsigned int incoming, const gnutls_datum_t *body)
{
	struct tls *t = gnutls_session_get_ptr(session);

	handshake_record_add(&t->record, type, incoming, body);
	return 0;
}

int tls_init(struct tls *t, const struct tls_server *server, int sock, struct outgoing *out)
{
	*t = (struct tls){.sock = sock, .out = out};
	if (gnutls_init(&t->session,
			GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS) < 0)
		return -ENOMEM;
	if (handshake_record_init(&t->record) < 0 ||
	    gnutls_priority_set(t->session, server->priority) < 0 ||
	    gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, server->credentials) < 0) {
		tls_release(t);
		return -ENOMEM;
	}
	/* Asked for, never required: who it is, if anybody, the broker says. */
	gnutls_certificate_server_set_request(t->session, GNUTLS_CERT_REQUEST);
	gnutls_session_set_ptr(t->session, t);
	gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE,
					   record);
	gnutls_handshake_set_timeout(t->session, GNUTLS_INDEFINITE_TIMEOUT);
	gnutls_transport_set_ptr(t->session, t);
	gnutls_transport_set_pull_function(t->session, pull);
	gnutls_transport_set_push_function(t->session, push);
	return 0;
}

void tls_release(struct tls *t)
{
	if (t->session)
		gnutls_deinit(t->session);
	handshake_record_release(&t->record);
	*t = (struct tls){};
}

static int translate(const struct tls *t, ssize_t e)
{
	switch (e) {
	case GNUTLS_E_AGAIN:
	case GNUTLS_E_INTERRUPTED:
		return -EAGAIN;
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PREMATURE_TERMINATION:
		return t->timed_out ? -ETIMEDOUT : -ECONNRESET;
	default:
		return -EPROTO;
	}
}

int tls_handshake(struct tls *t)
{
	int r;

	do
		r = gnutls_handshake(t->session);
	while (r < 0 && r != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(r));
	if (r == GNUTLS_E_SUCCESS) {
		if (!t->record.complete)
			handshake_record_release(&t->record);
		return 1;
	}
	if (translate(t, r) == -EPROTO)
		gnutls_alert_send_appropriate(t->session, r);
	return translate(t, r);
}

ssize_t tls_receive(struct tls *t, void *buffer, size_t size)
{
	ssize_t n = gnutls_record_recv(t->session, buffer, size);

	return n < 0 ? translate(t, n) : n;
}

bool tls_pending(const struct tls *t)
{
	return gnutls_record_check_pending(t->session) > 0;
}

int tls_send(struct tls *t, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		ssize_t sent = gnutls_record_send(t->session, p, n);

		if (sent <= 0)
			return -EPROTO;
		p += sent;
		n -= (size_t)sent;
	}
	return 0;
}

void tls_bye(struct tls *t)
{
	gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

bool tls_has_certificate(const struct tls *t)
{
	return t->record.complete;
}

int tls_exporter(const struct tls *t, uint8_t ret[PROTO_EXPORTER_SIZE])
{
	if (gnutls_prf_rfc5705(t->session, sizeof(EXPORTER_LABEL) - 1, EXPORTER_LABEL, 0, NULL,
			       PROTO_EXPORTER_SIZE, (char *)ret) < 0)
		return -EPROTO;
	return 0;
}
