// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Seals in H.264 and HEVC access units: the hashes over their NAL units, and the SEI NAL unit that
 * carries the seal (docs/SEAL.md, In H.264 and HEVC). NAL units are slices without start codes,
 * with emulation prevention, as they travel.
 */
#pragma once

#include "seal/seal.h"
#include "wire/slice.h"

/* Header, payload type and size, UUID, seal, trailing bits, and emulation prevention at its worst
 * (a byte more for each two). */
#define NAL_SEAL_SIZE_MAX (3 * (2 + 4 + 16 + SEAL_SIZE_MAX + 1) / 2)

enum nal_class {
	NAL_HASHED,        /* slices, foreign SEI, anything else */
	NAL_KEY_SLICE,     /* hashed too; makes the access unit a keyframe */
	NAL_PARAMETER_SET, /* in the parameter sets' hash */
	NAL_FRAMING,       /* delimiter, end of sequence or stream, filler: in no hash */
	NAL_SEAL,          /* an SEI that holds our UUID first */
	NAL_BAD,           /* empty, or a delimiter that is not well-formed */
};
enum nal_class nal_seal_classify(enum seal_codec codec, struct slice nal);
/* Rank of a parameter set in the hash's order: 0 VPS, 1 SPS, 2 PPS. */
unsigned nal_seal_set_rank(enum seal_codec codec, struct slice nal);

/* SHA-256 over the NAL units of an access unit that are NAL_HASHED or NAL_KEY_SLICE, as they come.
 * Errors of begin: -ENOMEM. end() releases. */
struct seal_digest;
int seal_digest_begin(struct seal_digest **ret);
void seal_digest_nal(struct seal_digest *d, struct slice nal);
void seal_digest_bytes(struct seal_digest *d, const void *data, size_t n); /* JPEG */
void seal_digest_end(struct seal_digest *d, uint8_t ret[SEAL_HASH_SIZE]);  /* ready for the next */
struct seal_digest *seal_digest_free(struct seal_digest *d);

/* The NAL unit for a seal of n bytes, without start code. Returns its size. Errors: -EMSGSIZE. */
int nal_seal_wrap(enum seal_codec codec, const uint8_t *seal, size_t n,
		  uint8_t ret[NAL_SEAL_SIZE_MAX]);
/* The seal out of its NAL unit, in its one encoding. Returns its size. Errors: -EBADMSG. */
int nal_seal_unwrap(enum seal_codec codec, struct slice nal, uint8_t ret[SEAL_SIZE_MAX]);
