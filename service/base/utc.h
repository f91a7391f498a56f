// SPDX-License-Identifier: LGPL-2.1-or-later
/* Dates of certificates and grants, which outlive a time_t where it has 32 bits: until 2038. */
#pragma once

#include <stdint.h>
#include <time.h>

/* Seconds since 1970 of a date in UTC, from then on; days of the month and hours may be too many,
 * as timegm(3) takes them. */
int64_t utc_seconds(const struct tm *tm);
