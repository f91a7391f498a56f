// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Seals in H.264 and HEVC access units: what each NAL unit is to a seal, and the SEI NAL unit that
 * carries the seal (docs/SEAL.md, In H.264 and HEVC). NAL units are slices without start codes,
 * with emulation prevention, as they travel.
 */
#pragma once

#include "seal/digest.h"
#include "seal/seal.h"
#include "wire/slice.h"

/* Header, payload type and size, UUID, seal, trailing bits, and emulation prevention at its worst
 * (a byte more for each two). */
#define NAL_SEAL_SIZE_MAX (3 * (2 + 4 + 16 + SEAL_SIZE_MAX + 1) / 2)

enum nal_class {
	NAL_HASHED,        /* foreign SEI, anything else that is not below */
	NAL_SLICE,         /* of a coded picture; hashed */
	NAL_KEY_SLICE,     /* hashed; makes the access unit a keyframe */
	NAL_PARAMETER_SET, /* in the parameter sets' hash */
	NAL_FRAMING, /* delimiter, end of sequence or stream: in no hash, not between slices */
	NAL_FILLER,  /* in no hash, anywhere */
	NAL_SEAL,    /* an SEI that holds our UUID first, well-formed or not */
	NAL_BAD,     /* no NAL unit, or one of framing with anything in it to be read */
};

enum nal_class nal_seal_classify(enum seal_codec codec, struct slice nal);

static inline bool nal_class_is_slice(enum nal_class class)
{
	return class == NAL_SLICE || class == NAL_KEY_SLICE;
}

/* Whether it is part of the access unit's hash. */
static inline bool nal_class_is_hashed(enum nal_class class)
{
	return class == NAL_HASHED || nal_class_is_slice(class);
}

/* Rank of a parameter set in the hash's order: 0 VPS, 1 SPS, 2 PPS. */
unsigned nal_seal_set_rank(enum seal_codec codec, struct slice nal);

/* The NAL unit for a seal of n bytes, without start code. Returns its size. Errors: -EMSGSIZE. */
int nal_seal_wrap(enum seal_codec codec, const uint8_t *seal, size_t n,
		  uint8_t ret[NAL_SEAL_SIZE_MAX]);
/* The seal out of its NAL unit, in its one encoding. Returns its size. Errors: -EBADMSG. */
int nal_seal_unwrap(enum seal_codec codec, struct slice nal, uint8_t ret[SEAL_SIZE_MAX]);
