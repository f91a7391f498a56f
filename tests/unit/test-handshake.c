// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a session can prove about its viewer's certificate: real handshakes of the session's TLS
 * with a GnuTLS client, and what a session that lies could make of them. */
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/handshake.h"
#include "session/tls.h"

#define P256 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1)

/* A certificate and its key. */
struct party {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
};

/* What is left of one handshake. */
struct past {
	uint8_t bytes[PROTO_HANDSHAKE_SIZE];
	size_t size;
	struct handshake_signed ours;
};

static struct party device, kim;
static gnutls_privkey_t device_key;
static struct tls_server server;
static struct handshake_signed ours;

static void sign_party(struct party *p, gnutls_digest_algorithm_t hash)
{
	assert_int_equal(gnutls_x509_crt_sign2(p->certificate, p->certificate, p->key, hash, 0), 0);
}

static struct party make_party(gnutls_pk_algorithm_t algorithm, unsigned bits, int64_t end)
{
	struct party p;

	gnutls_x509_privkey_init(&p.key);
	assert_int_equal(gnutls_x509_privkey_generate(p.key, algorithm, bits, 0), 0);
	gnutls_x509_crt_init(&p.certificate);
	gnutls_x509_crt_set_version(p.certificate, 3);
	gnutls_x509_crt_set_serial(p.certificate, "\1", 1);
	gnutls_x509_crt_set_activation_time(p.certificate, time(NULL) - 60);
	gnutls_x509_crt_set_expiration_time(p.certificate, (time_t)end);
	gnutls_x509_crt_set_dn(p.certificate, "CN=test", NULL);
	gnutls_x509_crt_set_key(p.certificate, p.key);
	sign_party(&p,
		   algorithm == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256);
	return p;
}

static void drop_party(struct party *p)
{
	gnutls_x509_crt_deinit(p->certificate);
	gnutls_x509_privkey_deinit(p->key);
}

/* As the broker does: signs, and keeps what it signed. */
static int sign(void *userdata, const uint8_t digest[SESSION_DIGEST_SIZE],
		uint8_t signature[SESSION_SIGNATURE_SIZE])
{
	gnutls_datum_t hash = {(void *)(uintptr_t)digest, SESSION_DIGEST_SIZE}, result;

	assert_int_equal(
		gnutls_privkey_sign_hash2(device_key, GNUTLS_SIGN_ECDSA_SHA256, 0, &hash, &result),
		0);
	ours = (struct handshake_signed){.size = result.size};
	memcpy(ours.digest, digest, sizeof(ours.digest));
	memcpy(ours.signature, result.data, result.size);
	memcpy(signature, result.data, result.size);
	gnutls_free(result.data);
	return (int)ours.size;
}

static int give_any(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
		    gnutls_pcert_st **certificates, unsigned int *n, gnutls_ocsp_data_st **ocsp,
		    unsigned int *n_ocsp, gnutls_privkey_t *key, unsigned int *flags)
{
	const struct party *me = gnutls_session_get_ptr(session);

	*n = *n_ocsp = 0;
	*flags = 0;
	if (!me)
		return 0;
	*certificates = gnutls_malloc(sizeof(**certificates));
	assert_int_equal(gnutls_pcert_import_x509(*certificates, me->certificate, 0), 0);
	assert_int_equal(gnutls_privkey_init(key), 0);
	assert_int_equal(gnutls_privkey_import_x509(*key, me->key, GNUTLS_PRIVKEY_IMPORT_COPY), 0);
	*n = 1;
	*flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	return 0;
}

static void run(gnutls_session_t client, struct tls *tls, struct outgoing *out, int sock)
{
	int e = -EAGAIN, c = GNUTLS_E_AGAIN;

	for (unsigned i = 0; i < 20; i++) {
		if (c == GNUTLS_E_AGAIN)
			c = gnutls_handshake(client);
		if (e == -EAGAIN)
			e = tls_handshake(tls);
		outgoing_send(out, sock);
	}
	assert_int_equal(e, 1);
	assert_int_equal(c, 0);
}

/* One connection; who: NULL, somebody without a certificate. */
static struct past *shake_hands(const char *priority, const struct party *who, unsigned flags)
{
	gnutls_certificate_credentials_t credentials;
	struct past *past = calloc(1, sizeof(*past));
	struct outgoing out = {};
	gnutls_session_t client;
	struct tls tls;
	int s[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	assert_int_equal(tls_init(&tls, &server, s[0], &out), 0);
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_certificate_set_retrieve_function3(credentials, give_any);
	gnutls_init(&client, GNUTLS_CLIENT | GNUTLS_NONBLOCK | flags);
	gnutls_session_set_ptr(client, (void *)(uintptr_t)who);
	assert_int_equal(gnutls_priority_set_direct(client, priority, NULL), 0);
	gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(client, s[1]);
	run(client, &tls, &out, s[0]);
	assert_int_equal(tls_has_certificate(&tls), who != NULL);
	if (tls.record.bytes)
		memcpy(past->bytes, tls.record.bytes, tls.record.size);
	past->size = tls.record.size;
	past->ours = ours;
	gnutls_deinit(client);
	gnutls_certificate_free_credentials(credentials);
	tls_release(&tls);
	outgoing_release(&out);
	close_fds(s, 2);
	return past;
}

/* 0: the certificate is proven to be this party's. */
static int prove(const struct past *past, const struct party *who)
{
	uint8_t spki[32];
	size_t size = sizeof(spki);
	struct handshake h;
	int r = handshake_read(past->bytes, past->size, &past->ours, &h);

	if (r == 0)
		r = handshake_verify(&h);
	if (r == 0) {
		gnutls_x509_crt_get_key_id(who->certificate, GNUTLS_KEYID_USE_SHA256, spki, &size);
		assert_memory_equal(h.spki, spki, sizeof(spki));
	}
	return r;
}

static int setup(void **state)
{
	uint8_t der[PROTO_CERTIFICATE_SIZE];
	size_t size = sizeof(der);

	device = make_party(GNUTLS_PK_ECDSA, P256, time(NULL) + 3600);
	kim = make_party(GNUTLS_PK_ECDSA, P256, time(NULL) + 3600);
	gnutls_privkey_init(&device_key);
	gnutls_privkey_import_x509(device_key, device.key, GNUTLS_PRIVKEY_IMPORT_COPY);
	assert_int_equal(
		gnutls_x509_crt_export(device.certificate, GNUTLS_X509_FMT_DER, der, &size), 0);
	assert_int_equal(tls_server_init(&server, &(struct tls_certificate){der, size}, 1), 0);
	server.sign = sign;
	return 0;
}

static int teardown(void **state)
{
	tls_server_release(&server);
	gnutls_privkey_deinit(device_key);
	drop_party(&device);
	drop_party(&kim);
	return 0;
}

static void test_each_kind_of_key_proves_itself(void **state)
{
	static const struct {
		gnutls_pk_algorithm_t algorithm;
		unsigned bits;
		const char *priority;
		unsigned flags;
	} kinds[] = {
		{GNUTLS_PK_ECDSA, P256, "NORMAL", 0},
		{GNUTLS_PK_EDDSA_ED25519, 256, "NORMAL", 0},
		{GNUTLS_PK_RSA, 2048, "NORMAL", 0},
		/* SHA-384 */
		{GNUTLS_PK_ECDSA, P256, "NORMAL:-CIPHER-ALL:+AES-256-GCM", 0},
		/* a HelloRetryRequest */
		{GNUTLS_PK_ECDSA, P256, "NORMAL:-GROUP-ALL:+GROUP-SECP384R1:+GROUP-X25519",
		 GNUTLS_KEY_SHARE_TOP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct party who = make_party(kinds[i].algorithm, kinds[i].bits, time(NULL) + 3600);
		struct past *past = shake_hands(kinds[i].priority, &who, kinds[i].flags);

		assert_int_equal(prove(past, &who), 0);
		free(past);
		drop_party(&who);
	}
}

/* As 'openssl x509 -req' makes it without extensions. */
static void test_a_certificate_of_version_1_proves_itself(void **state)
{
	struct party who = make_party(GNUTLS_PK_ECDSA, P256, time(NULL) + 3600);
	struct past *past;

	gnutls_x509_crt_set_version(who.certificate, 1);
	sign_party(&who, GNUTLS_DIG_SHA256);
	assert_int_equal(gnutls_x509_crt_get_version(who.certificate), 1);
	past = shake_hands("NORMAL", &who, 0);
	assert_int_equal(prove(past, &who), 0);
	free(past);
	drop_party(&who);
}

static void test_without_a_certificate_nothing_is_kept(void **state)
{
	struct past *past = shake_hands("NORMAL", NULL, 0);

	assert_int_equal(past->size, 0);
	free(past);
}

/* A session that has seen another connection's handshake cannot claim it: the broker has signed
 * something else here. Neither can it, if it had the broker sign that other digest again: no
 * signature is made twice. */
static void test_another_connections_handshake_proves_nothing(void **state)
{
	struct past *theirs = shake_hands("NORMAL", &kim, 0), *own = shake_hands("NORMAL", &kim, 0);
	uint8_t signature[SESSION_SIGNATURE_SIZE];

	theirs->ours = own->ours;
	assert_int_equal(prove(theirs, &kim), -EACCES);
	theirs->ours.size = 0;
	assert_int_equal(prove(theirs, &kim), -EACCES);
	free(own);
	own = shake_hands("NORMAL", &kim, 0);
	sign(NULL, own->ours.digest, signature);
	own->ours = ours;
	assert_int_equal(prove(own, &kim), -EACCES);
	free(theirs);
	free(own);
}

static size_t message_at(const struct past *past, size_t n)
{
	size_t at = 0;

	while (n-- > 0)
		at += 4 + ((size_t)past->bytes[at + 1] << 16 | (size_t)past->bytes[at + 2] << 8 |
			   past->bytes[at + 3]);
	return at;
}

/* A viewer with a certificate of its own, whose session puts kim's in its place, with or without
 * a signature of kim's that it has seen. */
static void test_anothers_certificate_does_not_fit(void **state)
{
	struct party mallory = make_party(GNUTLS_PK_ECDSA, P256, time(NULL) + 3600);
	struct past *seen = shake_hands("NORMAL", &kim, 0),
		    *own = shake_hands("NORMAL", &mallory, 0);
	size_t cut = message_at(own, 7), from = message_at(seen, 7), verify = message_at(seen, 8);
	struct past *forged = calloc(1, sizeof(*forged));

	assert_int_equal(prove(own, &mallory), 0);
	*forged = *own;
	memcpy(forged->bytes + cut, seen->bytes + from, seen->size - from);
	forged->size = cut + seen->size - from;
	assert_int_equal(prove(forged, &kim), -EACCES);
	memcpy(forged->bytes + cut + verify - from, own->bytes + message_at(own, 8),
	       own->size - message_at(own, 8));
	forged->size = cut + verify - from + own->size - message_at(own, 8);
	assert_int_equal(prove(forged, &kim), -EACCES);
	free(seen);
	free(own);
	free(forged);
	drop_party(&mallory);
}

/* A certificate that cannot be read is nobody's; nothing else may be changed unnoticed. */
static void test_no_byte_can_be_another(void **state)
{
	struct past *past = shake_hands("NORMAL", &kim, 0);
	size_t begin = message_at(past, 7), end = message_at(past, 8), nobodys = 0;

	assert_int_equal(prove(past, &kim), 0);
	for (size_t i = 0; i < past->size; i++) {
		int r;

		past->bytes[i] ^= (uint8_t)(1U << (i % 8));
		r = prove(past, &kim);
		assert_true(r < 0);
		/* Neither a certificate that cannot be read nor a scheme that nobody knows is a
		 * proof, or a lie. */
		assert_true(r != -ENOTSUP || i >= begin);
		if (r == -ENOENT)
			nobodys++;
		assert_true(r != -ENOENT || (i >= begin && i < end));
		past->bytes[i] ^= (uint8_t)(1U << (i % 8));
	}
	assert_true(nobodys > 0);
	assert_int_equal(prove(past, &kim), 0);
	while (past->size-- > 0)
		assert_int_equal(prove(past, &kim), -EBADMSG);
	free(past);
}

/* Whoever signs in a way that is not accepted proves nothing, and has not lied. */
static void test_other_schemes_prove_nothing(void **state)
{
	static const uint16_t schemes[] = {0x0401, 0x0503, 0x0603, 0x0804, 0x0805, 0x0807, 0xfe00};
	struct past *past = shake_hands("NORMAL", &kim, 0);
	size_t at = message_at(past, 8) + 4;

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		past->bytes[at] = (uint8_t)(schemes[i] >> 8);
		past->bytes[at + 1] = (uint8_t)schemes[i];
		assert_int_equal(prove(past, &kim), -ENOTSUP);
	}
	free(past);
}

static struct certificate_der dates_of(const struct party *p, uint8_t *der, size_t size)
{
	struct certificate_der ret;

	assert_int_equal(gnutls_x509_crt_export(p->certificate, GNUTLS_X509_FMT_DER, der, &size),
			 0);
	assert_int_equal(certificate_der_read(der, size, &ret), 0);
	for (size_t n = 0; n < size; n++)
		assert_true(certificate_der_read(der, n, &(struct certificate_der){}) < 0);
	return ret;
}

static void test_when_a_certificate_ends(void **state)
{
	static const int64_t ends[] = {4102444799, /* 2099, GeneralizedTime */
				       2524607999, /* the end of 2049, the last UTCTime */
				       -1};
	uint8_t der[2048];

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct party p;
		struct certificate_der c;

		if ((time_t)ends[i] != ends[i]) /* which GnuTLS cannot write here */
			continue;
		p = make_party(GNUTLS_PK_ECDSA, P256, ends[i]);
		c = dates_of(&p, der, sizeof(der));
		assert_int_equal(c.not_after, i == 2 ? 0 : (uint64_t)(ends[i] + 1) * USEC_PER_SEC);
		assert_int_equal(c.not_before,
				 (uint64_t)gnutls_x509_crt_get_activation_time(p.certificate) *
					 USEC_PER_SEC);
		drop_party(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_of_key_proves_itself),
		cmocka_unit_test(test_other_schemes_prove_nothing),
		cmocka_unit_test(test_a_certificate_of_version_1_proves_itself),
		cmocka_unit_test(test_without_a_certificate_nothing_is_kept),
		cmocka_unit_test(test_another_connections_handshake_proves_nothing),
		cmocka_unit_test(test_anothers_certificate_does_not_fit),
		cmocka_unit_test(test_no_byte_can_be_another),
		cmocka_unit_test(test_when_a_certificate_ends),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
