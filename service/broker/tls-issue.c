// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/tls-issue.h"

#include <gnutls/x509.h>

#include "base/clock.h"
#include "broker/build-time.h"
#include "broker/tls-certificate.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define DAY          (24 * 60 * 60)

DEFINE_CLEANUP(gnutls_x509_crq_t, gnutls_x509_crq_deinit)

static bool key_accepted(gnutls_x509_crq_t request)
{
	unsigned bits;
	int kind = gnutls_x509_crq_get_pk_algorithm(request, &bits);

	switch (kind) {
	case GNUTLS_PK_ECDSA:
		return bits == 256;
	case GNUTLS_PK_EDDSA_ED25519:
		return true;
	case GNUTLS_PK_RSA:
		return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
	default:
		return false;
	}
}

static int read_request(const uint8_t *der, size_t size, gnutls_x509_crq_t *ret)
{
	_cleanup_(gnutls_x509_crq_deinitp) gnutls_x509_crq_t request = NULL;
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der, (unsigned)size};

	if (gnutls_x509_crq_init(&request) < 0)
		return -ENOMEM;
	if (size > TLS_ISSUE_MAX ||
	    gnutls_x509_crq_import(request, &datum, GNUTLS_X509_FMT_DER) < 0 ||
	    !key_accepted(request) || gnutls_x509_crq_verify(request, 0) < 0)
		return -EINVAL;
	*ret = steal_pointer(&request);
	return 0;
}

static int export(gnutls_x509_crt_t certificate, struct tls_issued *ret)
{
	size_t spki_size = sizeof(ret->spki);

	ret->size = sizeof(ret->der);
	if (gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_DER, ret->der, &ret->size) < 0 ||
	    gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, ret->spki,
				       &spki_size) < 0)
		return -EIO;
	return 0;
}

int tls_issue(const struct tls_identity *identity, const uint8_t *der, size_t size,
	      const char *name, uint64_t now, uint64_t expires, struct tls_issued *ret)
{
	_cleanup_(gnutls_x509_crq_deinitp) gnutls_x509_crq_t request = NULL;
	_cleanup_(gnutls_x509_crt_deinitp) gnutls_x509_crt_t certificate = NULL;
	int64_t from = (int64_t)((now > BUILD_TIME ? now : BUILD_TIME) / USEC_PER_SEC) - DAY;
	int64_t to = expires ? (int64_t)(expires / USEC_PER_SEC)
			     : -1; /* which GnuTLS takes for "none" */
	int r = read_request(der, size, &request);

	if (r == 0)
		r = tls_certificate_make_client(request, name, from, to, &certificate);
	if (r == 0)
		r = tls_identity_issue(identity, certificate);
	return r < 0 ? r : export(certificate, ret);
}
