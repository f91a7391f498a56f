// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load/pin.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>

#include "wire/base64.h"

#define SHA256_SIZE 32

static bool key_digest(const gnutls_datum_t *certificate, unsigned char digest[SHA256_SIZE])
{
	gnutls_pubkey_t key = NULL;
	size_t size = SHA256_SIZE;
	bool ok;

	ok = gnutls_pubkey_init(&key) == 0 &&
	     gnutls_pubkey_import_x509_raw(key, certificate, GNUTLS_X509_FMT_DER, 0) == 0 &&
	     gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, digest, &size) == 0 &&
	     size == SHA256_SIZE;
	gnutls_pubkey_deinit(key);
	return ok;
}

bool pin_matches(gnutls_session_t tls, const char *pin)
{
	unsigned char digest[SHA256_SIZE], expected[SHA256_SIZE];
	const gnutls_datum_t *chain;
	unsigned n;

	chain = gnutls_certificate_get_peers(tls, &n);
	return chain && n > 0 && key_digest(&chain[0], digest) &&
	       base64_decode(slice_text(pin), expected, sizeof(expected)) == SHA256_SIZE &&
	       memcmp(digest, expected, SHA256_SIZE) == 0;
}
