// SPDX-License-Identifier: LGPL-2.1-or-later
/* A stop that beats every grant and survives restarts, until somebody takes it back. By name, so
 * that it also holds for what is added, plugged in or re-made later. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/parse.h"

#define SUSPENSION_REASON_SIZE 256

enum suspension_kind {
	SUSPENSION_ALL = 1,
	SUSPENSION_CAMERA = 2,
	SUSPENSION_CLIENT = 3,
	SUSPENSION_INTEGRATION = 4,
};

struct suspension {
	enum suspension_kind kind;
	char name[NAME_SIZE]; /* "" with ALL */
	char reason[SUSPENSION_REASON_SIZE];
	uint64_t since; /* us, CLOCK_REALTIME */
	bool resuming;  /* policy.h */
};

/* "all", "camera", "client", "integration". */
const char *suspension_kind_to_text(enum suspension_kind kind);
/* -EINVAL: none of these. */
int suspension_kind_from_text(const char *text, enum suspension_kind *ret);
/* -EINVAL: unknown kind, a name with ALL, none with another. */
int suspension_check(const struct suspension *suspension);
