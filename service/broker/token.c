// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/token.h"

#include <gnutls/crypto.h>

#include "base/cleanup.h"

/* Padded standard base 64 in the URL-safe alphabet, without the padding. */
static void copy_url_safe(char text[TOKEN_TEXT_SIZE], const gnutls_datum_t *padded)
{
	for (size_t i = 0; i < TOKEN_TEXT_SIZE - 1; i++) {
		char c = (char)padded->data[i];

		text[i] = c == '+' ? '-' : c == '/' ? '_' : c;
	}
	text[TOKEN_TEXT_SIZE - 1] = 0;
}

int token_make(char text[TOKEN_TEXT_SIZE], uint8_t hash[TOKEN_HASH_SIZE])
{
	uint8_t bytes[TOKEN_BYTES];
	gnutls_datum_t random = {bytes, sizeof(bytes)}, padded = {0};
	int r = gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes));

	if (r == 0)
		r = gnutls_base64_encode2(&random, &padded);
	erase(bytes, sizeof(bytes));
	if (r < 0)
		return -EIO;
	copy_url_safe(text, &padded);
	erase(padded.data, padded.size);
	gnutls_free(padded.data);
	return token_hash(text, hash);
}

int token_hash(const char *text, uint8_t hash[TOKEN_HASH_SIZE])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), hash) < 0 ? -EIO : 0;
}

bool token_hash_equal(const uint8_t a[TOKEN_HASH_SIZE], const uint8_t b[TOKEN_HASH_SIZE])
{
	return gnutls_memcmp(a, b, TOKEN_HASH_SIZE) == 0;
}

bool token_expired(const struct token *token, uint64_t now, bool clock_set)
{
	return token->expires && (!clock_set || now >= token->expires);
}
