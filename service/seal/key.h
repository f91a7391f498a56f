// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ed25519 keys (RFC 8032) and what is signed with them: context || 00 || body, so that no signature
 * can pass for one of another kind (docs/SEAL.md, Keys).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_SIZE       32 /* public, and the private seed */
#define SEAL_SIGNATURE_SIZE 64

#define SEAL_CONTEXT_CERTIFICATE "camward seal certificate v1"
#define SEAL_CONTEXT_STATEMENT   "camward lease statement v1"
#define SEAL_CONTEXT_FRAME       "camward frame seal v1"

/*
 * A private key. Its seed stands once, in memory of its own that is not dumped, not swapped where
 * the limits allow that and not inherited by a child; what signing derives from it is erased at
 * once. seal_key_free() erases the seed. Needs mmap, madvise, mlock, munmap and getrandom.
 */
struct seal_key;

/* Errors: -EIO (no randomness), -ENOMEM. */
int seal_key_generate(struct seal_key **ret);
/* From and to the 32-byte seed, which the caller erases. Errors: -ENOMEM. */
int seal_key_from_seed(const uint8_t seed[SEAL_KEY_SIZE], struct seal_key **ret);
void seal_key_seed(const struct seal_key *key, uint8_t ret[SEAL_KEY_SIZE]);
struct seal_key *seal_key_free(struct seal_key *key);

void seal_key_public(const struct seal_key *key, uint8_t ret[SEAL_KEY_SIZE]);

/* Errors: -EMSGSIZE (no body here is longer than 1 KiB). */
int seal_key_sign(const struct seal_key *key, const char *context, const void *body, size_t size,
		  uint8_t ret[SEAL_SIGNATURE_SIZE]);

/* 0, or -EBADMSG: not signed so by this key, or no key. */
int seal_public_verify(const uint8_t key[SEAL_KEY_SIZE], const char *context, const void *body,
		       size_t size, const uint8_t signature[SEAL_SIGNATURE_SIZE]);

/* SubjectPublicKeyInfo in PEM (RFC 8410), as other tools read it; text has room for
 * SEAL_PEM_SIZE bytes. Reading takes exactly that form, the line within it alone, or 64 hexadecimal
 * digits; line ends after it do not matter. Errors: -EINVAL. */
#define SEAL_PEM_SIZE 256
void seal_public_write_pem(const uint8_t key[SEAL_KEY_SIZE], char text[SEAL_PEM_SIZE]);
int seal_public_read(const char *text, size_t size, uint8_t ret[SEAL_KEY_SIZE]);

static inline void seal_key_freep(struct seal_key **key)
{
	seal_key_free(*key);
}
