// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/tls-server.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#if defined(__aarch64__) || defined(__arm__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <gnutls/abstract.h>

#include "base/cleanup.h"
#include "proto/gate-msg.h"

#define PRIORITY(ciphers)                                                                         \
	"NONE:+VERS-TLS1.3:+AEAD:" ciphers ":+GROUP-X25519:+GROUP-SECP256R1"                      \
	":+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-RSAE-SHA256:+CTYPE-X509" \
	":%SERVER_PRECEDENCE"

/* GnuTLS's ChaCha20 costs ten times its AES where the CPU has AES, and the reverse elsewhere. */
static const char aes_first[] = PRIORITY("+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305");
static const char chacha_first[] = PRIORITY("+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-GCM");

static bool cpu_has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
	return getauxval(AT_HWCAP) & HWCAP_AES;
#elif defined(__arm__)
	return getauxval(AT_HWCAP2) & HWCAP2_AES;
#else
	return false;
#endif
}

static int sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *userdata,
		     unsigned int flags, const gnutls_datum_t *hash, gnutls_datum_t *ret)
{
	struct tls_server *s = userdata;
	uint8_t signature[SESSION_SIGNATURE_SIZE];
	int n;

	if (!s->sign || hash->size != SESSION_DIGEST_SIZE)
		return GNUTLS_E_PK_SIGN_FAILED;
	n = s->sign(s->userdata, hash->data, signature);
	if (n <= 0 || n > SESSION_SIGNATURE_SIZE)
		return GNUTLS_E_PK_SIGN_FAILED;
	ret->data = gnutls_malloc((size_t)n);
	if (!ret->data)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(ret->data, signature, (size_t)n);
	ret->size = (unsigned int)n;
	return 0;
}

static int key_info(gnutls_privkey_t key, unsigned int flags, void *userdata)
{
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return GNUTLS_PK_ECDSA;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return 256;
	if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO)
		return GNUTLS_FLAGS_TO_SIGN_ALGO(flags) == GNUTLS_SIGN_ECDSA_SECP256R1_SHA256;
	return -1;
}

static int check_leaf(const gnutls_pcert_st *leaf)
{
	gnutls_ecc_curve_t curve;

	if (gnutls_pubkey_export_ecc_raw(leaf->pubkey, &curve, NULL, NULL) < 0 ||
	    curve != GNUTLS_ECC_CURVE_SECP256R1)
		return -EINVAL;
	return 0;
}

static int set_key(struct tls_server *s, gnutls_pcert_st *chain, unsigned int n)
{
	gnutls_privkey_t key;

	if (gnutls_privkey_init(&key) < 0)
		return -ENOMEM;
	if (gnutls_privkey_import_ext4(key, s, NULL, sign_hash, NULL, NULL, key_info, 0) < 0 ||
	    gnutls_certificate_set_key(s->credentials, NULL, 0, chain, (int)n, key) < 0) {
		gnutls_privkey_deinit(key);
		return -EINVAL;
	}
	return 0;
}

/* On success the credentials own what is in certificates. */
static int import_chain(struct tls_server *s, const struct tls_certificate *chain, size_t n)
{
	gnutls_pcert_st certificates[GATE_CHAIN_MAX];
	unsigned int imported;
	int r = 0;

	for (imported = 0; imported < n; imported++) {
		gnutls_datum_t der = {(void *)(uintptr_t)chain[imported].der,
				      (unsigned int)chain[imported].size};

		if (gnutls_pcert_import_x509_raw(&certificates[imported], &der, GNUTLS_X509_FMT_DER,
						 0) < 0) {
			r = -EINVAL;
			break;
		}
	}
	if (r == 0)
		r = check_leaf(&certificates[0]);
	if (r == 0)
		r = set_key(s, certificates, imported);
	if (r < 0)
		for (unsigned int i = 0; i < imported; i++)
			gnutls_pcert_deinit(&certificates[i]);
	return r;
}

/* Whose certificates viewers should offer: browsers ask people nothing when they have none. */
static int set_issuer(struct tls_server *s, const struct tls_certificate *ca)
{
	gnutls_datum_t der = {(void *)(uintptr_t)ca->der, (unsigned int)ca->size};

	return gnutls_certificate_set_x509_trust_mem(s->credentials, &der, GNUTLS_X509_FMT_DER) < 0
		       ? -EINVAL
		       : 0;
}

int tls_server_init(struct tls_server *s, const struct tls_certificate *chain, size_t n)
{
	int r;

	*s = (struct tls_server){};
	if (n < 1 || n > GATE_CHAIN_MAX)
		return -EINVAL;
	if (gnutls_certificate_allocate_credentials(&s->credentials) < 0)
		return -ENOMEM;
	/* The check would spend a signature, before there is a connection to ask one for. */
	gnutls_certificate_set_flags(s->credentials, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	r = import_chain(s, chain, n);
	if (r == 0)
		r = set_issuer(s, &chain[n - 1]);
	if (r == 0 &&
	    gnutls_priority_init(&s->priority, cpu_has_aes() ? aes_first : chacha_first, NULL) < 0)
		r = -ENOMEM;
	if (r < 0)
		tls_server_release(s);
	return r;
}

void tls_server_release(struct tls_server *s)
{
	if (s->credentials)
		gnutls_certificate_free_credentials(s->credentials);
	if (s->priority)
		gnutls_priority_deinit(s->priority);
	*s = (struct tls_server){};
}
