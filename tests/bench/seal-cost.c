// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a seal costs: seal-cost seal|verify BYTES FRAMES. Makes a frame of that size and seals it
 * again and again (seal), or judges a sealed one as often (verify). Under callgrind, two numbers of
 * frames give the instructions a frame: tests/bench/seal-cost.sh.
 */
#include <stdio.h>

#include "base/cleanup.h"
#include "seal/verifier.h"
#include "support/seal-camera.h"

#define BYTES_MAX  (1 << 20)
#define FRAMES_MAX 1000000
#define SETS_SIZE  (sizeof(sets) - 1)

static const char sets[] = "\0\0\0\1\x67\x42\xc0\x1f\0\0\0\1\x68\xce\x3c\x80";

/* A slice of that many bytes without zeros; a keyframe has parameter sets before it. */
static struct slice make_unit(size_t bytes, bool key)
{
	uint8_t *unit = malloc(SETS_SIZE + 4 + bytes), *p = unit;

	if (!unit)
		abort();
	if (key) {
		memcpy(p, sets, SETS_SIZE);
		p += SETS_SIZE;
	}
	memcpy(p, "\0\0\0\1", 4);
	for (size_t i = 0; i < bytes; i++)
		p[4 + i] = (uint8_t)(i % 251 + 4);
	p[4] = key ? 0x65 : 0x41;
	return slice_of(unit, (size_t)(p - unit) + 4 + bytes);
}

static void free_unit(struct slice unit)
{
	free((void *)(uintptr_t)unit.data);
}

/* As a camera does: hash in place, sign, wrap. */
static void seal_frames(struct seal_camera *c, struct slice unit, uint64_t frames)
{
	uint8_t seal[SEAL_SIZE_MAX], wrapped[NAL_SEAL_SIZE_MAX];
	struct seal_digest *d;
	struct slice nal;

	if (seal_camera_nals(unit, &nal, 1) != 1 || seal_digest_begin(&d) < 0)
		abort();
	for (uint64_t i = 0; i < frames; i++) {
		int n;

		seal_digest_nal(d, nal);
		seal_digest_end(d, c->next.unit_hash);
		c->next.sequence++;
		n = seal_make(&c->next, NULL, 0, c->key, seal);
		if (n < 0 || nal_seal_wrap(SEAL_CODEC_H264, seal, (size_t)n, wrapped) < 0)
			abort();
	}
	seal_digest_free(d);
}

/* The frame after the keyframe, again and again: the verifier is set back each time. */
static void verify_frames(struct seal_camera *c, struct slice key, struct slice unit,
			  uint64_t frames)
{
	struct slice first = seal_camera_seal(c, key), second = seal_camera_seal(c, unit);
	struct verifier_config config = {.codec = SEAL_CODEC_H264, .freshness = VERIFIER_FILE};
	struct verifier_result result;
	struct verifier_time now = {0};
	struct verifier v;

	seal_camera_root(c, config.root);
	if (verifier_init(&v, &config) < 0 || verifier_unit(&v, first, now, &result))
		abort();
	for (uint64_t i = 0; i < frames; i++) {
		if (verifier_unit(&v, second, now, &result) != VERDICT_VALID)
			abort();
		v.last.sequence--;
	}
	verifier_release(&v);
	free_unit(first);
	free_unit(second);
}

int main(int argc, char **argv)
{
	struct slice key, unit;
	struct seal_camera c;
	uint64_t bytes, frames;

	if (argc != 4 || parse_u64(argv[2], BYTES_MAX, &bytes) < 0 || bytes == 0 ||
	    parse_u64(argv[3], FRAMES_MAX, &frames) < 0) {
		fprintf(stderr, "usage: seal-cost seal|verify BYTES FRAMES\n");
		return 2;
	}
	key = make_unit(bytes, true);
	unit = make_unit(bytes, false);
	seal_camera_init(&c, SEAL_CODEC_H264, 1, 1, 1);
	if (strcmp(argv[1], "verify") == 0)
		verify_frames(&c, key, unit, frames);
	else
		seal_frames(&c, unit, frames);
	seal_camera_release(&c);
	free_unit(key);
	free_unit(unit);
	return 0;
}
