// SPDX-License-Identifier: LGPL-2.1-or-later
/* The server's side of TLS against a GnuTLS client, over a socket pair in one process. */
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "session/tls.h"

struct signer {
	gnutls_privkey_t key;
	unsigned n;
	bool refuses;
};

static struct signer signer;
static struct tls_server server;
static struct outgoing out;
static struct tls tls;
static gnutls_session_t client;
static gnutls_certificate_credentials_t client_credentials;
static int s[2];

static int sign(void *userdata, const uint8_t digest[SESSION_DIGEST_SIZE],
		uint8_t signature[SESSION_SIGNATURE_SIZE])
{
	struct signer *me = userdata;
	gnutls_datum_t hash = {(void *)(uintptr_t)digest, SESSION_DIGEST_SIZE}, result;
	int n;

	me->n++;
	if (me->refuses)
		return -EACCES;
	assert_int_equal(
		gnutls_privkey_sign_hash2(me->key, GNUTLS_SIGN_ECDSA_SHA256, 0, &hash, &result), 0);
	n = (int)result.size;
	assert_true(n <= SESSION_SIGNATURE_SIZE);
	memcpy(signature, result.data, result.size);
	gnutls_free(result.data);
	return n;
}

static size_t make_certificate(gnutls_pk_algorithm_t algorithm, unsigned bits, uint8_t *der,
			       size_t size)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t c;

	gnutls_x509_privkey_init(&key);
	assert_int_equal(gnutls_x509_privkey_generate(key, algorithm, bits, 0), 0);
	gnutls_x509_crt_init(&c);
	gnutls_x509_crt_set_version(c, 3);
	gnutls_x509_crt_set_serial(c, "\1", 1);
	gnutls_x509_crt_set_activation_time(c, time(NULL) - 60);
	gnutls_x509_crt_set_expiration_time(c, time(NULL) + 3600);
	gnutls_x509_crt_set_dn(c, "CN=test", NULL);
	gnutls_x509_crt_set_key(c, key);
	assert_int_equal(gnutls_x509_crt_sign2(c, c, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export(c, GNUTLS_X509_FMT_DER, der, &size), 0);
	gnutls_x509_crt_deinit(c);
	if (signer.key)
		gnutls_privkey_deinit(signer.key);
	gnutls_privkey_init(&signer.key);
	gnutls_privkey_import_x509(signer.key, key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	return size;
}

#define P256 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1)

static void connect_with(const char *priority)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	assert_int_equal(tls_init(&tls, &server, s[0], &out), 0);
	gnutls_init(&client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
	assert_int_equal(gnutls_priority_set_direct(client, priority, NULL), 0);
	gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, client_credentials);
	gnutls_transport_set_int(client, s[1]);
}

static void disconnect(void)
{
	gnutls_deinit(client);
	tls_release(&tls);
	outgoing_release(&out);
	close_fds(s, 2);
}

/* Both sides in turn until each has come to an end. */
static void shake_hands(int *ret_server, int *ret_client)
{
	*ret_server = -EAGAIN;
	*ret_client = GNUTLS_E_AGAIN;
	for (unsigned i = 0; i < 20; i++) {
		if (*ret_client == GNUTLS_E_AGAIN)
			*ret_client = gnutls_handshake(client);
		if (*ret_server == -EAGAIN)
			*ret_server = tls_handshake(&tls);
		outgoing_send(&out, s[0]);
	}
}

static int setup(void **state)
{
	uint8_t der[PROTO_CERTIFICATE_SIZE];
	size_t size = make_certificate(GNUTLS_PK_ECDSA, P256, der, sizeof(der));

	assert_int_equal(tls_server_init(&server, &(struct tls_certificate){der, size}, 1), 0);
	signer.n = 0;
	signer.refuses = false;
	server.sign = sign;
	server.userdata = &signer;
	return gnutls_certificate_allocate_credentials(&client_credentials);
}

static int teardown(void **state)
{
	tls_server_release(&server);
	gnutls_certificate_free_credentials(client_credentials);
	return 0;
}

static void test_a_handshake_takes_one_signature(void **state)
{
	int e, c;

	connect_with("NORMAL");
	shake_hands(&e, &c);
	assert_int_equal(e, 1);
	assert_int_equal(c, 0);
	assert_int_equal(signer.n, 1);
	assert_int_equal(gnutls_protocol_get_version(client), GNUTLS_TLS1_3);
	assert_int_equal(gnutls_group_get(client), GNUTLS_GROUP_X25519);
	disconnect();
}

static void test_both_ends_export_the_same(void **state)
{
	uint8_t ours[PROTO_EXPORTER_SIZE];
	gnutls_datum_t theirs;
	int e, c;

	connect_with("NORMAL");
	shake_hands(&e, &c);
	assert_int_equal(tls_exporter(&tls, ours), 0);
	assert_int_equal(gnutls_session_channel_binding(client, GNUTLS_CB_TLS_EXPORTER, &theirs),
			 0);
	assert_int_equal(theirs.size, sizeof(ours));
	assert_memory_equal(theirs.data, ours, sizeof(ours));
	gnutls_free(theirs.data);
	disconnect();
}

static void test_older_protocols_and_other_groups_are_refused(void **state)
{
	static const char *const priorities[] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.2",
		"NORMAL:-GROUP-ALL:+GROUP-FFDHE2048",
		"NORMAL:-CIPHER-ALL:+AES-128-CCM",
		"NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-SHA256",
	};

	for (size_t i = 0; i < ARRAY_SIZE(priorities); i++) {
		int e, c;

		connect_with(priorities[i]);
		shake_hands(&e, &c);
		assert_int_equal(e, -EPROTO);
		assert_true(c < 0);
		disconnect();
	}
}

static void test_no_ticket_is_ever_sent(void **state)
{
	uint8_t buffer[1];
	int e, c;

	connect_with("NORMAL");
	shake_hands(&e, &c);
	assert_int_equal(tls_send(&tls, "x", 1), 0);
	outgoing_send(&out, s[0]);
	assert_int_equal(gnutls_record_recv(client, buffer, 1), 1);
	assert_false(gnutls_session_get_flags(client) & GNUTLS_SFLAGS_SESSION_TICKET);
	disconnect();
}

static void test_without_a_signature_there_is_no_connection(void **state)
{
	int e, c;

	signer.refuses = true;
	connect_with("NORMAL");
	shake_hands(&e, &c);
	assert_int_equal(e, -EPROTO);
	assert_true(c < 0);
	disconnect();
}

static void test_a_large_write_arrives_whole(void **state)
{
	static uint8_t bytes[100000], got[sizeof(bytes) + 1];
	size_t n = 0;
	int e, c;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 >> 3);
	connect_with("NORMAL");
	shake_hands(&e, &c);
	assert_int_equal(tls_send(&tls, bytes, sizeof(bytes)), 0);
	tls_bye(&tls);
	for (;;) {
		ssize_t r;

		outgoing_send(&out, s[0]);
		r = gnutls_record_recv(client, got + n, sizeof(got) - n);
		if (r == GNUTLS_E_AGAIN)
			continue;
		if (r <= 0) {
			assert_int_equal(r, 0);
			break;
		}
		n += (size_t)r;
	}
	assert_int_equal(n, sizeof(bytes));
	assert_memory_equal(got, bytes, sizeof(bytes));
	disconnect();
}

static void test_ends_are_told_apart(void **state)
{
	uint8_t buffer[16];
	int e, c;

	connect_with("NORMAL");
	shake_hands(&e, &c);
	assert_int_equal(tls_receive(&tls, buffer, sizeof(buffer)), -EAGAIN);
	gnutls_record_send(client, "hello", 5);
	assert_int_equal(tls_receive(&tls, buffer, 2), 2);
	assert_true(tls_pending(&tls));
	assert_int_equal(tls_receive(&tls, buffer, sizeof(buffer)), 3);
	assert_false(tls_pending(&tls));
	gnutls_bye(client, GNUTLS_SHUT_WR);
	assert_int_equal(tls_receive(&tls, buffer, sizeof(buffer)), 0);
	disconnect();

	connect_with("NORMAL");
	shake_hands(&e, &c);
	shutdown(s[1], SHUT_WR);
	assert_int_equal(tls_receive(&tls, buffer, sizeof(buffer)), -ECONNRESET);
	disconnect();

	connect_with("NORMAL");
	shake_hands(&e, &c);
	assert_int_equal(send(s[1], "\x17\x03\x03\x00\x20rubbish rubbish rubbish rubbish ", 37, 0),
			 37);
	assert_int_equal(tls_receive(&tls, buffer, sizeof(buffer)), -EPROTO);
	disconnect();
}

static void test_other_keys_are_refused_as_the_servers(void **state)
{
	uint8_t der[PROTO_CERTIFICATE_SIZE];
	struct tls_server other;
	size_t size = make_certificate(GNUTLS_PK_RSA, 2048, der, sizeof(der));

	assert_int_equal(tls_server_init(&other, &(struct tls_certificate){der, size}, 1), -EINVAL);
	size = make_certificate(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1),
				der, sizeof(der));
	assert_int_equal(tls_server_init(&other, &(struct tls_certificate){der, size}, 1), -EINVAL);
	assert_int_equal(tls_server_init(&other, &(struct tls_certificate){der, 20}, 1), -EINVAL);
	assert_int_equal(tls_server_init(&other, NULL, 0), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_handshake_takes_one_signature),
		TEST(test_both_ends_export_the_same),
		TEST(test_older_protocols_and_other_groups_are_refused),
		TEST(test_no_ticket_is_ever_sent),
		TEST(test_without_a_signature_there_is_no_connection),
		TEST(test_a_large_write_arrives_whole),
		TEST(test_ends_are_told_apart),
		TEST(test_other_keys_are_refused_as_the_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
