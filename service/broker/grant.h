// SPDX-License-Identifier: LGPL-2.1-or-later
/* Client or integration x camera x rights x limits. Refers to the camera's UUID, never its name:
 * another device that takes the name over inherits nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/parse.h"
#include "proto/rights.h"

#define GRANT_HOURS_SIZE  128
#define GRANT_LEASES_MAX  10000
#define GRANT_SOURCE_SIZE 64

struct grant {
	uint64_t id;                 /* never used again */
	char client[NAME_SIZE];      /* exactly one of client and integration is not "" */
	char integration[NAME_SIZE]; /* every client of it */
	uint8_t camera[UUID_SIZE];
	uint32_t rights;     /* enum right */
	uint64_t not_before; /* us, CLOCK_REALTIME; 0: from ever */
	uint64_t not_after;  /* us, CLOCK_REALTIME; the first moment without it; 0: for ever */
	uint64_t created;    /* us, CLOCK_REALTIME */
	bool only_sub;       /* the small stream only */
	bool ask_first;      /* an agent must say yes to each lease */
	uint32_t max_leases; /* at once, of all whom it is for; 0: no limit */
	char hours[GRANT_HOURS_SIZE];   /* hours.h; "": always */
	char source[GRANT_SOURCE_SIZE]; /* its file in policy.d (declared.h); "": none */
	bool pending;                   /* policy.h */
};

/* -EINVAL: not exactly one of client and integration, bad names, no camera, no or unknown rights,
 * an empty interval, hours that are none, more leases than GRANT_LEASES_MAX. */
int grant_check(const struct grant *grant);
