// SPDX-License-Identifier: LGPL-2.1-or-later
/* SHA-256 over the NAL units of an access unit, as they come (docs/SEAL.md, In H.264 and HEVC). */
#pragma once

#include "seal/seal.h"
#include "wire/slice.h"

struct seal_digest;

/* Errors: -ENOMEM. */
int seal_digest_begin(struct seal_digest **ret);
void seal_digest_nal(struct seal_digest *d, struct slice nal); /* its length, then its bytes */
void seal_digest_bytes(struct seal_digest *d, const void *data, size_t n); /* JPEG */
void seal_digest_end(struct seal_digest *d, uint8_t ret[SEAL_HASH_SIZE]);  /* ready for the next */
struct seal_digest *seal_digest_free(struct seal_digest *d);
