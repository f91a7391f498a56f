// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bench/certificate.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <time.h>

#define LIFETIME 86400 /* seconds */

static int sign(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
	time_t now = time(NULL);

	if (gnutls_x509_crt_set_version(certificate, 3) < 0 ||
	    gnutls_x509_crt_set_serial(certificate, "\1", 1) < 0 ||
	    gnutls_x509_crt_set_dn(certificate, "CN=bare-sender", NULL) < 0 ||
	    gnutls_x509_crt_set_activation_time(certificate, now) < 0 ||
	    gnutls_x509_crt_set_expiration_time(certificate, now + LIFETIME) < 0 ||
	    gnutls_x509_crt_set_key(certificate, key) < 0)
		return -EIO;
	return gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0) < 0 ? -EIO
											      : 0;
}

int certificate_make(gnutls_certificate_credentials_t *ret)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_x509_crt_t certificate = NULL;
	gnutls_x509_privkey_t key = NULL;
	int r = -EIO;

	if (gnutls_certificate_allocate_credentials(&credentials) < 0)
		return -EIO;
	if (gnutls_x509_crt_init(&certificate) == 0 && gnutls_x509_privkey_init(&key) == 0 &&
	    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0)
		r = sign(certificate, key);
	if (r == 0 && gnutls_certificate_set_x509_key(credentials, &certificate, 1, key) < 0)
		r = -EIO;
	if (certificate)
		gnutls_x509_crt_deinit(certificate);
	if (key)
		gnutls_x509_privkey_deinit(key);
	if (r == 0)
		*ret = credentials;
	else
		gnutls_certificate_free_credentials(credentials);
	return r;
}
