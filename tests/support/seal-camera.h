// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera for tests of seals: seals access units that were made before, with keys, names and times
 * that are the same in each run. Ends the program where something cannot be done.
 */
#pragma once

#include "seal/nal-seal.h"
#include "seal/parameter-sets.h"
#include "seal/seal.h"
#include "seal/statement.h"
#include "wire/slice.h"

#define SEAL_CAMERA_BOOT  1000000000ULL       /* us; of the first unit */
#define SEAL_CAMERA_REAL  1700000000000000ULL /* us */
#define SEAL_CAMERA_FRAME 100000ULL           /* us between two */
#define SEAL_CAMERA_UNITS 64                  /* a clip's at most */
#define SEAL_CAMERA_LEASE 7

struct seal_camera {
	struct seal_key *root, *key;
	struct seal_certificate says;
	uint8_t certificate[SEAL_CERTIFICATE_SIZE_MAX];
	size_t certificate_size;
	struct seal_sets sets;
	struct seal next; /* what the next seal will say, its hashes apart */
	bool may_switch;  /* what the next statement will say */
};

/* Keys follow from the numbers: the root from `root`, the epoch's from camera and epoch. */
void seal_camera_init(struct seal_camera *c, enum seal_codec codec, uint8_t root, uint8_t camera,
		      uint64_t epoch);
void seal_camera_release(struct seal_camera *c);
/* The certificate signed again, after `says` was changed. */
void seal_camera_certify(struct seal_camera *c);
void seal_camera_root(const struct seal_camera *c, uint8_t ret[SEAL_KEY_SIZE]);

/* The unit sealed as the next one, freed by the caller. */
struct slice seal_camera_seal(struct seal_camera *c, struct slice unit);
/* The same with what the seal says, but its signature and hashes, given. */
struct slice seal_camera_seal_as(struct seal_camera *c, struct slice unit, const struct seal *says);

/* Of the epoch and stream, from `first` on, at the time of the first unit. */
void seal_camera_statement(const struct seal_camera *c, uint64_t first, uint8_t nonce,
			   uint8_t exporter, uint8_t ret[SEAL_STATEMENT_SIZE]);

/* A byte stream's access units, each of which begins with a delimiter. Returns how many. */
size_t seal_camera_split(enum seal_codec codec, struct slice stream, struct slice *units);
/* NAL units with start codes, freed by the caller. */
struct slice seal_camera_join(const struct slice *nals, size_t n);
size_t seal_camera_nals(struct slice unit, struct slice *nals, size_t max);
/* Reads a file; freed by the caller. */
struct slice seal_camera_load(const char *path);
