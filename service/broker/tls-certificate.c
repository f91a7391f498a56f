// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/tls-certificate.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <time.h>

#include "broker/build-time.h"

#define DAY         (24 * 60 * 60)
#define SERIAL_SIZE 16
#define KEY_ID_SIZE 20
#define TIME_MAX    (sizeof(time_t) > 4 ? INT64_MAX : INT32_MAX)

/* GnuTLS speaks in time_t, which ends in 2038 where it has 32 bits: what ends later ends then. */
static time_t for_gnutls(int64_t moment)
{
	return (time_t)(moment < TIME_MAX ? moment : TIME_MAX);
}

static int64_t end_of(gnutls_x509_crt_t certificate)
{
	time_t end = gnutls_x509_crt_get_expiration_time(certificate);

	return end < 0 ? TIME_MAX : end;
}

int tls_certificate_make_key(gnutls_x509_privkey_t *ret)
{
	_cleanup_(gnutls_x509_privkey_deinitp) gnutls_x509_privkey_t key = NULL;

	if (gnutls_x509_privkey_init(&key) < 0)
		return -ENOMEM;
	if (gnutls_x509_privkey_generate2(key, GNUTLS_PK_ECDSA,
					  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0, NULL,
					  0) < 0)
		return -EIO;
	*ret = steal_pointer(&key);
	return 0;
}

/* The key's identifier, as RFC 5280 4.2.1.2 (1): SHA-1 names it, nothing rests on it. */
static int key_id(gnutls_x509_privkey_t key, uint8_t id[KEY_ID_SIZE])
{
	size_t size = KEY_ID_SIZE;

	return gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA1, id, &size) < 0 ? -EIO : 0;
}

static int set_serial(gnutls_x509_crt_t certificate)
{
	uint8_t serial[SERIAL_SIZE];

	if (gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)) < 0)
		return -EIO;
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, of constant length */
	return gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
}

/* What all certificates have. */
static int begin(gnutls_x509_privkey_t key, const char *name, int64_t from, int64_t to,
		 gnutls_x509_crt_t *ret)
{
	_cleanup_(gnutls_x509_crt_deinitp) gnutls_x509_crt_t certificate = NULL;
	uint8_t id[KEY_ID_SIZE];

	if (gnutls_x509_crt_init(&certificate) < 0)
		return -ENOMEM;
	if (key_id(key, id) < 0 || gnutls_x509_crt_set_version(certificate, 3) < 0 ||
	    set_serial(certificate) < 0 || gnutls_x509_crt_set_key(certificate, key) < 0 ||
	    gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
					  (unsigned)strlen(name)) < 0 ||
	    gnutls_x509_crt_set_activation_time(certificate, for_gnutls(from)) < 0 ||
	    gnutls_x509_crt_set_expiration_time(certificate, for_gnutls(to)) < 0 ||
	    gnutls_x509_crt_set_subject_key_id(certificate, id, sizeof(id)) < 0)
		return -EIO;
	*ret = steal_pointer(&certificate);
	return 0;
}

static int sign(gnutls_x509_crt_t certificate, gnutls_x509_crt_t ca, gnutls_x509_privkey_t ca_key)
{
	return gnutls_x509_crt_sign2(certificate, ca, ca_key, GNUTLS_DIG_SHA256, 0) < 0 ? -EIO : 0;
}

/* As whoever gets it reads it: of one that it has just made GnuTLS finds neither names nor issuer.
 */
static int reread(gnutls_x509_crt_t made, gnutls_x509_crt_t *ret)
{
	_cleanup_(gnutls_x509_crt_deinitp) gnutls_x509_crt_t certificate = NULL;
	gnutls_datum_t der = {0};
	int r = gnutls_x509_crt_export2(made, GNUTLS_X509_FMT_DER, &der);

	if (r < 0)
		return -EIO;
	r = gnutls_x509_crt_init(&certificate);
	if (r == 0)
		r = gnutls_x509_crt_import(certificate, &der, GNUTLS_X509_FMT_DER);
	gnutls_free(der.data);
	if (r < 0)
		return -EIO;
	*ret = steal_pointer(&certificate);
	return 0;
}

int tls_certificate_make_ca(gnutls_x509_privkey_t key, int64_t now, gnutls_x509_crt_t *ret)
{
	_cleanup_(gnutls_x509_crt_deinitp) gnutls_x509_crt_t ca = NULL;
	uint8_t id[KEY_ID_SIZE];
	char name[64];
	int r = key_id(key, id);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "camward device CA %02x%02x%02x%02x", id[0], id[1], id[2],
		 id[3]);
	r = begin(key, name, (int64_t)BUILD_TIME_SEC - DAY,
		  now + (int64_t)TLS_CERTIFICATE_CA_YEARS * 365 * DAY, &ca);
	if (r < 0)
		return r;
	if (gnutls_x509_crt_set_basic_constraints(ca, 1, 0) < 0 ||
	    gnutls_x509_crt_set_key_usage(ca, GNUTLS_KEY_KEY_CERT_SIGN) < 0)
		return -EIO;
	r = sign(ca, ca, key);
	return r < 0 ? r : reread(ca, ret);
}

static int set_issuer(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t ca_key)
{
	uint8_t id[KEY_ID_SIZE];

	if (key_id(ca_key, id) < 0)
		return -EIO;
	return gnutls_x509_crt_set_authority_key_id(certificate, id, sizeof(id)) < 0 ? -EIO : 0;
}

int tls_certificate_make_server(gnutls_x509_privkey_t key, const struct tls_names *names,
				gnutls_x509_crt_t ca, gnutls_x509_privkey_t ca_key, int64_t now,
				gnutls_x509_crt_t *ret)
{
	_cleanup_(gnutls_x509_crt_deinitp) gnutls_x509_crt_t server = NULL;
	int64_t to = now + (int64_t)(TLS_CERTIFICATE_DAYS - 1) * DAY;
	int64_t end = end_of(ca);
	int r = begin(key, "camward", now - DAY, to < end ? to : end, &server);

	if (r == 0)
		r = tls_names_write(names, server);
	if (r == 0)
		r = set_issuer(server, ca_key);
	if (r < 0)
		return r;
	if (gnutls_x509_crt_set_basic_constraints(server, 0, -1) < 0 ||
	    gnutls_x509_crt_set_key_usage(server, GNUTLS_KEY_DIGITAL_SIGNATURE) < 0 ||
	    gnutls_x509_crt_set_key_purpose_oid(server, GNUTLS_KP_TLS_WWW_SERVER, 0) < 0)
		return -EIO;
	r = sign(server, ca, ca_key);
	return r < 0 ? r : reread(server, ret);
}

bool tls_certificate_has_key(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
	uint8_t of_certificate[32], of_key[32];
	size_t size = 32, key_size = 32;

	return gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, of_certificate,
					  &size) == 0 &&
	       gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &key_size) ==
		       0 &&
	       size == key_size && memcmp(of_certificate, of_key, size) == 0;
}

int tls_certificate_make_client(gnutls_x509_crq_t request, const char *name, int64_t from,
				int64_t to, gnutls_x509_crt_t *ret)
{
	_cleanup_(gnutls_x509_crt_deinitp) gnutls_x509_crt_t certificate = NULL;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return -ENOMEM;
	if (gnutls_x509_crt_set_version(certificate, 3) < 0 || set_serial(certificate) < 0 ||
	    gnutls_x509_crt_set_crq(certificate, request) < 0)
		return -EIO;
	/* All that the request says is taken over by this; what follows stands in its place. */
	if (gnutls_x509_crt_set_dn(certificate, "", NULL) < 0 ||
	    gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
					  (unsigned)strlen(name)) < 0 ||
	    gnutls_x509_crt_set_activation_time(certificate, for_gnutls(from)) < 0 ||
	    gnutls_x509_crt_set_expiration_time(certificate, for_gnutls(to)) < 0 ||
	    gnutls_x509_crt_set_basic_constraints(certificate, 0, -1) < 0 ||
	    gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE) < 0 ||
	    gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_CLIENT, 0) < 0)
		return -EIO;
	*ret = steal_pointer(&certificate);
	return 0;
}

int tls_certificate_sign(gnutls_x509_crt_t certificate, gnutls_x509_crt_t ca,
			 gnutls_x509_privkey_t ca_key)
{
	int r = set_issuer(certificate, ca_key);

	return r < 0 ? r : sign(certificate, ca, ca_key);
}

static bool issued_by(gnutls_x509_crt_t certificate, gnutls_x509_crt_t ca)
{
	unsigned status = 0;
	int r = gnutls_x509_crt_verify(certificate, &ca, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS,
				       &status);

	return r == 0 && status == 0;
}

bool tls_certificate_good(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
			  const struct tls_names *names, gnutls_x509_crt_t ca, int64_t now)
{
	int64_t from = gnutls_x509_crt_get_activation_time(certificate);
	int64_t to = end_of(certificate);
	int64_t ca_end = end_of(ca);
	int64_t least = now + (int64_t)TLS_CERTIFICATE_RENEW_DAYS * DAY;

	return from <= now && (to >= least || to == ca_end) &&
	       tls_certificate_has_key(certificate, key) && issued_by(certificate, ca) &&
	       tls_names_equal(names, certificate);
}
