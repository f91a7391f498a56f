// SPDX-License-Identifier: LGPL-2.1-or-later
/* The server's identity: what is made, what is kept, what is made anew, and that it verifies. */
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <sys/stat.h>

#include "broker-state.h"
#include "broker/build-time.h"
#include "broker/tls-certificate.h"
#include "broker/tls-identity.h"
#include "wire/base64.h"

#define DAY (UINT64_C(24) * 60 * 60 * USEC_PER_SEC)
#define NOW (BUILD_TIME + 300 * DAY)

struct identity {
	struct state state;
	struct tls_identity *tls;
	gnutls_x509_crt_t server, ca;
};

static void parse(struct identity *identity)
{
	const struct tls_certificate *chain = tls_identity_chain(identity->tls);
	gnutls_x509_crt_t *certificates[] = {&identity->server, &identity->ca};

	for (size_t i = 0; i < TLS_IDENTITY_CHAIN; i++) {
		gnutls_datum_t der = {.data = (unsigned char *)(uintptr_t)chain[i].der,
				      .size = (unsigned)chain[i].size};

		assert_int_equal(gnutls_x509_crt_init(certificates[i]), 0);
		assert_int_equal(
			gnutls_x509_crt_import(*certificates[i], &der, GNUTLS_X509_FMT_DER), 0);
	}
}

static void unload(struct identity *identity)
{
	gnutls_x509_crt_deinitp(&identity->server);
	gnutls_x509_crt_deinitp(&identity->ca);
	tls_identity_freep(&identity->tls);
	identity->server = identity->ca = NULL;
	identity->tls = NULL;
}

static int load(struct identity *identity, uint64_t now)
{
	int r;

	unload(identity);
	r = tls_identity_load_or_make(identity->state.dir, now, &identity->tls);
	if (r == 0)
		parse(identity);
	return r;
}

static int make(void **s)
{
	static struct identity identity;

	identity = (struct identity){0};
	state_make(&identity.state);
	*s = &identity;
	return load(&identity, NOW);
}

static int drop(void **s)
{
	struct identity *identity = *s;

	unload(identity);
	state_remove(&identity->state);
	return 0;
}

static bool verifies(const struct identity *identity, uint64_t now)
{
	gnutls_x509_trust_list_t trust;
	unsigned status = 1;
	gnutls_x509_crt_t chain[] = {identity->server};
	gnutls_typed_vdata_st wanted[] = {
		{GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)(uintptr_t) "localhost", 0},
		{GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER,
		 0}};

	assert_int_equal(gnutls_x509_trust_list_init(&trust, 0), 0);
	assert_int_equal(gnutls_x509_trust_list_add_cas(trust, &identity->ca, 1, 0), 1);
	gnutls_x509_trust_list_verify_crt2(trust, chain, 1, wanted, 2,
					   GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status, NULL);
	gnutls_x509_trust_list_deinit(trust, 0);
	return status == 0 &&
	       gnutls_x509_crt_get_activation_time(identity->server) <=
		       (time_t)(now / USEC_PER_SEC) &&
	       gnutls_x509_crt_get_expiration_time(identity->server) > (time_t)(now / USEC_PER_SEC);
}

static void test_chain(void **s)
{
	struct identity *identity = *s;
	unsigned ca, usage, critical;
	char name[128];
	size_t size = sizeof(name);
	int depth;

	assert_true(verifies(identity, NOW));
	assert_true(tls_identity_is_renewed(identity->tls));
	assert_int_equal(load(identity, NOW), 0);
	assert_false(tls_identity_is_renewed(identity->tls));
	assert_int_equal(
		gnutls_x509_crt_get_basic_constraints(identity->ca, &critical, &ca, &depth), 1);
	assert_true(critical && ca && depth == 0);
	assert_int_equal(gnutls_x509_crt_get_key_usage(identity->ca, &usage, &critical), 0);
	assert_int_equal(usage, GNUTLS_KEY_KEY_CERT_SIGN);
	assert_int_equal(gnutls_x509_crt_get_ca_status(identity->server, &critical), 0);
	assert_int_equal(gnutls_x509_crt_get_key_usage(identity->server, &usage, &critical), 0);
	assert_int_equal(usage, GNUTLS_KEY_DIGITAL_SIGNATURE);
	assert_int_equal(gnutls_x509_crt_get_dn(identity->ca, name, &size), 0);
	assert_int_equal(strncmp(name, "CN=camward device CA ", 21), 0);
	assert_true(gnutls_x509_crt_get_expiration_time(identity->server) -
			    gnutls_x509_crt_get_activation_time(identity->server) <=
		    800 * 24 * 60 * 60);
	assert_true(gnutls_x509_crt_get_expiration_time(identity->ca) >
		    gnutls_x509_crt_get_expiration_time(identity->server));
}

static void test_names(void **s)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
	struct identity *identity = *s;
	char host[TLS_NAME_TEXT_SIZE], local[TLS_NAME_TEXT_SIZE + 8];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(gnutls_x509_crt_check_hostname(identity->server, names[i]));
	tls_names_host(host);
	assert_true(gnutls_x509_crt_check_hostname(identity->server, host));
	host[strcspn(host, ".")] = 0;
	snprintf(local, sizeof(local), "%s.local", host);
	assert_true(strcmp(host, "localhost") == 0 ||
		    gnutls_x509_crt_check_hostname(identity->server, local));
	assert_false(gnutls_x509_crt_check_hostname(identity->server, "example.org"));
	assert_false(gnutls_x509_crt_check_hostname(identity->server, "127.0.0.2"));
}

static void test_signature(void **s)
{
	struct identity *identity = *s;
	uint8_t digest[TLS_IDENTITY_DIGEST_SIZE], bytes[TLS_IDENTITY_SIGNATURE_MAX];
	gnutls_datum_t hash = {digest, sizeof(digest)}, signature = {bytes, 0};
	gnutls_pubkey_t key;

	assert_int_equal(gnutls_pubkey_init(&key), 0);
	assert_int_equal(gnutls_pubkey_import_x509(key, identity->server, 0), 0);
	for (int i = 0; i < 100; i++) {
		int n;

		gnutls_rnd(GNUTLS_RND_NONCE, digest, sizeof(digest));
		n = tls_identity_sign_digest(identity->tls, digest, bytes);
		assert_in_range(n, 8, TLS_IDENTITY_SIGNATURE_MAX);
		signature.size = (unsigned)n;
		assert_int_equal(gnutls_pubkey_verify_hash2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &hash,
							    &signature),
				 0);
		digest[0] ^= 1;
		assert_true(gnutls_pubkey_verify_hash2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &hash,
						       &signature) < 0);
	}
	gnutls_pubkey_deinit(key);
}

static void test_pin(void **s)
{
	struct identity *identity = *s;
	uint8_t pin[64], id[32];
	size_t size = sizeof(id);

	assert_int_equal(base64_decode(slice_text(tls_identity_spki_sha256(identity->tls)), pin,
				       sizeof(pin)),
			 32);
	assert_int_equal(
		gnutls_x509_crt_get_key_id(identity->server, GNUTLS_KEYID_USE_SHA256, id, &size),
		0);
	assert_memory_equal(pin, id, sizeof(id));
}

static void test_pem_is_the_chain(void **s)
{
	struct identity *identity = *s;
	const char *pem = tls_identity_chain_pem(identity->tls);
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
	gnutls_x509_crt_t *list;
	unsigned n;

	assert_null(strstr(pem, "PRIVATE"));
	assert_int_equal(gnutls_x509_crt_list_import2(&list, &n, &datum, GNUTLS_X509_FMT_PEM, 0),
			 0);
	assert_int_equal(n, 2);
	assert_true(gnutls_x509_crt_equals(list[0], identity->server));
	assert_true(gnutls_x509_crt_equals(list[1], identity->ca));
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
}

/* The certificate's serial number as text. */
static const char *serial(const struct identity *identity, char text[65])
{
	uint8_t bytes[32];
	size_t size = sizeof(bytes);

	assert_int_equal(gnutls_x509_crt_get_serial(identity->server, bytes, &size), 0);
	format_hex(bytes, size, text);
	return text;
}

/* Loads again: is it the same certificate? The key and the CA always are. */
static bool same_after(struct identity *identity, uint64_t now)
{
	char before[65], after[65], spki[TLS_IDENTITY_SPKI_TEXT_SIZE], ca[128], ca_after[128];
	size_t size = sizeof(ca), size_after = sizeof(ca);

	serial(identity, before);
	strcpy(spki, tls_identity_spki_sha256(identity->tls));
	assert_int_equal(
		gnutls_x509_crt_get_fingerprint(identity->ca, GNUTLS_DIG_SHA256, ca, &size), 0);
	assert_int_equal(load(identity, now), 0);
	assert_string_equal(spki, tls_identity_spki_sha256(identity->tls));
	assert_int_equal(gnutls_x509_crt_get_fingerprint(identity->ca, GNUTLS_DIG_SHA256, ca_after,
							 &size_after),
			 0);
	assert_memory_equal(ca, ca_after, size);
	assert_true(verifies(identity, now > BUILD_TIME ? now : BUILD_TIME));
	return strcmp(before, serial(identity, after)) == 0;
}

static void test_kept_while_good(void **s)
{
	struct identity *identity = *s;

	assert_true(same_after(identity, NOW));
	assert_true(same_after(identity, NOW + 768 * DAY));
	assert_false(same_after(identity, NOW + 770 * DAY));
	assert_true(same_after(identity, NOW + 770 * DAY));
	/* The clock was wrong, and is not any more. */
	assert_false(same_after(identity, NOW));
	/* The clock is not set: as if it were the build's time. */
	assert_false(same_after(identity, 0));
	assert_true(same_after(identity, 1));
}

static gnutls_x509_privkey_t read_key(const struct identity *identity, const char *name)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;
	char path[128];

	state_path(&identity->state, name, path);
	assert_int_equal(gnutls_load_file(path, &pem), 0);
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0), 0);
	gnutls_free(pem.data);
	return key;
}

/* Replaces the server's certificate by one for these names and this key of the directory. */
static void reissue(const struct identity *identity, const struct tls_names *names, const char *key)
{
	gnutls_x509_privkey_t ca_key = read_key(identity, "device-ca.key");
	gnutls_x509_privkey_t server_key = read_key(identity, key);
	gnutls_x509_crt_t server;
	gnutls_datum_t pem;
	char path[128];
	FILE *file;

	assert_int_equal(tls_certificate_make_server(server_key, names, identity->ca, ca_key,
						     (int64_t)(NOW / USEC_PER_SEC), &server),
			 0);
	assert_int_equal(gnutls_x509_crt_export2(server, GNUTLS_X509_FMT_PEM, &pem), 0);
	state_path(&identity->state, "server.pem", path);
	file = fopen(path, "w");
	assert_int_equal(fwrite(pem.data, 1, pem.size, file), pem.size);
	fclose(file);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(server);
	gnutls_x509_privkey_deinit(server_key);
	gnutls_x509_privkey_deinit(ca_key);
}

static bool kept_after_reissue(struct identity *identity, const struct tls_names *names,
			       const char *key)
{
	char issued[65], after[65];
	char path[128];
	gnutls_datum_t pem;

	reissue(identity, names, key);
	state_path(&identity->state, "server.pem", path);
	assert_int_equal(gnutls_load_file(path, &pem), 0);
	gnutls_x509_crt_deinit(identity->server);
	assert_int_equal(gnutls_x509_crt_init(&identity->server), 0);
	assert_int_equal(gnutls_x509_crt_import(identity->server, &pem, GNUTLS_X509_FMT_PEM), 0);
	gnutls_free(pem.data);
	serial(identity, issued);
	assert_int_equal(load(identity, NOW), 0);
	assert_true(verifies(identity, NOW));
	return strcmp(issued, serial(identity, after)) == 0;
}

static void test_renewed_when_names_or_key_change(void **s)
{
	struct identity *identity = *s;
	struct tls_names names;

	assert_int_equal(tls_names_collect(&names), 0);
	assert_true(kept_after_reissue(identity, &names, "server.key"));
	names.n--; /* an address less */
	assert_false(kept_after_reissue(identity, &names, "server.key"));
	names.n++;
	assert_true(kept_after_reissue(identity, &names, "server.key"));
	names.entries[names.n - 1].value[1] ^= 1; /* another address */
	assert_false(kept_after_reissue(identity, &names, "server.key"));
	names.entries[names.n - 1].value[1] ^= 1;
	assert_false(kept_after_reissue(identity, &names, "device-ca.key"));
}

static void spoil(const struct identity *identity, const char *name)
{
	char path[128];
	FILE *file;

	state_path(&identity->state, name, path);
	file = fopen(path, "w");
	fputs("not what it was\n", file);
	fclose(file);
}

static void test_what_people_rely_on_is_not_replaced(void **s)
{
	static const char *const names[] = {"device-ca.key", "device-ca.pem", "server.key"};
	struct identity *identity = *s;

	spoil(identity, "server.pem");
	assert_false(same_after(identity, NOW));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128], kept[136];

		state_path(&identity->state, names[i], path);
		snprintf(kept, sizeof(kept), "%s.kept", path);
		assert_int_equal(rename(path, kept), 0);
		spoil(identity, names[i]);
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(load(identity, NOW), -EUCLEAN);
		assert_int_equal(rename(kept, path), 0);
		assert_int_equal(load(identity, NOW), 0);
	}
}

static void test_a_foreign_ca_key_is_refused(void **s)
{
	struct identity *identity = *s;
	char from[128], to[128];

	state_path(&identity->state, "server.key", from);
	state_path(&identity->state, "device-ca.key", to);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(load(identity, NOW), -EUCLEAN);
}

static void test_only_the_owner_can_read(void **s)
{
	static const char *const names[] = {"device-ca.key", "device-ca.pem", "server.key",
					    "server.pem"};
	struct identity *identity = *s;
	char path[128];
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		state_path(&identity->state, names[i], path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	state_path(&identity->state, "server.key", path);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(load(identity, NOW), -EPERM);
}

#define IDENTITY(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IDENTITY(test_chain),
		IDENTITY(test_names),
		IDENTITY(test_signature),
		IDENTITY(test_pin),
		IDENTITY(test_pem_is_the_chain),
		IDENTITY(test_kept_while_good),
		IDENTITY(test_renewed_when_names_or_key_change),
		IDENTITY(test_what_people_rely_on_is_not_replaced),
		IDENTITY(test_a_foreign_ca_key_is_refused),
		IDENTITY(test_only_the_owner_can_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
