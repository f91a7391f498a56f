// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/handshake.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

#define MESSAGE_HEAD 4
#define MESSAGES_MAX 11 /* with a HelloRetryRequest */
#define HASH_MAX     48
#define RSA_BITS_MIN 2048

/* RFC 8446, 4. */
enum message_type {
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	ENCRYPTED_EXTENSIONS = 8,
	CERTIFICATE = 11,
	CERTIFICATE_REQUEST = 13,
	CERTIFICATE_VERIFY = 15,
	FINISHED = 20,
	MESSAGE_HASH = 254,
};

struct message {
	const uint8_t *data; /* with its head */
	size_t size;
};

/* In their order; hello[0] and retry: only with a HelloRetryRequest. */
struct messages {
	size_t n;
	struct message list[MESSAGES_MAX];
	size_t first; /* of the messages after a HelloRetryRequest; 0 without one */
	gnutls_digest_algorithm_t hash;
	size_t hash_size;
};

static uint8_t type_of(const struct message *message)
{
	return message->data[0];
}

static bool split(const uint8_t *data, size_t size, struct messages *ret)
{
	*ret = (struct messages){};
	while (size > 0) {
		size_t length;

		if (size < MESSAGE_HEAD || ret->n == MESSAGES_MAX)
			return false;
		length = MESSAGE_HEAD + ((size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3]);
		if (length > size)
			return false;
		ret->list[ret->n++] = (struct message){data, length};
		data += length;
		size -= length;
	}
	return true;
}

/* RFC 8446, 4.1.3: a ServerHello with this random is a HelloRetryRequest. */
static bool is_retry(const struct message *hello)
{
	static const uint8_t random[32] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
		0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
		0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};

	return hello->size >= MESSAGE_HEAD + 2 + sizeof(random) &&
	       memcmp(hello->data + MESSAGE_HEAD + 2, random, sizeof(random)) == 0;
}

/* The hash that goes with the cipher suite which the ServerHello names. */
static bool read_suite(const struct message *hello, struct messages *m)
{
	const size_t at = MESSAGE_HEAD + 2 + 32; /* version, random */
	size_t id;

	if (hello->size < at + 1)
		return false;
	id = hello->data[at];
	if (hello->size < at + 1 + id + 2 || hello->data[at + 1 + id] != 0x13)
		return false;
	switch (hello->data[at + 1 + id + 1]) {
	case 0x01: /* TLS_AES_128_GCM_SHA256 */
	case 0x03: /* TLS_CHACHA20_POLY1305_SHA256 */
		m->hash = GNUTLS_DIG_SHA256;
		m->hash_size = 32;
		return true;
	case 0x02: /* TLS_AES_256_GCM_SHA384 */
		m->hash = GNUTLS_DIG_SHA384;
		m->hash_size = 48;
		return true;
	default:
		return false;
	}
}

/* From the ServerHello on. */
static const uint8_t order[] = {
	SERVER_HELLO, ENCRYPTED_EXTENSIONS, CERTIFICATE_REQUEST, CERTIFICATE, CERTIFICATE_VERIFY,
	FINISHED,     CERTIFICATE,          CERTIFICATE_VERIFY,
};

/* Counted from the end. */
enum place {
	CLIENT_VERIFY = 1,
	CLIENT_CERTIFICATE = 2,
	SERVER_VERIFY = 4,
	SERVER_CERTIFICATE = 5,
};

static bool in_order(struct messages *m)
{
	size_t start = m->n - sizeof(order);

	if (m->n == sizeof(order) + 3) {
		if (type_of(&m->list[0]) != CLIENT_HELLO || type_of(&m->list[1]) != SERVER_HELLO ||
		    !is_retry(&m->list[1]))
			return false;
		m->first = 1;
	} else if (m->n != sizeof(order) + 1) {
		return false;
	}
	if (type_of(&m->list[start - 1]) != CLIENT_HELLO || is_retry(&m->list[start]))
		return false;
	for (size_t i = 0; i < sizeof(order); i++)
		if (type_of(&m->list[start + i]) != order[i])
			return false;
	return read_suite(&m->list[start], m);
}

static const struct message *at(const struct messages *m, enum place place)
{
	return &m->list[m->n - place];
}

/* RFC 8446, 4.4.1: after a HelloRetryRequest the first ClientHello's hash stands in its place. */
static int add_first(gnutls_hash_hd_t hash, const struct messages *m)
{
	uint8_t synthetic[MESSAGE_HEAD + HASH_MAX] = {MESSAGE_HASH, 0, 0, (uint8_t)m->hash_size};

	if (gnutls_hash_fast(m->hash, m->list[0].data, m->list[0].size, synthetic + MESSAGE_HEAD) <
	    0)
		return -EIO;
	return gnutls_hash(hash, synthetic, MESSAGE_HEAD + m->hash_size);
}

/* Of all messages up to this one. */
static int hash_up_to(const struct messages *m, enum place last, uint8_t ret[HASH_MAX])
{
	gnutls_hash_hd_t hash;
	int r = 0;

	if (gnutls_hash_init(&hash, m->hash) < 0)
		return -EIO;
	if (m->first)
		r = add_first(hash, m);
	for (size_t i = m->first; r >= 0 && i <= m->n - last; i++)
		r = gnutls_hash(hash, m->list[i].data, m->list[i].size);
	gnutls_hash_deinit(hash, ret);
	return r < 0 ? -EIO : 0;
}

#define CONTENT_MAX (64 + 33 + 1 + HASH_MAX)

/* What a CertificateVerify signs (RFC 8446, 4.4.3). */
static size_t write_content(uint8_t content[CONTENT_MAX], const char *side, const uint8_t *hash,
			    size_t hash_size)
{
	memset(content, ' ', 64);
	memcpy(content + 64, "TLS 1.3, ", 9);
	memcpy(content + 73, side, 6);
	memcpy(content + 79, " CertificateVerify", 19); /* with its NUL */
	memcpy(content + 98, hash, hash_size);
	return 98 + hash_size;
}

static bool read_verify(const struct message *message, uint16_t *scheme, const uint8_t **signature,
			size_t *size)
{
	const uint8_t *body = message->data + MESSAGE_HEAD;
	size_t length = message->size - MESSAGE_HEAD;

	if (length < 4)
		return false;
	*scheme = (uint16_t)(body[0] << 8 | body[1]);
	*size = (size_t)body[2] << 8 | body[3];
	*signature = body + 4;
	return *size == length - 4;
}

static int check_connection(const struct messages *m, const struct handshake_signed *ours)
{
	uint8_t hash[HASH_MAX], content[CONTENT_MAX], digest[32];
	const uint8_t *signature;
	uint16_t scheme;
	size_t size;
	int r = hash_up_to(m, SERVER_CERTIFICATE, hash);

	if (r < 0)
		return r;
	size = write_content(content, "server", hash, m->hash_size);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, content, size, digest) < 0)
		return -EIO;
	if (!ours->size || memcmp(digest, ours->digest, sizeof(digest)) != 0)
		return -EACCES;
	if (!read_verify(at(m, SERVER_VERIFY), &scheme, &signature, &size) || size != ours->size ||
	    memcmp(signature, ours->signature, size) != 0)
		return -EACCES;
	return 0;
}

/* The first certificate of the client's list (RFC 8446, 4.4.2). */
static bool find_certificate(const struct message *message, struct certificate_der *ret)
{
	const uint8_t *p = message->data + MESSAGE_HEAD;
	size_t n = message->size - MESSAGE_HEAD, size;

	if (n < 7 || p[0] != 0)
		return false;
	size = (size_t)p[4] << 16 | (size_t)p[5] << 8 | p[6];
	return size <= n - 7 && certificate_der_read(p + 7, size, ret) == 0;
}

int handshake_read(const uint8_t *data, size_t size, const struct handshake_signed *ours,
		   struct handshake *ret)
{
	struct messages m;
	int r;

	*ret = (struct handshake){};
	if (!split(data, size, &m) || m.n <= sizeof(order) || !in_order(&m))
		return -EBADMSG;
	r = check_connection(&m, ours);
	if (r < 0)
		return r;
	if (!read_verify(at(&m, CLIENT_VERIFY), &ret->scheme, &ret->verify, &ret->verify_size))
		return -EBADMSG;
	if (!find_certificate(at(&m, CLIENT_CERTIFICATE), &ret->certificate))
		return -ENOENT;
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, ret->certificate.spki, ret->certificate.spki_size,
			     ret->spki) < 0)
		return -EIO;
	ret->hash_size = m.hash_size;
	return hash_up_to(&m, CLIENT_CERTIFICATE, ret->hash);
}

/* GNUTLS_SIGN_UNKNOWN: none that is accepted, or not with such a key. */
static gnutls_sign_algorithm_t algorithm_of(uint16_t scheme, gnutls_pubkey_t key)
{
	unsigned bits;
	int kind = gnutls_pubkey_get_pk_algorithm(key, &bits);

	switch (scheme) {
	case 0x0403:
		return kind == GNUTLS_PK_ECDSA ? GNUTLS_SIGN_ECDSA_SECP256R1_SHA256
					       : GNUTLS_SIGN_UNKNOWN;
	case 0x0807:
		return kind == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_SIGN_EDDSA_ED25519
						       : GNUTLS_SIGN_UNKNOWN;
	case 0x0804:
		return kind == GNUTLS_PK_RSA && bits >= RSA_BITS_MIN
			       ? GNUTLS_SIGN_RSA_PSS_RSAE_SHA256
			       : GNUTLS_SIGN_UNKNOWN;
	default:
		return GNUTLS_SIGN_UNKNOWN;
	}
}

static gnutls_datum_t datum(const uint8_t *data, size_t size)
{
	return (gnutls_datum_t){(unsigned char *)(uintptr_t)data, (unsigned)size};
}

int handshake_verify(const struct handshake *h)
{
	gnutls_datum_t spki = datum(h->certificate.spki, h->certificate.spki_size);
	gnutls_datum_t signature = datum(h->verify, h->verify_size);
	uint8_t content[CONTENT_MAX];
	gnutls_datum_t what =
		datum(content, write_content(content, "client", h->hash, h->hash_size));
	gnutls_sign_algorithm_t algorithm;
	gnutls_pubkey_t key;
	int r = -ENOTSUP;

	if (gnutls_pubkey_init(&key) < 0)
		return -EIO;
	if (gnutls_pubkey_import(key, &spki, GNUTLS_X509_FMT_DER) == 0) {
		algorithm = algorithm_of(h->scheme, key);
		if (algorithm != GNUTLS_SIGN_UNKNOWN)
			r = gnutls_pubkey_verify_data2(key, algorithm, 0, &what, &signature) < 0
				    ? -EACCES
				    : 0;
	}
	gnutls_pubkey_deinit(key);
	return r;
}
