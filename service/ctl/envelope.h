// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A file that only a passphrase opens, and in which every changed, missing or moved byte is found:
 *
 *	magic (16 bytes), iterations (32 bits, big endian), salt (28 bytes), check (32 bytes)
 *	chunks of 65,536 bytes and a last, shorter one, which may be empty; 16 bytes behind each
 *
 * PBKDF2 (RFC 8018) with HMAC-SHA-512 makes 64 bytes of passphrase and salt: the key, and what is
 * written as check, which tells a wrong passphrase from a damaged file. Chunks are AES-256-GCM; the
 * nonce is 32 bits, 1 for the last chunk and 0 for others, and 64 bits of the chunk's number, from
 * 0, big endian; all that stands before the chunks is authenticated with each. Functions return 0
 * or, having said what went wrong, the exit status.
 */
#pragma once

#include <stdbool.h>

/* Whether the file is one; its position stays. */
bool envelope_is(int fd);

/* All that is left of `from`, into `to`; path: to's name. */
int envelope_write(int from, int to, const char *path, const char *passphrase);

/* All of the envelope; path: from's name. What stands in `to` is good only with 0. */
int envelope_read(int from, int to, const char *path, const char *passphrase);
