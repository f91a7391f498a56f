// SPDX-License-Identifier: LGPL-2.1-or-later
/* Times as people and programs write them; the values are microseconds of CLOCK_REALTIME. */
#pragma once

#include <stdint.h>

/* "2026-01-02T10:00:00.000000Z" and "2026-01-02 10:00:00 +0545" with room to spare. */
#define WHEN_STRING_SIZE 64

/*
 * "2026-01-02T10:00:00Z" (RFC 3339, any offset), "2026-01-02 10:00[:00]" and "2026-01-02" (local),
 * "yesterday 18:00", "today" and "tomorrow" (local, the day's first moment without a clock),
 * "now", or "+2h" from now, "-7d" ago (s, m, h, d, w).
 * Errors: -EINVAL (none of these), -ERANGE (no such date, no such time in the local zone, too far).
 */
int when_parse(const char *text, uint64_t now, uint64_t *ret);

/* In the local zone, with its name. */
void when_format_local(uint64_t t, char text[WHEN_STRING_SIZE]);
/* RFC 3339 in UTC, with microseconds. */
void when_format_rfc3339(uint64_t t, char text[WHEN_STRING_SIZE]);
