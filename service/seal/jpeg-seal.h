// SPDX-License-Identifier: LGPL-2.1-or-later
/* Seals in JPEGs: an APP11 segment right after SOI (docs/SEAL.md, In JPEG). */
#pragma once

#include "seal/seal.h"
#include "wire/slice.h"

#define JPEG_SEAL_SIZE_MAX (2 + 2 + 16 + SEAL_SIZE_MAX)

/* The segment for a seal of n bytes, to stand after the first two bytes of the JPEG. Returns its
 * size. Errors: -EMSGSIZE. */
int jpeg_seal_wrap(const uint8_t *seal, size_t n, uint8_t ret[JPEG_SEAL_SIZE_MAX]);

/* Finds the segment of a sealed JPEG. Errors: -EBADMSG (not from SOI to EOI, or no segments),
 * -ENODATA (none), -EPROTO (elsewhere than right after SOI, or twice). */
int jpeg_seal_find(struct slice jpeg, struct slice *ret_seal, struct slice *ret_before,
		   struct slice *ret_after);

/* The hash of a JPEG, of what stands before and after the seal (to come, or found). */
void jpeg_seal_hash(struct slice before, struct slice after, uint8_t ret[SEAL_HASH_SIZE]);
