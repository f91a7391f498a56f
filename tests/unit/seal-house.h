// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sealed streams and viewers of them, for the tests of service/seal. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "seal/jpeg-seal.h"
#include "seal/verifier.h"
#include "support/seal-camera.h"

#define NONCE    0x4e
#define EXPORTER 0x45

/* The viewer's clocks when the camera's stand at SEAL_CAMERA_BOOT and _REAL. */
#define OWN_BOOT 5000000000ULL

struct house {
	enum seal_codec codec;
	struct slice file, stills[2];
	struct slice units[SEAL_CAMERA_UNITS]; /* not sealed */
	size_t n;
	struct seal_camera camera;
	struct slice sealed[SEAL_CAMERA_UNITS];
};

static inline struct slice house_load(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/unit/data/seal/%s", getenv("TESTS"), name);
	return seal_camera_load(path);
}

static inline void house_seal(struct house *h)
{
	seal_camera_init(&h->camera, h->codec, 1, 1, 3);
	for (size_t i = 0; i < h->n; i++)
		h->sealed[i] = seal_camera_seal(&h->camera, h->units[i]);
}

static inline void house_open(struct house *h, enum seal_codec codec)
{
	*h = (struct house){.codec = codec};
	if (codec == SEAL_CODEC_JPEG) {
		h->stills[0] = house_load("still-1.jpg");
		h->stills[1] = house_load("still-2.jpg");
		for (; h->n < 4; h->n++)
			h->units[h->n] = h->stills[h->n % 2];
	} else {
		h->file = house_load(codec == SEAL_CODEC_H264 ? "clip.h264" : "clip.hevc");
		h->n = seal_camera_split(codec, h->file, h->units);
		assert_int_equal(h->n, 8);
	}
	house_seal(h);
}

static inline void house_free(struct slice s)
{
	free((void *)(uintptr_t)s.data);
}

static inline void house_close(struct house *h)
{
	for (size_t i = 0; i < h->n; i++)
		house_free(h->sealed[i]);
	seal_camera_release(&h->camera);
	house_free(h->file);
	house_free(h->stills[0]);
	house_free(h->stills[1]);
}

/* When unit i arrives that was captured in its turn and took 20 ms. */
static inline struct verifier_time house_time(size_t i)
{
	uint64_t after = i * SEAL_CAMERA_FRAME + 20000;

	return (struct verifier_time){OWN_BOOT + after, SEAL_CAMERA_REAL + after};
}

static inline struct verifier_config house_config(const struct house *h,
						  enum verifier_freshness freshness)
{
	struct verifier_config config = {.codec = h->codec, .freshness = freshness};

	seal_camera_root(&h->camera, config.root);
	return config;
}

/* The statement as the broker passes it on, asked 10 ms before and answered 10 ms after. */
static inline enum verdict house_state(const struct seal_camera *c, struct verifier *v,
				       uint64_t first)
{
	uint8_t statement[SEAL_STATEMENT_SIZE], nonce[SEAL_NONCE_SIZE];
	uint8_t exporter[SEAL_EXPORTER_SIZE];

	memset(nonce, NONCE, sizeof(nonce));
	memset(exporter, EXPORTER, sizeof(exporter));
	seal_camera_statement(c, first, NONCE, EXPORTER, statement);
	return verifier_statement(v, slice_of(c->certificate, c->certificate_size),
				  slice_of(statement, sizeof(statement)), nonce, exporter,
				  OWN_BOOT - 10000, OWN_BOOT + 10000);
}

/* A viewer with an accepted statement. */
static inline void house_view(const struct house *h, struct verifier *v)
{
	struct verifier_config config = house_config(h, VERIFIER_LIVE);

	config.has_uuid = true;
	memcpy(config.camera_uuid, h->camera.says.camera_uuid, UUID_SIZE);
	assert_int_equal(verifier_init(v, &config), 0);
	assert_int_equal(house_state(&h->camera, v, 1), VERDICT_VALID);
}

#define assert_verdict(is, expected)                                                 \
	do {                                                                         \
		enum verdict is_ = (is);                                             \
		if (is_ != (expected))                                               \
			fail_msg("line %d: %s, not %s", __LINE__, verdict_name(is_), \
				 verdict_name(expected));                            \
	} while (0)

static inline enum verdict house_judge(struct verifier *v, struct slice unit, size_t i)
{
	struct verifier_result result;

	return verifier_unit(v, unit, house_time(i), &result);
}
