// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/tls-client.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PRIORITY                                                               \
	"NONE:+VERS-TLS1.3:+AEAD:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305" \
	":+GROUP-X25519:+GROUP-SECP256R1:+SIGN-ECDSA-SECP256R1-SHA256"         \
	":+SIGN-EDDSA-ED25519:+CTYPE-X509"
#define EXPORTER_LABEL "EXPORTER-Channel-Binding"

static bool has_pinned_key(gnutls_session_t session, const uint8_t pin[TLS_PIN_SIZE])
{
	uint8_t digest[TLS_PIN_SIZE];
	size_t size = sizeof(digest);
	const gnutls_datum_t *chain;
	gnutls_pubkey_t key = NULL;
	unsigned int n = 0;
	bool ok;

	chain = gnutls_certificate_get_peers(session, &n);
	ok = chain && n > 0 && gnutls_pubkey_init(&key) == 0 &&
	     gnutls_pubkey_import_x509_raw(key, &chain[0], GNUTLS_X509_FMT_DER, 0) == 0 &&
	     gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, digest, &size) == 0 &&
	     size == sizeof(digest) && memcmp(digest, pin, sizeof(digest)) == 0;
	if (key)
		gnutls_pubkey_deinit(key);
	return ok;
}

static bool has_good_chain(gnutls_session_t session, const char *host)
{
	unsigned int status;

	return gnutls_certificate_verify_peers3(session, host, &status) == 0 && status == 0;
}

/* Non-zero ends the handshake with an alert. */
static int judge_server(gnutls_session_t session)
{
	struct tls_client *t = gnutls_session_get_ptr(session);
	const struct tls_trust *trust = t->trust;
	bool ok = trust->anyone || trust->has_pin || trust->ca.size;

	if (trust->has_pin)
		ok = ok && has_pinned_key(session, trust->pin);
	if (trust->ca.size)
		ok = ok && has_good_chain(session, t->host);
	t->distrusted = !ok;
	return ok ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

int tls_trust_load_ca(struct tls_trust *trust, const char *file)
{
	gnutls_x509_crt_t *all;
	unsigned int n;

	if (access(file, R_OK) < 0)
		return -errno;
	if (gnutls_load_file(file, &trust->ca) < 0)
		return -EISDIR;
	if (gnutls_x509_crt_list_import2(&all, &n, &trust->ca, GNUTLS_X509_FMT_PEM, 0) < 0) {
		gnutls_free(trust->ca.data);
		trust->ca = (gnutls_datum_t){};
		return -ENODATA;
	}
	while (n > 0)
		gnutls_x509_crt_deinit(all[--n]);
	gnutls_free(all);
	return 0;
}

static int init_credentials(struct tls_client *t)
{
	if (gnutls_certificate_allocate_credentials(&t->credentials) < 0)
		return -ENOMEM;
	gnutls_certificate_set_verify_function(t->credentials, judge_server);
	if (t->trust->ca.size && gnutls_certificate_set_x509_trust_mem(
					 t->credentials, &t->trust->ca, GNUTLS_X509_FMT_PEM) <= 0)
		return -EINVAL;
	return 0;
}

int tls_client_init(struct tls_client *t, const struct tls_trust *trust, const char *host,
		    bool is_name, int sock)
{
	int r;

	*t = (struct tls_client){.trust = trust, .host = host};
	if (!trust->anyone && !trust->has_pin && !trust->ca.size)
		return -EINVAL;
	r = init_credentials(t);
	if (r == 0 && gnutls_init(&t->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
						       GNUTLS_NO_TICKETS) < 0)
		r = -ENOMEM;
	if (r == 0 &&
	    (gnutls_priority_set_direct(t->session, PRIORITY, NULL) < 0 ||
	     gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, t->credentials) < 0))
		r = -ENOMEM;
	if (r == 0 && is_name &&
	    gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, host, strlen(host)) < 0)
		r = -ENOMEM;
	if (r < 0) {
		tls_client_release(t);
		return r;
	}
	gnutls_session_set_ptr(t->session, t);
	gnutls_handshake_set_timeout(t->session, GNUTLS_INDEFINITE_TIMEOUT);
	gnutls_transport_set_int(t->session, sock);
	return 0;
}

void tls_client_release(struct tls_client *t)
{
	if (t->session)
		gnutls_deinit(t->session);
	if (t->credentials)
		gnutls_certificate_free_credentials(t->credentials);
	*t = (struct tls_client){};
}

static int translate(struct tls_client *t, ssize_t e)
{
	switch (e) {
	case GNUTLS_E_AGAIN:
	case GNUTLS_E_INTERRUPTED:
		return -EAGAIN;
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
	case GNUTLS_E_PREMATURE_TERMINATION:
		return -ECONNRESET;
	default:
		t->error = (int)e;
		return t->distrusted ? -EKEYREJECTED : -EPROTO;
	}
}

int tls_client_handshake(struct tls_client *t)
{
	int r;

	do
		r = gnutls_handshake(t->session);
	while (r < 0 && r != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(r));
	if (r == GNUTLS_E_SUCCESS)
		return 1;
	r = translate(t, r);
	if (r == -EPROTO || r == -EKEYREJECTED)
		gnutls_alert_send(t->session, GNUTLS_AL_FATAL,
				  t->distrusted ? GNUTLS_A_BAD_CERTIFICATE
						: GNUTLS_A_HANDSHAKE_FAILURE);
	return r;
}

short tls_client_events(const struct tls_client *t)
{
	return gnutls_record_get_direction(t->session) ? POLLOUT : POLLIN;
}

/* What comes after the handshake beside data (key updates) is dealt with by GnuTLS. */
ssize_t tls_client_receive(struct tls_client *t, void *buffer, size_t size)
{
	ssize_t n = gnutls_record_recv(t->session, buffer, size);

	if (n >= 0)
		return n;
	return !gnutls_error_is_fatal((int)n) ? -EAGAIN : translate(t, n);
}

bool tls_client_pending(const struct tls_client *t)
{
	return gnutls_record_check_pending(t->session) > 0;
}

int tls_client_send(struct tls_client *t, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		ssize_t sent = gnutls_record_send(t->session, p, n);

		if (sent == GNUTLS_E_INTERRUPTED)
			continue;
		/* Requests are small: a server that has no room for one takes nothing. */
		if (sent == GNUTLS_E_AGAIN)
			return -EPROTO;
		if (sent <= 0)
			return translate(t, sent);
		p += sent;
		n -= (size_t)sent;
	}
	return 0;
}

void tls_client_bye(struct tls_client *t)
{
	gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

int tls_client_exporter(const struct tls_client *t, uint8_t ret[TLS_EXPORTER_SIZE])
{
	if (gnutls_prf_rfc5705(t->session, sizeof(EXPORTER_LABEL) - 1, EXPORTER_LABEL, 0, NULL,
			       TLS_EXPORTER_SIZE, (char *)ret) < 0)
		return -EPROTO;
	return 0;
}
