// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Nettle itself, not GnuTLS above it: it takes the seed from where it lies and keeps no copy, and a
 * camera process needs no TLS library. What it leaves on the stack and in GMP's scratch memory
 * would give the key away as well as the seed does; both are erased here.
 */
#include "seal/key.h"

#include <gmp.h>
#include <nettle/eddsa.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "seal/bytes.h"

#define CONTEXT_SIZE_MAX 64
#define BODY_SIZE_MAX    1024
#define MESSAGE_SIZE_MAX (CONTEXT_SIZE_MAX + 1 + BODY_SIZE_MAX)

/* Deeper than nettle's signing goes (measured: under 4 KiB). */
#define STACK_BURNT 16384
#define STACK_GAP   512

/* In a mapping of its own: not swapped where the limits allow it, never dumped, never inherited. */
struct seal_key {
	uint8_t seed[SEAL_KEY_SIZE];
	uint8_t public[SEAL_KEY_SIZE];
};

static void free_erased(void *p, size_t size)
{
	erase(p, size);
	free(p);
}

static void *realloc_erased(void *p, size_t old_size, size_t size)
{
	void *new = malloc(size);

	if (!new)
		abort(); /* GMP knows no failure */
	memcpy(new, p, old_size < size ? old_size : size);
	free_erased(p, old_size);
	return new;
}

/* noinline: a frame of its own, where those of the signing were. */
static __attribute__((noinline)) void burn_stack(void)
{
	uint8_t below[STACK_BURNT];

	erase(below, sizeof(below));
}

static struct seal_key *key_alloc(void)
{
	struct seal_key *key = mmap(NULL, sizeof(*key), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (key == MAP_FAILED)
		return NULL;
	if (madvise(key, sizeof(*key), MADV_DONTDUMP) < 0 ||
	    madvise(key, sizeof(*key), MADV_DONTFORK) < 0) {
		munmap(key, sizeof(*key));
		return NULL;
	}
	(void)mlock(key, sizeof(*key));
	/* Of the whole process: GMP has one set. Its blocks come from malloc() either way. */
	mp_set_memory_functions(NULL, realloc_erased, free_erased);
	return key;
}

/*
 * The library is called this far below the frame from which burn_stack() is called: the words that
 * burn_stack() needs for itself, and so does not erase, are then none of the library's.
 */
static __attribute__((noinline)) void publish_below(struct seal_key *key)
{
	uint8_t gap[STACK_GAP];

	erase(gap, sizeof(gap));
	ed25519_sha512_public_key(key->public, key->seed);
	erase(gap, sizeof(gap));
}

static __attribute__((noinline)) void sign_below(const struct seal_key *key, const uint8_t *message,
						 size_t size, uint8_t *ret)
{
	uint8_t gap[STACK_GAP];

	erase(gap, sizeof(gap));
	ed25519_sha512_sign(key->public, key->seed, size, message, ret);
	erase(gap, sizeof(gap));
}

static void key_complete(struct seal_key *key)
{
	publish_below(key);
	burn_stack();
}

int seal_key_generate(struct seal_key **ret)
{
	struct seal_key *key = key_alloc();

	if (!key)
		return -ENOMEM;
	if (getrandom(key->seed, sizeof(key->seed), 0) != sizeof(key->seed)) {
		seal_key_free(key);
		return -EIO;
	}
	key_complete(key);
	*ret = key;
	return 0;
}

int seal_key_from_seed(const uint8_t seed[SEAL_KEY_SIZE], struct seal_key **ret)
{
	struct seal_key *key = key_alloc();

	if (!key)
		return -ENOMEM;
	memcpy(key->seed, seed, SEAL_KEY_SIZE);
	key_complete(key);
	*ret = key;
	return 0;
}

void seal_key_seed(const struct seal_key *key, uint8_t ret[SEAL_KEY_SIZE])
{
	memcpy(ret, key->seed, SEAL_KEY_SIZE);
}

struct seal_key *seal_key_free(struct seal_key *key)
{
	if (key) {
		erase(key, sizeof(*key));
		munmap(key, sizeof(*key));
	}
	return NULL;
}

void seal_key_public(const struct seal_key *key, uint8_t ret[SEAL_KEY_SIZE])
{
	memcpy(ret, key->public, SEAL_KEY_SIZE);
}

/* context || 00 || body; returns the size. Errors: -EMSGSIZE. */
static int message_make(const char *context, const void *body, size_t size,
			uint8_t ret[MESSAGE_SIZE_MAX])
{
	size_t n = strlen(context) + 1; /* its NUL is the separator */

	if (n > CONTEXT_SIZE_MAX || size > BODY_SIZE_MAX)
		return -EMSGSIZE;
	put_bytes(put_bytes(ret, context, n), body, size);
	return (int)(n + size);
}

int seal_key_sign(const struct seal_key *key, const char *context, const void *body, size_t size,
		  uint8_t ret[SEAL_SIGNATURE_SIZE])
{
	uint8_t message[MESSAGE_SIZE_MAX];
	int n = message_make(context, body, size, message);

	if (n < 0)
		return n;
	sign_below(key, message, (size_t)n, ret);
	burn_stack();
	return 0;
}

int seal_public_verify(const uint8_t key[SEAL_KEY_SIZE], const char *context, const void *body,
		       size_t size, const uint8_t signature[SEAL_SIGNATURE_SIZE])
{
	uint8_t message[MESSAGE_SIZE_MAX];
	int n = message_make(context, body, size, message);

	if (n < 0 || !ed25519_sha512_verify(key, (size_t)n, message, signature))
		return -EBADMSG;
	return 0;
}
