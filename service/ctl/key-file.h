// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A client's key and certificate, made here and written to files that nobody else can read: the key
 * is in this process and in those files, and nowhere else. Everything returns 0 or, having said
 * what went wrong, the exit status.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_FILE_FINGERPRINT_SIZE 45 /* base64(SHA-256(SubjectPublicKeyInfo)) and the NUL */
#define KEY_FILE_PASSPHRASE_SIZE  24 /* 4 groups of 5 characters of 5 bits, and the NUL */

struct key_file;

/* A key of its own: ECDSA P-256. */
int key_file_make(struct key_file **ret);
void key_file_free(struct key_file *key);
/* A request for a certificate (PKCS #10, DER); the key's. */
int key_file_request(struct key_file *key, const uint8_t **ret, size_t *ret_size);
/* The answer to it, DER, and the CA's certificate, PEM. */
int key_file_certify(struct key_file *key, const void *der, size_t size, const char *ca);
/* What clients are known by. */
int key_file_fingerprint(const struct key_file *key, char ret[KEY_FILE_FINGERPRINT_SIZE]);

/* Makes an empty file (0600), which must not exist yet; returns its descriptor in *ret. */
int key_file_open(const char *path, int *ret);
/* All of it; says what fails. */
int key_file_write(int fd, const char *path, const void *data, size_t size);

/* Certificate, CA and key, PEM, into fd. */
int key_file_write_pem(const struct key_file *key, int fd, const char *path);
/* The same as PKCS #12. legacy: as old systems understand it (3DES, SHA-1). */
int key_file_write_pkcs12(const struct key_file *key, int fd, const char *path, const char *name,
			  const char *passphrase, bool legacy);
int key_file_make_passphrase(char ret[KEY_FILE_PASSPHRASE_SIZE]);

/* Of the certificate in this file, PEM or DER. */
int key_file_read_fingerprint(const char *path, char ret[KEY_FILE_FINGERPRINT_SIZE]);

static inline void key_file_freep(struct key_file **key)
{
	key_file_free(*key);
}
