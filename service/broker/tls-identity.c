// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/tls-identity.h"

#include <gnutls/crypto.h>

#include "broker/build-time.h"
#include "broker/state-dir.h"
#include "broker/tls-certificate.h"

#define CA_KEY      "device-ca.key"
#define CA          "device-ca.pem"
#define SERVER_KEY  "server.key"
#define SERVER      TLS_IDENTITY_SERVER_FILE
#define KEY_BITS    256 /* P-256 */
#define SPKI_DIGEST 32

struct tls_identity {
	gnutls_privkey_t key;
	/* For clients' certificates: to load them then would be to wait for a disk. */
	gnutls_x509_privkey_t ca_key, server_key;
	gnutls_x509_crt_t ca, server;
	gnutls_datum_t der[TLS_IDENTITY_CHAIN];
	struct tls_certificate chain[TLS_IDENTITY_CHAIN]; /* into der */
	char *pem, *server_pem;
	char spki[TLS_IDENTITY_SPKI_TEXT_SIZE];
	bool renewed;
};

/* The four of them, while they are loaded. */
struct material {
	gnutls_x509_privkey_t ca_key, key;
	gnutls_x509_crt_t ca, server;
	bool renewed;
};

static void material_release(struct material *material)
{
	gnutls_x509_privkey_deinitp(&material->ca_key);
	gnutls_x509_privkey_deinitp(&material->key);
	gnutls_x509_crt_deinitp(&material->ca);
	gnutls_x509_crt_deinitp(&material->server);
}

static void datum_erase(gnutls_datum_t *datum)
{
	if (datum->data)
		erase(datum->data, datum->size);
	gnutls_free(datum->data);
}

static int save_key(int dir, const char *name, gnutls_x509_privkey_t key)
{
	_cleanup_(datum_erase) gnutls_datum_t pem = {0};

	if (gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
					      &pem) < 0)
		return -EIO;
	return state_dir_write(dir, name, pem.data, pem.size);
}

static int parse_key(const uint8_t *pem, size_t size, gnutls_x509_privkey_t *ret)
{
	_cleanup_(gnutls_x509_privkey_deinitp) gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t datum = {.data = (unsigned char *)(uintptr_t)pem, .size = (unsigned)size};
	unsigned bits;

	if (gnutls_x509_privkey_init(&key) < 0)
		return -ENOMEM;
	if (gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN) <
	    0)
		return -EUCLEAN;
	/* Its public half stands beside it, and is not derived from it. */
	if (gnutls_x509_privkey_get_pk_algorithm2(key, &bits) != GNUTLS_PK_ECDSA ||
	    bits != KEY_BITS || gnutls_x509_privkey_verify_params(key) < 0)
		return -EUCLEAN;
	*ret = steal_pointer(&key);
	return 0;
}

/* Makes the key if there is none. */
static int load_key(int dir, const char *name, gnutls_x509_privkey_t *ret)
{
	uint8_t *pem;
	size_t size;
	int r = state_dir_read(dir, name, true, &pem, &size);

	if (r == -ENOENT) {
		r = tls_certificate_make_key(ret);
		return r < 0 ? r : save_key(dir, name, *ret);
	}
	if (r < 0)
		return r == -EFBIG ? -EUCLEAN : r;
	r = parse_key(pem, size, ret);
	erase(pem, size);
	free(pem);
	return r;
}

static int save_certificate(int dir, const char *name, gnutls_x509_crt_t certificate)
{
	_cleanup_(datum_erase) gnutls_datum_t pem = {0};

	if (gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem) < 0)
		return -EIO;
	return state_dir_write(dir, name, pem.data, pem.size);
}

static int load_certificate(int dir, const char *name, gnutls_x509_crt_t *ret)
{
	_cleanup_(gnutls_x509_crt_deinitp) gnutls_x509_crt_t certificate = NULL;
	_cleanup_free_ uint8_t *pem = NULL;
	size_t size;
	int r = state_dir_read(dir, name, false, &pem, &size);

	if (r < 0)
		return r == -EFBIG ? -EUCLEAN : r;
	if (gnutls_x509_crt_init(&certificate) < 0)
		return -ENOMEM;
	if (gnutls_x509_crt_import(certificate,
				   &(gnutls_datum_t){.data = pem, .size = (unsigned)size},
				   GNUTLS_X509_FMT_PEM) < 0)
		return -EUCLEAN;
	*ret = steal_pointer(&certificate);
	return 0;
}

/* People have installed this one: it is never replaced by another without being asked. */
static int load_ca(int dir, int64_t now, struct material *material)
{
	int r = load_key(dir, CA_KEY, &material->ca_key);

	if (r < 0)
		return r;
	r = load_certificate(dir, CA, &material->ca);
	if (r == -ENOENT) {
		r = tls_certificate_make_ca(material->ca_key, now, &material->ca);
		return r < 0 ? r : save_certificate(dir, CA, material->ca);
	}
	if (r == 0 && !tls_certificate_has_key(material->ca, material->ca_key))
		r = -EUCLEAN;
	return r;
}

/* This one may be issued anew at any time: viewers pin its key. */
static int load_server(int dir, int64_t now, struct material *material)
{
	struct tls_names names;
	int r = load_key(dir, SERVER_KEY, &material->key);

	if (r == 0)
		r = tls_names_collect(&names);
	if (r < 0)
		return r;
	r = load_certificate(dir, SERVER, &material->server);
	if (r < 0 && r != -ENOENT && r != -EUCLEAN)
		return r;
	if (r == 0 &&
	    tls_certificate_good(material->server, material->key, &names, material->ca, now))
		return 0;
	gnutls_x509_crt_deinitp(&material->server);
	material->server = NULL;
	r = tls_certificate_make_server(material->key, &names, material->ca, material->ca_key, now,
					&material->server);
	if (r == 0)
		r = save_certificate(dir, SERVER, material->server);
	material->renewed = r == 0;
	return r;
}

static int export_pem(struct tls_identity *identity)
{
	_cleanup_(datum_erase) gnutls_datum_t server = {0}, ca = {0};
	char *both, *one;

	if (gnutls_x509_crt_export2(identity->server, GNUTLS_X509_FMT_PEM, &server) < 0 ||
	    gnutls_x509_crt_export2(identity->ca, GNUTLS_X509_FMT_PEM, &ca) < 0)
		return -EIO;
	both = calloc(1, (size_t)server.size + ca.size + 1);
	one = both ? strndup((const char *)server.data, server.size) : NULL;
	if (!one) {
		free(both);
		return -ENOMEM;
	}
	memcpy(both, server.data, server.size);
	memcpy(both + server.size, ca.data, ca.size);
	free(identity->pem);
	free(identity->server_pem);
	identity->pem = both;
	identity->server_pem = one;
	return 0;
}

static int export_spki(struct tls_identity *identity, gnutls_x509_privkey_t key)
{
	_cleanup_(datum_erase) gnutls_datum_t text = {0};
	uint8_t digest[SPKI_DIGEST];
	size_t size = sizeof(digest);

	if (gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, digest, &size) < 0 ||
	    gnutls_base64_encode2(&(gnutls_datum_t){digest, (unsigned)size}, &text) < 0 ||
	    text.size >= sizeof(identity->spki))
		return -EIO;
	memcpy(identity->spki, text.data, text.size);
	return 0;
}

static int export_chain(struct tls_identity *identity)
{
	gnutls_datum_t server = {0}, ca = {0};

	if (gnutls_x509_crt_export2(identity->server, GNUTLS_X509_FMT_DER, &server) < 0)
		return -EIO;
	if (gnutls_x509_crt_export2(identity->ca, GNUTLS_X509_FMT_DER, &ca) < 0) {
		gnutls_free(server.data);
		return -EIO;
	}
	gnutls_free(identity->der[0].data);
	gnutls_free(identity->der[1].data);
	identity->der[0] = server;
	identity->der[1] = ca;
	for (size_t i = 0; i < TLS_IDENTITY_CHAIN; i++)
		identity->chain[i] = (struct tls_certificate){.der = identity->der[i].data,
							      .size = identity->der[i].size};
	return 0;
}

static int export_all(struct tls_identity *identity)
{
	int r = export_chain(identity);

	return r < 0 ? r : export_pem(identity);
}

static int make_identity(struct material *material, struct tls_identity **ret)
{
	_cleanup_(tls_identity_freep) struct tls_identity *identity = calloc(1, sizeof(*identity));
	int r;

	if (!identity || gnutls_privkey_init(&identity->key) < 0)
		return -ENOMEM;
	identity->renewed = material->renewed;
	if (gnutls_privkey_import_x509(identity->key, material->key, GNUTLS_PRIVKEY_IMPORT_COPY) <
	    0)
		return -EIO;
	identity->ca_key = steal_pointer(&material->ca_key);
	identity->server_key = steal_pointer(&material->key);
	identity->ca = steal_pointer(&material->ca);
	identity->server = steal_pointer(&material->server);
	r = export_all(identity);
	if (r == 0)
		r = export_spki(identity, identity->server_key);
	if (r < 0)
		return r;
	*ret = steal_pointer(&identity);
	return 0;
}

static int64_t to_seconds(uint64_t now)
{
	return (int64_t)((now > BUILD_TIME ? now : BUILD_TIME) / USEC_PER_SEC);
}

int tls_identity_load_or_make(const char *dir, uint64_t now, struct tls_identity **ret)
{
	_cleanup_(material_release) struct material material = {0};
	_cleanup_close_ int fd = state_dir_open(dir);
	int64_t seconds = to_seconds(now);
	int r;

	if (fd < 0)
		return fd;
	r = load_ca(fd, seconds, &material);
	if (r == 0)
		r = load_server(fd, seconds, &material);
	return r < 0 ? r : make_identity(&material, ret);
}

/* What the former was exported as stays if this one cannot be. */
static int take_server(struct tls_identity *identity, gnutls_x509_crt_t *server)
{
	gnutls_x509_crt_t former = identity->server;
	int r;

	identity->server = *server;
	r = export_all(identity);
	if (r < 0) {
		identity->server = former;
		return r;
	}
	*server = former;
	return 1;
}

int tls_identity_refresh(struct tls_identity *identity, uint64_t now)
{
	_cleanup_(gnutls_x509_crt_deinitp) gnutls_x509_crt_t server = NULL;
	struct tls_names names;
	int r = tls_names_collect(&names);

	if (r < 0)
		return r;
	if (tls_certificate_good(identity->server, identity->server_key, &names, identity->ca,
				 to_seconds(now)))
		return 0;
	r = tls_certificate_make_server(identity->server_key, &names, identity->ca,
					identity->ca_key, to_seconds(now), &server);
	return r < 0 ? r : take_server(identity, &server);
}

const char *tls_identity_server(const struct tls_identity *identity)
{
	return identity->server_pem;
}

void tls_identity_free(struct tls_identity *identity)
{
	if (!identity)
		return;
	if (identity->key)
		gnutls_privkey_deinit(identity->key);
	gnutls_x509_privkey_deinitp(&identity->ca_key);
	gnutls_x509_privkey_deinitp(&identity->server_key);
	gnutls_x509_crt_deinitp(&identity->ca);
	gnutls_x509_crt_deinitp(&identity->server);
	for (size_t i = 0; i < TLS_IDENTITY_CHAIN; i++)
		gnutls_free(identity->der[i].data);
	free(identity->pem);
	free(identity->server_pem);
	free(identity);
}

int tls_identity_sign_digest(const struct tls_identity *identity,
			     const uint8_t digest[TLS_IDENTITY_DIGEST_SIZE],
			     uint8_t signature[TLS_IDENTITY_SIGNATURE_MAX])
{
	uint8_t copy[TLS_IDENTITY_DIGEST_SIZE];
	gnutls_datum_t hash = {.data = copy, .size = sizeof(copy)}, der = {0};
	int r = -EIO;

	memcpy(copy, digest, sizeof(copy));
	if (gnutls_privkey_sign_hash(identity->key, GNUTLS_DIG_SHA256, 0, &hash, &der) < 0)
		return -EIO;
	if (der.size <= TLS_IDENTITY_SIGNATURE_MAX) {
		memcpy(signature, der.data, der.size);
		r = (int)der.size;
	}
	gnutls_free(der.data);
	return r;
}

int tls_identity_issue(const struct tls_identity *identity, gnutls_x509_crt_t certificate)
{
	return tls_certificate_sign(certificate, identity->ca, identity->ca_key);
}

bool tls_identity_is_renewed(const struct tls_identity *identity)
{
	return identity->renewed;
}

const struct tls_certificate *tls_identity_chain(const struct tls_identity *identity)
{
	return identity->chain;
}

const char *tls_identity_chain_pem(const struct tls_identity *identity)
{
	return identity->pem;
}

const char *tls_identity_spki_sha256(const struct tls_identity *identity)
{
	return identity->spki;
}
