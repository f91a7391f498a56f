// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/envelope.h"

#include <endian.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/ctl.h"
#include "ctl/key-file.h"

#define KEY_SIZE   32
#define TAG_SIZE   16
#define CHUNK_SIZE 65536
/* OWASP's for HMAC-SHA-512 (2023) is 210,000; so many take a second on a small board. What is
 * read may have been made with others, but nobody can make it take for ever. */
#define ITERATIONS     400000
#define ITERATIONS_MAX 10000000

static const char magic[16] = "camward sealed 1";

struct header {
	char magic[16];
	uint32_t iterations; /* big endian */
	uint8_t salt[28];
	uint8_t check[32];
};

struct envelope {
	struct header header;
	gnutls_aead_cipher_hd_t cipher;
	uint64_t chunk;
	uint8_t plain[CHUNK_SIZE], sealed[CHUNK_SIZE + TAG_SIZE];
};

static struct envelope *envelope_free(struct envelope *e)
{
	if (!e)
		return NULL;
	if (e->cipher)
		gnutls_aead_cipher_deinit(e->cipher);
	erase(e, sizeof(*e));
	free(e);
	return NULL;
}

static inline void envelope_freep(struct envelope **e)
{
	envelope_free(*e);
}

/* 1: it is not the passphrase that was used then. */
static int derive(struct envelope *e, const char *passphrase, bool compare)
{
	struct header *h = &e->header;
	uint8_t made[KEY_SIZE + sizeof(h->check)];
	gnutls_datum_t secret = {(unsigned char *)(uintptr_t)passphrase,
				 (unsigned)strlen(passphrase)};
	gnutls_datum_t salt = {h->salt, sizeof(h->salt)}, key = {made, KEY_SIZE};
	int r = gnutls_pbkdf2(GNUTLS_MAC_SHA512, &secret, &salt, be32toh(h->iterations), made,
			      sizeof(made));

	if (r == 0)
		r = gnutls_aead_cipher_init(&e->cipher, GNUTLS_CIPHER_AES_256_GCM, &key);
	if (r == 0 && compare)
		r = gnutls_memcmp(h->check, made + KEY_SIZE, sizeof(h->check)) != 0;
	else if (r == 0)
		memcpy(h->check, made + KEY_SIZE, sizeof(h->check));
	erase(made, sizeof(made));
	return r;
}

static void next_nonce(struct envelope *e, bool last, uint8_t nonce[12])
{
	uint32_t flag = htobe32(last);
	uint64_t number = htobe64(e->chunk++);

	memcpy(nonce, &flag, sizeof(flag));
	memcpy(nonce + sizeof(flag), &number, sizeof(number));
}

/* As many bytes as there are, up to size. */
static ssize_t read_full(int fd, void *data, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, (uint8_t *)data + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

bool envelope_is(int fd)
{
	char start[sizeof(magic)];

	return pread(fd, start, sizeof(start), 0) == (ssize_t)sizeof(start) &&
	       !memcmp(start, magic, sizeof(magic));
}

static int write_chunks(struct envelope *e, int from, int to, const char *path)
{
	uint8_t nonce[12];
	ssize_t n;
	int r;

	do {
		size_t size = sizeof(e->sealed);

		n = read_full(from, e->plain, sizeof(e->plain));
		if (n < 0)
			return ctl_fail("%s cannot be copied: %s.", path, strerror((int)-n));
		next_nonce(e, n < CHUNK_SIZE, nonce);
		r = gnutls_aead_cipher_encrypt(e->cipher, nonce, sizeof(nonce), &e->header,
					       sizeof(e->header), TAG_SIZE, e->plain, (size_t)n,
					       e->sealed, &size);
		if (r < 0)
			return ctl_fail("%s cannot be encrypted: %s.", path, gnutls_strerror(r));
		r = key_file_write(to, path, e->sealed, size);
	} while (r == 0 && n == CHUNK_SIZE);
	return r;
}

int envelope_write(int from, int to, const char *path, const char *passphrase)
{
	_cleanup_(envelope_freep) struct envelope *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return ctl_out_of_memory();
	memcpy(e->header.magic, magic, sizeof(magic));
	e->header.iterations = htobe32(ITERATIONS);
	r = gnutls_rnd(GNUTLS_RND_KEY, e->header.salt, sizeof(e->header.salt));
	if (r == 0)
		r = derive(e, passphrase, false);
	if (r < 0)
		return ctl_fail("%s cannot be encrypted: %s.", path, gnutls_strerror(r));
	r = key_file_write(to, path, &e->header, sizeof(e->header));
	return r ? r : write_chunks(e, from, to, path);
}

static int damaged(const char *path)
{
	return ctl_fail("%s is damaged, or not whole: nothing was done with it.", path);
}

static int read_chunks(struct envelope *e, int from, int to, const char *path)
{
	uint8_t nonce[12];
	ssize_t n;
	int r;

	do {
		size_t size = sizeof(e->plain);

		n = read_full(from, e->sealed, sizeof(e->sealed));
		if (n < 0)
			return ctl_fail("%s cannot be read: %s.", path, strerror((int)-n));
		next_nonce(e, n < (ssize_t)sizeof(e->sealed), nonce);
		if (n < TAG_SIZE ||
		    gnutls_aead_cipher_decrypt(e->cipher, nonce, sizeof(nonce), &e->header,
					       sizeof(e->header), TAG_SIZE, e->sealed, (size_t)n,
					       e->plain, &size) < 0)
			return damaged(path);
		r = key_file_write(to, path, e->plain, size);
	} while (r == 0 && n == (ssize_t)sizeof(e->sealed));
	return r;
}

int envelope_read(int from, int to, const char *path, const char *passphrase)
{
	_cleanup_(envelope_freep) struct envelope *e = calloc(1, sizeof(*e));
	uint32_t iterations;
	int r;

	if (!e)
		return ctl_out_of_memory();
	if (read_full(from, &e->header, sizeof(e->header)) != sizeof(e->header))
		return damaged(path);
	iterations = be32toh(e->header.iterations);
	if (!iterations || iterations > ITERATIONS_MAX)
		return damaged(path);
	r = derive(e, passphrase, true);
	if (r > 0)
		return ctl_fail("The passphrase is not that of %s.", path);
	if (r < 0)
		return ctl_fail("%s cannot be decrypted: %s.", path, gnutls_strerror(r));
	return read_chunks(e, from, to, path);
}
