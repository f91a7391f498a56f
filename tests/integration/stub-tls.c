// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#include "stub.h"

static gnutls_privkey_t key;

void stub_tls_init(struct gate_server *m)
{
	gnutls_x509_privkey_t x509_key;
	gnutls_x509_crt_t certificate;
	time_t now = time(NULL);
	size_t size = sizeof(m->certificates[0]);
	uint8_t serial = 1;

	gnutls_x509_privkey_init(&x509_key);
	gnutls_x509_privkey_generate(x509_key, GNUTLS_PK_ECDSA,
				     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_x509_crt_init(&certificate);
	gnutls_x509_crt_set_version(certificate, 3);
	gnutls_x509_crt_set_serial(certificate, &serial, 1);
	gnutls_x509_crt_set_activation_time(certificate, now - 3600);
	gnutls_x509_crt_set_expiration_time(certificate, now + 86400);
	gnutls_x509_crt_set_dn(certificate, "CN=localhost", NULL);
	gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, "localhost", 9,
					     GNUTLS_FSAN_SET);
	gnutls_x509_crt_set_key(certificate, x509_key);
	if (gnutls_x509_crt_sign2(certificate, certificate, x509_key, GNUTLS_DIG_SHA256, 0) < 0 ||
	    gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_DER, m->certificates[0], &size) < 0)
		stub_die("certificate");
	m->n_certificates = 1;
	m->sizes[0] = (uint32_t)size;
	gnutls_privkey_init(&key);
	gnutls_privkey_import_x509(key, x509_key, 0);
	gnutls_x509_crt_deinit(certificate);
}

void stub_tls_sign(const struct session_sign *m, struct session_signature *ret)
{
	gnutls_datum_t digest = {(void *)(uintptr_t)m->digest, sizeof(m->digest)}, signature;

	if (gnutls_privkey_sign_hash2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &digest, &signature) < 0)
		stub_die("sign");
	ret->size = signature.size;
	memcpy(ret->signature, signature.data, signature.size);
	gnutls_free(signature.data);
}
