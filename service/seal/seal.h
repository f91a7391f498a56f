// SPDX-License-Identifier: LGPL-2.1-or-later
/* The seal itself, the bytes that the SEI message or the APP11 segment carries (docs/SEAL.md). */
#pragma once

#include <stdbool.h>

#include "base/parse.h"
#include "seal/certificate.h"
#include "seal/key.h"

#define SEAL_HASH_SIZE 32
#define SEAL_BODY_SIZE 116
#define SEAL_SIZE_MAX  (SEAL_BODY_SIZE + SEAL_CERTIFICATE_SIZE_MAX + SEAL_SIGNATURE_SIZE)

/* By which a seal is found among foreign SEI messages and segments. */
extern const uint8_t seal_uuid[UUID_SIZE];

enum seal_codec {
	SEAL_CODEC_H264 = 1,
	SEAL_CODEC_JPEG = 2,
	SEAL_CODEC_HEVC = 3,
};

struct seal {
	uint8_t camera_uuid[UUID_SIZE];
	uint64_t epoch;
	uint64_t sequence; /* of this stream in this epoch, from 1 */
	uint64_t realtime; /* us, of the capture */
	uint64_t boottime; /* us, CLOCK_BOOTTIME, of the capture */
	uint8_t stream;    /* 0 main, 1 sub */
	uint8_t codec;     /* enum seal_codec */
	bool keyframe;
	uint8_t parameter_sets_hash[SEAL_HASH_SIZE];
	uint8_t unit_hash[SEAL_HASH_SIZE];
};

/* certificate: of size n, rides along; NULL: none. Returns the size. Errors: -EINVAL (no
 * such certificate; a keyframe without). */
int seal_make(const struct seal *seal, const uint8_t *certificate, size_t n,
	      const struct seal_key *epoch_key, uint8_t ret[SEAL_SIZE_MAX]);

/* A seal taken apart, its signature not checked yet; points into what was parsed. */
struct seal_parts {
	struct seal seal;
	const uint8_t *certificate; /* with its own size, or NULL */
	size_t certificate_size;
	const uint8_t *body; /* what is signed */
	size_t body_size;
	const uint8_t *signature;
};

/* Exactly one seal and nothing after it. Errors: -EBADMSG, -EPROTONOSUPPORT (another version). */
int seal_parse(const uint8_t *data, size_t size, struct seal_parts *ret);
