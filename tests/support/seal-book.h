// SPDX-License-Identifier: LGPL-2.1-or-later
/* A codec's test vectors as they are written to standard output: its clip's units, sealed, and the
 * lines of tests/unit/data/seal/README. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/seal-camera.h"

#define OWN_BOOT 5000000000ULL
#define NONCE    0x4e
#define EXPORTER 0x45
#define SECOND   1000000LL

struct book {
	enum seal_codec codec;
	struct slice units[SEAL_CAMERA_UNITS], sealed[SEAL_CAMERA_UNITS];
	size_t n;
	struct seal_camera camera;
	struct seal first; /* what the first seal says */
};

static inline void hex(const void *data, size_t n)
{
	const uint8_t *p = data;

	fputs(n == 0 ? " -" : " ", stdout);
	for (size_t i = 0; i < n; i++)
		printf("%02x", p[i]);
}

/* Opens a case; the viewer wants the book's camera. */
static inline void begin(const struct book *b, const char *name, const char *freshness)
{
	uint8_t root[SEAL_KEY_SIZE];

	seal_camera_root(&b->camera, root);
	printf("\ncase %s\ncodec %d\nfreshness %s\nroot", name, b->codec, freshness);
	hex(root, sizeof(root));
	printf("\nuuid");
	hex(b->camera.says.camera_uuid, UUID_SIZE);
	putchar('\n');
}

static inline void statement(const struct seal_camera *c, uint64_t first, uint8_t nonce,
			     uint8_t exporter, int flip, const char *verdict)
{
	uint8_t said[SEAL_STATEMENT_SIZE], wanted[SEAL_NONCE_SIZE];

	seal_camera_statement(c, first, nonce, exporter, said);
	if (flip >= 0)
		said[flip] ^= 1;
	printf("statement");
	hex(c->certificate, c->certificate_size);
	hex(said, sizeof(said));
	memset(wanted, NONCE, sizeof(wanted));
	hex(wanted, sizeof(wanted));
	memset(wanted, EXPORTER, sizeof(wanted));
	hex(wanted, sizeof(wanted));
	printf(" %llu %llu = %s\n", OWN_BOOT - 10000, OWN_BOOT + 10000, verdict);
}

/* Opens a live case whose statement is good. */
static inline void begin_live(const struct book *b, const char *name)
{
	begin(b, name, "live");
	statement(&b->camera, 1, NONCE, EXPORTER, -1, "valid");
}

/* A unit that arrives when number i does, and `late` us after that. */
static inline void unit_late(struct slice unit, size_t i, long long late, const char *verdict)
{
	unsigned long long after = i * SEAL_CAMERA_FRAME + 20000ULL + (unsigned long long)late;

	printf("unit %llu %llu", OWN_BOOT + after, SEAL_CAMERA_REAL + after);
	hex(unit.data, unit.len);
	printf(" = %s\n", verdict);
}

static inline void unit(struct slice unit, size_t i, const char *verdict)
{
	unit_late(unit, i, 0, verdict);
}

/* The same, freed. */
static inline void unit_once(struct slice made, size_t i, const char *verdict)
{
	unit(made, i, verdict);
	free((void *)(uintptr_t)made.data);
}

static inline void unit_as(struct book *b, struct seal_camera *c, const struct seal *says,
			   const char *verdict)
{
	unit_once(seal_camera_seal_as(c, b->units[0], says), 0, verdict);
}
