// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The device's seal root (docs/SEAL.md): the key that certifies the cameras' epoch keys and that
 * viewers pin. Made once and kept in DIR/seal-root.key (0600): two lines, the seed and the public
 * key, 64 hexadecimal digits each. The second finds damage: another seed would be another root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "seal/ledger-chain.h"

#define SEAL_ROOT_FILE "seal-root.key"

struct seal_root;

/* What is certified; key is the epoch's. */
struct seal_root_epoch {
	const uint8_t *camera_uuid; /* UUID_SIZE */
	const char *camera_name;
	uint64_t epoch;
	uint64_t issued;    /* us, CLOCK_REALTIME */
	const uint8_t *key; /* 32 bytes, public */
};

/*
 * Loads the root from dir (made if it lacks), or makes it if neither it nor anything that it signed
 * was there (epoch-run.h). One process a directory: the caller holds the store's lock. Errors:
 * -EUCLEAN (damaged: it is not replaced), -ENOKEY (missing: it is not replaced),
 * -EPERM (others may write to dir or read the file), -EIO and others.
 */
int seal_root_load_or_make(const char *dir, struct seal_root **ret);

/* Whether it was made just now. */
bool seal_root_is_new(const struct seal_root *root);

/* Erases the key. */
void seal_root_free(struct seal_root *root);
DEFINE_CLEANUP(struct seal_root *, seal_root_free)

/* The public key as SubjectPublicKeyInfo in PEM: what viewers are given. */
const char *seal_root_pem(const struct seal_root *root);

/* Signs an end of the ledger; context: LEDGER_CHAIN_CONTEXT_.... */
int seal_root_sign_ledger(const struct seal_root *root, const char *context,
			  const struct ledger_chain_point *point, uint8_t ret[SEAL_SIGNATURE_SIZE]);

/* Whether it was this root that has signed it so. */
bool seal_root_has_signed(const struct seal_root *root, const char *context,
			  const struct ledger_chain_point *point,
			  const uint8_t signature[SEAL_SIGNATURE_SIZE]);

/* Signs; returns the certificate's size. Errors: -EMSGSIZE (more than size), -EIO. */
int seal_root_certify(struct seal_root *root, const struct seal_root_epoch *epoch,
		      uint8_t *certificate, size_t size);
