// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The parameter sets in force, and their hash (docs/SEAL.md). Those that a keyframe carries replace
 * all before; what is given out of band holds until then.
 */
#pragma once

#include "seal/nal-seal.h"
#include "wire/slice.h"

#define SEAL_SETS_MAX      16
#define SEAL_SETS_SIZE_MAX 4096

/* Zero-initialised: none. Copies, so that nothing borrowed outlives its access unit. */
struct seal_sets {
	uint8_t bytes[SEAL_SETS_SIZE_MAX];
	size_t used;
	size_t n;
	struct {
		uint16_t at, len;
		uint8_t rank; /* 0 VPS, 1 SPS, 2 PPS */
	} sets[SEAL_SETS_MAX];
};

void seal_sets_clear(struct seal_sets *sets);
/* Equal ones once. Errors: -EMSGSIZE, -EINVAL (not a parameter set, or one that should have come
 * before those that are there: VPS, then SPS, then PPS). */
int seal_sets_add(struct seal_sets *sets, enum seal_codec codec, struct slice nal);
bool seal_sets_has(const struct seal_sets *sets, struct slice nal);
/* Whether they can stand alone: of each kind one at least. */
bool seal_sets_complete(const struct seal_sets *sets, enum seal_codec codec);
void seal_sets_hash(const struct seal_sets *sets, uint8_t ret[SEAL_HASH_SIZE]);
