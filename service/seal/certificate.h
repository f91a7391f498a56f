// SPDX-License-Identifier: LGPL-2.1-or-later
/* "This key seals the epoch E of the camera C", signed by the device root (docs/SEAL.md). */
#pragma once

#include "base/parse.h"
#include "seal/key.h"

#define SEAL_CERTIFICATE_SIZE_MAX 194

struct seal_certificate {
	uint8_t camera_uuid[UUID_SIZE];
	char camera_name[NAME_SIZE];
	uint64_t epoch;
	uint64_t issued; /* us, CLOCK_REALTIME */
	uint8_t key[SEAL_KEY_SIZE];
};

/* The size of the one that begins at data, by its own fields. Errors: -EBADMSG, -EPROTONOSUPPORT
 * (another version). */
int seal_certificate_size(const uint8_t *data, size_t size);

/* Signs; returns the size. Errors: -EINVAL (not a name). */
int seal_certificate_make(const struct seal_certificate *certificate, const struct seal_key *root,
			  uint8_t ret[SEAL_CERTIFICATE_SIZE_MAX]);

/*
 * Reads the one that begins at data and checks its signature. Returns its size; more may follow.
 * Errors: -EBADMSG (malformed), -EPROTONOSUPPORT (another version), -EKEYREJECTED (not signed by
 * this root).
 */
int seal_certificate_read(const uint8_t *data, size_t size, const uint8_t root[SEAL_KEY_SIZE],
			  struct seal_certificate *ret);
