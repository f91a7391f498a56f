// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/key-file.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/ctl.h"

#define DIGEST_SIZE 32

struct key_file {
	gnutls_x509_privkey_t key;
	gnutls_datum_t request;
	gnutls_x509_crt_t certificate, ca;
};

static int failed(const char *what, int error)
{
	return ctl_fail("%s: %s.", what, gnutls_strerror(error));
}

int key_file_make(struct key_file **ret)
{
	struct key_file *key = calloc(1, sizeof(*key));
	int r;

	if (!key)
		return ctl_out_of_memory();
	r = gnutls_x509_privkey_init(&key->key);
	if (r == 0)
		r = gnutls_x509_privkey_generate(key->key, GNUTLS_PK_ECDSA,
						 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
						 0);
	if (r < 0) {
		key_file_free(key);
		return failed("A key cannot be made", r);
	}
	*ret = key;
	return 0;
}

/* GnuTLS erases keys when it frees them. */
void key_file_free(struct key_file *key)
{
	if (!key)
		return;
	if (key->key)
		gnutls_x509_privkey_deinit(key->key);
	if (key->certificate)
		gnutls_x509_crt_deinit(key->certificate);
	if (key->ca)
		gnutls_x509_crt_deinit(key->ca);
	gnutls_free(key->request.data);
	free(key);
}

int key_file_request(struct key_file *key, const uint8_t **ret, size_t *ret_size)
{
	gnutls_x509_crq_t request;
	int r = gnutls_x509_crq_init(&request);

	if (r < 0)
		return ctl_out_of_memory();
	r = gnutls_x509_crq_set_version(request, 1);
	if (r == 0)
		r = gnutls_x509_crq_set_key(request, key->key);
	if (r == 0)
		r = gnutls_x509_crq_sign2(request, key->key, GNUTLS_DIG_SHA256, 0);
	if (r == 0)
		r = gnutls_x509_crq_export2(request, GNUTLS_X509_FMT_DER, &key->request);
	gnutls_x509_crq_deinit(request);
	if (r < 0)
		return failed("A request for a certificate cannot be made", r);
	*ret = key->request.data;
	*ret_size = key->request.size;
	return 0;
}

static int import(const void *data, size_t size, gnutls_x509_crt_fmt_t format,
		  gnutls_x509_crt_t *ret)
{
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)data, (unsigned)size};
	int r = gnutls_x509_crt_init(ret);

	return r < 0 ? r : gnutls_x509_crt_import(*ret, &datum, format);
}

int key_file_certify(struct key_file *key, const void *der, size_t size, const char *ca)
{
	int r = import(der, size, GNUTLS_X509_FMT_DER, &key->certificate);

	if (r == 0)
		r = import(ca, strlen(ca), GNUTLS_X509_FMT_PEM, &key->ca);
	return r < 0 ? failed("camwardd answered with something that is no certificate", r) : 0;
}

static int fingerprint_of(gnutls_x509_crt_t certificate, char ret[KEY_FILE_FINGERPRINT_SIZE])
{
	uint8_t digest[DIGEST_SIZE];
	size_t size = sizeof(digest);
	gnutls_datum_t raw = {digest, sizeof(digest)}, text = {};
	int r = gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, digest, &size);

	if (r == 0)
		r = gnutls_base64_encode2(&raw, &text);
	if (r < 0)
		return failed("The certificate's key cannot be read", r);
	snprintf(ret, KEY_FILE_FINGERPRINT_SIZE, "%.*s", (int)text.size, text.data);
	gnutls_free(text.data);
	return 0;
}

int key_file_fingerprint(const struct key_file *key, char ret[KEY_FILE_FINGERPRINT_SIZE])
{
	return fingerprint_of(key->certificate, ret);
}

int key_file_open(const char *path, int *ret)
{
	*ret = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*ret < 0)
		return ctl_fail("%s cannot be made: %s.", path, strerror(errno));
	return 0;
}

int key_file_write(int fd, const char *path, const void *data, size_t size)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ctl_fail("%s cannot be written: %s.", path, strerror(errno));
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int write_certificate(gnutls_x509_crt_t certificate, int fd, const char *path)
{
	gnutls_datum_t pem = {};
	int r = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem);

	r = r < 0 ? failed(path, r) : key_file_write(fd, path, pem.data, pem.size);
	gnutls_free(pem.data);
	return r;
}

int key_file_write_pem(const struct key_file *key, int fd, const char *path)
{
	gnutls_datum_t pem = {};
	int r = write_certificate(key->certificate, fd, path);

	if (!r)
		r = write_certificate(key->ca, fd, path);
	if (r)
		return r;
	r = gnutls_x509_privkey_export2_pkcs8(key->key, GNUTLS_X509_FMT_PEM, NULL,
					      GNUTLS_PKCS_PLAIN, &pem);
	r = r < 0 ? failed(path, r) : key_file_write(fd, path, pem.data, pem.size);
	if (pem.data)
		erase(pem.data, pem.size);
	gnutls_free(pem.data);
	return r;
}

/* How a bag is encrypted. */
static unsigned cipher_of(bool legacy)
{
	return legacy ? GNUTLS_PKCS_PKCS12_3DES : GNUTLS_PKCS_PBES2_AES_256;
}

static int name_bag(gnutls_pkcs12_bag_t bag, int index, const struct key_file *key,
		    const char *name)
{
	uint8_t id[DIGEST_SIZE];
	size_t size = sizeof(id);
	gnutls_datum_t datum = {id, 0};
	int r = gnutls_x509_crt_get_key_id(key->certificate, GNUTLS_KEYID_USE_SHA1, id, &size);

	datum.size = (unsigned)size;
	if (r >= 0)
		r = gnutls_pkcs12_bag_set_key_id(bag, (unsigned)index, &datum);
	return r < 0 ? r : gnutls_pkcs12_bag_set_friendly_name(bag, (unsigned)index, name);
}

static int add_certificates(gnutls_pkcs12_t p12, const struct key_file *key, const char *name,
			    const char *passphrase, bool legacy)
{
	gnutls_pkcs12_bag_t bag;
	int r = gnutls_pkcs12_bag_init(&bag), index;

	if (r < 0)
		return r;
	index = gnutls_pkcs12_bag_set_crt(bag, key->certificate);
	r = index < 0 ? index : name_bag(bag, index, key, name);
	if (r >= 0)
		r = gnutls_pkcs12_bag_set_crt(bag, key->ca);
	if (r >= 0)
		r = gnutls_pkcs12_bag_encrypt(bag, passphrase, cipher_of(legacy));
	if (r >= 0)
		r = gnutls_pkcs12_set_bag(p12, bag);
	gnutls_pkcs12_bag_deinit(bag);
	return r;
}

static int add_key(gnutls_pkcs12_t p12, const struct key_file *key, const char *name,
		   const char *passphrase, bool legacy)
{
	gnutls_datum_t pkcs8 = {};
	gnutls_pkcs12_bag_t bag;
	int r = gnutls_pkcs12_bag_init(&bag), index;

	if (r < 0)
		return r;
	r = gnutls_x509_privkey_export2_pkcs8(key->key, GNUTLS_X509_FMT_DER, passphrase,
					      cipher_of(legacy), &pkcs8);
	if (r >= 0) {
		index = gnutls_pkcs12_bag_set_data(bag, GNUTLS_BAG_PKCS8_ENCRYPTED_KEY, &pkcs8);
		r = index < 0 ? index : name_bag(bag, index, key, name);
	}
	if (r >= 0)
		r = gnutls_pkcs12_set_bag(p12, bag);
	gnutls_free(pkcs8.data);
	gnutls_pkcs12_bag_deinit(bag);
	return r;
}

int key_file_write_pkcs12(const struct key_file *key, int fd, const char *path, const char *name,
			  const char *passphrase, bool legacy)
{
	gnutls_datum_t der = {};
	gnutls_pkcs12_t p12;
	int r = gnutls_pkcs12_init(&p12);

	if (r < 0)
		return ctl_out_of_memory();
	r = add_certificates(p12, key, name, passphrase, legacy);
	if (r >= 0)
		r = add_key(p12, key, name, passphrase, legacy);
	if (r >= 0)
		r = gnutls_pkcs12_generate_mac2(p12, legacy ? GNUTLS_MAC_SHA1 : GNUTLS_MAC_SHA256,
						passphrase);
	if (r >= 0)
		r = gnutls_pkcs12_export2(p12, GNUTLS_X509_FMT_DER, &der);
	r = r < 0 ? failed(path, r) : key_file_write(fd, path, der.data, der.size);
	gnutls_free(der.data);
	gnutls_pkcs12_deinit(p12);
	return r;
}

int key_file_make_passphrase(char ret[KEY_FILE_PASSPHRASE_SIZE])
{
	/* 32 characters that nobody takes for others. */
	static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t random[KEY_FILE_PASSPHRASE_SIZE];

	if (gnutls_rnd(GNUTLS_RND_KEY, random, sizeof(random)) < 0)
		return ctl_fail("There are no random numbers to be had.");
	for (size_t i = 0; i < KEY_FILE_PASSPHRASE_SIZE - 1; i++)
		ret[i] = i % 6 == 5 ? '-' : alphabet[random[i] % 32];
	ret[KEY_FILE_PASSPHRASE_SIZE - 1] = '\0';
	erase(random, sizeof(random));
	return 0;
}

static int read_file(const char *path, void *data, size_t *size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return ctl_fail("%s cannot be read: %s.", path, strerror(errno));
	n = read(fd, data, *size);
	if (n < 0)
		return ctl_fail("%s cannot be read: %s.", path, strerror(errno));
	*size = (size_t)n;
	return 0;
}

int key_file_read_fingerprint(const char *path, char ret[KEY_FILE_FINGERPRINT_SIZE])
{
	uint8_t data[16384];
	size_t size = sizeof(data);
	gnutls_x509_crt_t certificate = NULL;
	int r = read_file(path, data, &size);

	if (r)
		return r;
	r = import(data, size, GNUTLS_X509_FMT_PEM, &certificate);
	if (r < 0 && certificate) {
		gnutls_x509_crt_deinit(certificate);
		r = import(data, size, GNUTLS_X509_FMT_DER, &certificate);
	}
	r = r < 0 ? ctl_fail("%s is no certificate, neither in PEM nor in DER.", path)
		  : fingerprint_of(certificate, ret);
	if (certificate)
		gnutls_x509_crt_deinit(certificate);
	return r;
}
