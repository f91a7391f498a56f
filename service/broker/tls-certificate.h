// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keys and certificates of the device: making them, and whether they are still good. X.509 as RFC
 * 5280 has it, signed by ECDSA with SHA-256.
 *
 * What is made is the caller's. Errors: -ENOMEM, -EIO (GnuTLS could not do it). Times: seconds,
 * CLOCK_REALTIME, the build's time at least (build-time.h).
 */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "broker/tls-names.h"

DEFINE_CLEANUP(gnutls_x509_privkey_t, gnutls_x509_privkey_deinit)
DEFINE_CLEANUP(gnutls_x509_crt_t, gnutls_x509_crt_deinit)

/* Of 825 days, the most that any browser takes. */
#define TLS_CERTIFICATE_DAYS       800
#define TLS_CERTIFICATE_RENEW_DAYS 30
#define TLS_CERTIFICATE_CA_YEARS   30

/* ECDSA P-256. */
int tls_certificate_make_key(gnutls_x509_privkey_t *ret);

/* Self-signed, for this key, from now on. */
int tls_certificate_make_ca(gnutls_x509_privkey_t key, int64_t now, gnutls_x509_crt_t *ret);

/* For this key and these names, issued by the CA. */
int tls_certificate_make_server(gnutls_x509_privkey_t key, const struct tls_names *names,
				gnutls_x509_crt_t ca, gnutls_x509_privkey_t ca_key, int64_t now,
				gnutls_x509_crt_t *ret);

/* For the request's key and a client of this name; the CA signs it next. */
int tls_certificate_make_client(gnutls_x509_crq_t request, const char *name, int64_t from,
				int64_t to, gnutls_x509_crt_t *ret);
/* By the CA. */
int tls_certificate_sign(gnutls_x509_crt_t certificate, gnutls_x509_crt_t ca,
			 gnutls_x509_privkey_t ca_key);

bool tls_certificate_has_key(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key);

/* Whether this server's certificate can go on being used: it is of this key and issuer, for just
 * these names, has begun, and does not end within TLS_CERTIFICATE_RENEW_DAYS, or the CA does. */
bool tls_certificate_good(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
			  const struct tls_names *names, gnutls_x509_crt_t ca, int64_t now);
