// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/utc.h"

#define DAYS_TO_1970 719468 /* from 1 March of the year 0 */

int64_t utc_seconds(const struct tm *tm)
{
	/* A year that begins with March has its leap day at its end, and months of 30.6 days. */
	int64_t year = tm->tm_year + INT64_C(1900) - (tm->tm_mon < 2);
	int month = (tm->tm_mon + 10) % 12;
	int64_t days = year * 365 + year / 4 - year / 100 + year / 400;

	days += (month * 306 + 5) / 10 + tm->tm_mday - 1 - DAYS_TO_1970;
	return ((days * 24 + tm->tm_hour) * 60 + tm->tm_min) * 60 + tm->tm_sec;
}
