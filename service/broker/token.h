// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tokens: 256 random bits as 43 characters of URL-safe base 64 (RFC 4648 section 5, no padding),
 * shown once and kept as their SHA-256 only: with so many random bits a slow hash adds nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TOKEN_BYTES     32
#define TOKEN_TEXT_SIZE 44 /* 43 characters and the NUL */
#define TOKEN_HASH_SIZE 32

struct token {
	uint64_t id; /* never used again */
	uint8_t hash[TOKEN_HASH_SIZE];
	uint64_t created; /* us, CLOCK_REALTIME */
	uint64_t expires; /* us, CLOCK_REALTIME; valid before it; 0: never */
	uint64_t used;    /* us, CLOCK_REALTIME: accepted last, in this run; 0: not yet */
	bool pending;     /* policy.h */
	bool issued_here; /* of a certificate: by this device's CA */
};

/* Makes a token; the caller shows text once and erases it. Returns -EIO without random bits. */
int token_make(char text[TOKEN_TEXT_SIZE], uint8_t hash[TOKEN_HASH_SIZE]);

/* SHA-256 of any text; whether it is a token at all is told by the comparison. */
int token_hash(const char *text, uint8_t hash[TOKEN_HASH_SIZE]);

/* In constant time. */
bool token_hash_equal(const uint8_t a[TOKEN_HASH_SIZE], const uint8_t b[TOKEN_HASH_SIZE]);

/* Whether it has ended. One that ends some day is never valid while the clock is not set. */
bool token_expired(const struct token *token, uint64_t now, bool clock_set);
