// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a broker answers to a camera's EPOCH_KEY, for tests that are the camera's broker. */
#pragma once

#include <string.h>

#include "proto/camera-msg.h"
#include "seal/certificate.h"

static const uint8_t root_seed[SEAL_KEY_SIZE] = "a root known to all tests";

static inline void epoch_certificate(const struct camera_epoch_key *key, const char *camera,
				     const uint8_t uuid[UUID_SIZE], struct camera_certificate *ret)
{
	struct seal_certificate c = {.epoch = key->epoch, .issued = 1};
	struct seal_key *root;
	int n;

	*ret = (struct camera_certificate){
		.header = {CAMERA_CERTIFICATE, CAMERA_MSG_VERSION, sizeof(*ret)},
		.epoch = key->epoch,
	};
	memcpy(c.camera_uuid, uuid, UUID_SIZE);
	strcpy(c.camera_name, camera);
	memcpy(c.key, key->key, SEAL_KEY_SIZE);
	assert_int_equal(seal_key_from_seed(root_seed, &root), 0);
	n = seal_certificate_make(&c, root, ret->certificate);
	assert_true(n > 0);
	ret->size = (uint32_t)n;
	seal_key_free(root);
}
