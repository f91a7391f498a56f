// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What seals the frames of one epoch (docs/SEAL.md): its key, which never leaves this process, the
 * certificate that the broker gave for it, and the hashes. Nothing of a picture is copied.
 *
 *	sealer_new -> EPOCH_KEY -> sealer_certify -> { sealer_seal, sealer_state } -> sealer_free
 */
#pragma once

#include "base/ring.h"
#include "camera/access-unit.h"
#include "proto/camera-msg.h"
#include "seal/nal-seal.h"
#include "seal/statement.h"

struct sealer;

/* description: camera_uuid and epoch are taken. Errors: -EIO (no randomness), -ENOMEM. */
int sealer_new(const struct ring_description *description, struct sealer **ret);
/* Erases the key. */
struct sealer *sealer_free(struct sealer *s);

void sealer_public_key(const struct sealer *s, uint8_t ret[SEAL_KEY_SIZE]);

/* Takes the certificate; once. Errors: -EALREADY, -EMSGSIZE. */
int sealer_certify(struct sealer *s, const uint8_t *certificate, size_t size);
bool sealer_is_certified(const struct sealer *s);

/* What a seal says besides what it hashes. */
struct sealer_frame {
	uint64_t sequence;
	uint64_t realtime, boottime; /* us, of the capture */
	uint32_t stream;             /* enum ring_stream */
	uint32_t codec;              /* enum ring_codec */
};

/*
 * Seals an access unit: fills the place that was left for it (access-unit.h). What it put there
 * is the sealer's, good until the next call. Errors: -ENOKEY (not certified yet), -EMSGSIZE
 * or -EINVAL (the parameter sets, or no certificate at all).
 */
int sealer_seal(struct sealer *s, const struct sealer_frame *frame,
		const struct parameter_sets *sets, struct access_unit *unit);

/* The statement of a lease whose viewer sees nothing before first_sequence. Errors: -ENOKEY.
 */
int sealer_state(struct sealer *s, const struct camera_lease *lease, uint64_t first_sequence,
		 uint8_t ret[SEAL_STATEMENT_SIZE]);
