// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/token.h"

#include <gnutls/crypto.h>

#include "base/cleanup.h"
#include "wire/base64.h"

/* Turns padded standard base 64 into the URL-safe alphabet without padding. */
static void make_url_safe(char *text)
{
	for (; *text; text++)
		if (*text == '+')
			*text = '-';
		else if (*text == '/')
			*text = '_';
		else if (*text == '=')
			*text = 0;
}

int token_make(char text[TOKEN_TEXT_SIZE], uint8_t hash[TOKEN_HASH_SIZE])
{
	uint8_t bytes[TOKEN_BYTES];
	char padded[TOKEN_TEXT_SIZE + 1] = {0};
	struct writer w;
	int r;

	if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes)) < 0)
		return -EIO;
	writer_init(&w, padded, sizeof(padded) - 1);
	base64_write(&w, slice_of(bytes, sizeof(bytes)));
	erase(bytes, sizeof(bytes));
	make_url_safe(padded);
	r = token_hash(padded, hash);
	if (r == 0)
		memcpy(text, padded, TOKEN_TEXT_SIZE);
	erase(padded, sizeof(padded));
	return r;
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
