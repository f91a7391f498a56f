// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who is turned away for a while, after OpenSSH's PerSourcePenalties: what a source (roster.h) does
 * wrong adds time to its penalty, and the penalty runs off by itself. Once it exceeds
 * PENALTY_MIN_USEC the source is refused until nothing of it is left.
 *
 * A refused credential weighs what it does for OpenSSH, so a few mistakes cost nothing and one more
 * costs seconds. Connections without one weigh less than there: browsers open some that they never
 * use, and need not even be told apart from those that only look.
 *
 * Pure. The table is bounded: when it is full, the shortest penalty goes, refused sources after all
 * others, and never for a shorter one. A flood of sources thus frees nobody before their time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PENALTY_CREDENTIAL_USEC (UINT64_C(5) * 1000 * 1000)
#define PENALTY_ANONYMOUS_USEC  (UINT64_C(500) * 1000)
#define PENALTY_GRACE_USEC      (UINT64_C(3) * 1000 * 1000)
#define PENALTY_CRASH_USEC      (UINT64_C(90) * 1000 * 1000)

#define PENALTY_MIN_USEC    (UINT64_C(15) * 1000 * 1000)
#define PENALTY_MAX_USEC    (UINT64_C(600) * 1000 * 1000)
#define PENALTY_SOURCES_MAX 4096

enum penalty_kind {
	PENALTY_CREDENTIAL, /* a credential was refused */
	PENALTY_ANONYMOUS,  /* the connection ended without any */
	PENALTY_GRACE,      /* its grace time ended without any */
	PENALTY_CRASH,      /* its session crashed */
};

struct penalty {
	uint8_t source[16];
	uint64_t until; /* CLOCK_MONOTONIC, us: when it has run off */
	uint32_t refused;
	uint32_t reserved;
};

struct penalties {
	struct penalty *entries; /* owned; in order of their sources */
	uint32_t n;
};

/* Errors: -ENOMEM. */
int penalties_init(struct penalties *p);
void penalties_release(struct penalties *p);

/* Returns how long the source is refused from now on, us, if it is so by this one, otherwise 0. */
uint64_t penalties_add(struct penalties *p, const uint8_t source[16], enum penalty_kind kind,
		       uint64_t now);
bool penalties_refuse(const struct penalties *p, const uint8_t source[16], uint64_t now);
