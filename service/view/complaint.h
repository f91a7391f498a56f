// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines on standard error, at most one of a kind a second: what was held back is counted in the
 * next one. */
#pragma once

#include <stdint.h>

#include "seal/verifier.h"

#define COMPLAINT_EVERY_USEC 1000000ULL

/* Kinds: verdicts, and after them one for connections and one for the decoder. */
#define COMPLAINT_CONNECTION N_VERDICTS
#define COMPLAINT_DECODER    (N_VERDICTS + 1)
#define COMPLAINT_KINDS      (N_VERDICTS + 2)

struct complaint {
	const char *camera; /* the caller's */
	struct {
		uint64_t last; /* CLOCK_MONOTONIC, us; 0: never */
		uint64_t held_back;
	} kinds[COMPLAINT_KINDS];
};

void complaint_say(struct complaint *c, unsigned kind, uint64_t now, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
