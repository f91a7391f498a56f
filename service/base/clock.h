// SPDX-License-Identifier: LGPL-2.1-or-later
/* Times are unsigned microseconds; which clock is said by the name of whatever holds one. */
#pragma once

#include <stdint.h>
#include <time.h>

#define USEC_PER_SEC  1000000ULL
#define USEC_PER_MSEC 1000ULL
#define NSEC_PER_USEC 1000ULL

static inline uint64_t clock_now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

static inline uint64_t clock_monotonic(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

static inline uint64_t clock_realtime(void)
{
	return clock_now(CLOCK_REALTIME);
}
