// SPDX-License-Identifier: LGPL-2.1-or-later
/* Keys: what is signed, how they are written, and what is left of them afterwards. */
#include <fcntl.h>
#include <nettle/sha2.h>

#include "base/sanitizer.h"
#include "seal-house.h"

/* RFC 8032, 7.1, test 1: seed and public key. */
static const char rfc_seed[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char rfc_public[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

static struct seal_key *rfc_key(void)
{
	uint8_t seed[SEAL_KEY_SIZE];
	struct seal_key *key;

	assert_int_equal(parse_hex(rfc_seed, seed, sizeof(seed)), 0);
	assert_int_equal(seal_key_from_seed(seed, &key), 0);
	return key;
}

static void test_public_key(void **state)
{
	uint8_t public[SEAL_KEY_SIZE], seed[SEAL_KEY_SIZE], expected[SEAL_KEY_SIZE];
	struct seal_key *key = rfc_key();

	seal_key_public(key, public);
	assert_int_equal(parse_hex(rfc_public, expected, sizeof(expected)), 0);
	assert_memory_equal(public, expected, sizeof(expected));
	seal_key_seed(key, seed);
	assert_int_equal(parse_hex(rfc_seed, expected, sizeof(expected)), 0);
	assert_memory_equal(seed, expected, sizeof(expected));
	assert_null(seal_key_free(key));
	assert_null(seal_key_free(NULL));
}

static void test_generated_keys_differ(void **state)
{
	uint8_t a[SEAL_KEY_SIZE], b[SEAL_KEY_SIZE];
	struct seal_key *x, *y;

	assert_int_equal(seal_key_generate(&x), 0);
	assert_int_equal(seal_key_generate(&y), 0);
	seal_key_seed(x, a);
	seal_key_seed(y, b);
	assert_memory_not_equal(a, b, sizeof(a));
	seal_key_free(x);
	seal_key_free(y);
}

static void test_signature(void **state)
{
	uint8_t signature[SEAL_SIGNATURE_SIZE], public[SEAL_KEY_SIZE], other[SEAL_KEY_SIZE];
	struct seal_key *key = rfc_key(), *stranger;
	static const char body[] = "body";
	uint8_t big[2048] = {0};

	assert_int_equal(seal_key_generate(&stranger), 0);
	seal_key_public(key, public);
	seal_key_public(stranger, other);
	assert_int_equal(seal_key_sign(key, "a", body, 4, signature), 0);
	assert_int_equal(seal_public_verify(public, "a", body, 4, signature), 0);
	assert_int_equal(seal_public_verify(public, "b", body, 4, signature), -EBADMSG);
	assert_int_equal(seal_public_verify(public, "a", body, 3, signature), -EBADMSG);
	assert_int_equal(seal_public_verify(other, "a", body, 4, signature), -EBADMSG);
	/* A context is not the beginning of a body. */
	assert_int_equal(seal_public_verify(public, "ab", "ody", 3, signature), -EBADMSG);
	for (size_t i = 0; i < 8 * sizeof(signature); i++) {
		signature[i / 8] ^= (uint8_t)(1U << (i % 8));
		assert_int_equal(seal_public_verify(public, "a", body, 4, signature), -EBADMSG);
		signature[i / 8] ^= (uint8_t)(1U << (i % 8));
	}
	assert_int_equal(seal_key_sign(key, "a", big, sizeof(big), signature), -EMSGSIZE);
	assert_int_equal(seal_public_verify(public, "a", big, sizeof(big), signature), -EBADMSG);
	seal_key_free(key);
	seal_key_free(stranger);
}

/* As `openssl pkey -pubout` writes the RFC's key. */
static void test_pem(void **state)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
				  "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
				  "-----END PUBLIC KEY-----\n";
	const char *line = strchr(pem, '\n') + 1; /* as camwardctl status shows it */
	uint8_t public[SEAL_KEY_SIZE], again[SEAL_KEY_SIZE];
	char text[SEAL_PEM_SIZE], wrong[SEAL_PEM_SIZE];

	assert_int_equal(seal_public_read(rfc_public, 64, public), 0);
	seal_public_write_pem(public, text);
	assert_string_equal(text, pem);
	assert_int_equal(seal_public_read(text, strlen(text), again), 0);
	assert_memory_equal(public, again, sizeof(public));
	assert_int_equal(seal_public_read(text, strlen(text) - 1, again), 0);
	assert_int_equal(seal_public_read(line, 60, again), 0);
	assert_memory_equal(public, again, sizeof(public));
	assert_int_equal(seal_public_read(line, 59, again), -EINVAL);
	assert_int_equal(seal_public_read(pem, 60, again), -EINVAL);
	for (size_t n = 0; n < strlen(text) - 1; n++)
		assert_int_equal(seal_public_read(text, n, again), -EINVAL);
	for (size_t i = 0; i < 16; i++) { /* what says that it is an Ed25519 key */
		memcpy(wrong, text, sizeof(wrong));
		wrong[27 + i] = wrong[27 + i] == 'A' ? 'B' : 'A';
		assert_int_equal(seal_public_read(wrong, strlen(wrong), again), -EINVAL);
	}
	assert_int_equal(seal_public_read(rfc_public, 63, again), -EINVAL);
	assert_int_equal(seal_public_read("", 0, again), -EINVAL);
}

/* A sanitizer's shadow is larger, and no memory. */
#define MAPPING_MAX (1UL << 30)

/* How often 16 bytes stand in this process's memory. The needle comes inverted, so that it is not
 * found in itself. */
static size_t count_in_memory(const uint8_t *inverted)
{
	static char maps[1 << 16];
	static uint8_t window[1 << 16];
	int fd = open("/proc/self/maps", O_RDONLY), mem = open("/proc/self/mem", O_RDONLY);
	size_t used = 0, found = 0;
	ssize_t n;

	while ((n = read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += (size_t)n;
	for (char *line = maps, *end; (end = strchr(line, '\n')); line = end + 1) {
		unsigned long from, to, step = sizeof(window) - 16;
		char may[5];

		if (sscanf(line, "%lx-%lx %4s", &from, &to, may) != 3 || may[1] != 'w')
			continue;
		if (to - from > MAPPING_MAX)
			continue;
		for (; from < to; from += step) {
			size_t size = to - from < sizeof(window) ? to - from : sizeof(window);

			if (from < (uintptr_t)window + sizeof(window) &&
			    from + size > (uintptr_t)window)
				continue;
			n = pread(mem, window, size, (off_t)from);
			for (ssize_t i = 0; i + 16 <= n; i++) {
				size_t k = 0;

				while (k < 16 && window[i + k] + inverted[k] == 0xff)
					k++;
				found += k == 16;
			}
		}
	}
	close(fd);
	close(mem);
	return found;
}

static void invert(uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)~bytes[i];
}

/* What the test's own hashing left below. */
static __attribute__((noinline)) void scrub_stack(void)
{
	uint8_t below[1 << 16];

	erase(below, sizeof(below));
}

/* Neither the seed nor what signing derives from it (RFC 8032, 5.1.5: the scalar and the prefix),
 * each looked for by the second half, since free() writes over the first bytes of a block. */
static void test_nothing_is_left(void **state)
{
	uint8_t seed[SEAL_KEY_SIZE], hash[SHA512_DIGEST_SIZE], signature[SEAL_SIGNATURE_SIZE];
	struct sha512_ctx sha;
	struct seal_key *key;

#ifdef WITH_SANITIZER
	/* It keeps variables apart and freed memory as it was: what is left is its own. */
	skip();
#endif
	assert_int_equal(seal_key_generate(&key), 0);
	seal_key_seed(key, seed);
	sha512_init(&sha);
	sha512_update(&sha, sizeof(seed), seed);
	sha512_digest(&sha, sizeof(hash), hash);
	erase(&sha, sizeof(sha));
	hash[31] = (hash[31] & 0x3f) | 0x40;
	invert(seed, sizeof(seed));
	invert(hash, sizeof(hash));
	scrub_stack();

	assert_int_equal(count_in_memory(seed + 16), 1); /* the scan finds what is there */
	for (int i = 0; i < 3; i++)
		assert_int_equal(seal_key_sign(key, "a", "body", 4, signature), 0);
	assert_int_equal(count_in_memory(seed + 16), 1);
	assert_int_equal(count_in_memory(hash + 16), 0);
	assert_int_equal(count_in_memory(hash + 48), 0);
	seal_key_free(key);
	assert_int_equal(count_in_memory(seed + 16), 0);
}

/* The mapping that holds the key is in no core dump and in no child. */
static void test_never_dumped(void **state)
{
	struct seal_key *key = rfc_key();
	bool inside = false, flags = false;
	unsigned long from, to;
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "r");

	while (fgets(line, sizeof(line), f)) {
		char may[5];

		if (sscanf(line, "%lx-%lx %4s", &from, &to, may) == 3)
			inside = from <= (uintptr_t)key && (uintptr_t)key < to;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			flags = strstr(line, " dd") && strstr(line, " dc");
	}
	fclose(f);
	assert_true(flags);
	seal_key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public_key),
		cmocka_unit_test(test_generated_keys_differ),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_never_dumped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
