// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Weekly hours in the device's local time:
 *
 *	hours  = entry *( "," [SP] entry )
 *	entry  = days SP time "-" time
 *	days   = day [ "-" day ]                   "mon" ... "sun"; "fri-mon" are four days
 *	time   = 2DIGIT ":" 2DIGIT                 00:00 to 23:59; as an end also 24:00
 *
 * "mon-fri 08:00-18:00, sat 22:00-02:00": an entry holds from its first minute up to, and not in,
 * its last; one that ends before it begins goes over midnight and belongs to the day on which it
 * begins.
 *
 * They hold whenever a clock on the wall shows such a time. So what lies in an hour that is skipped
 * in spring is not to be had on that day, and what lies in the hour that comes twice in autumn is
 * to be had twice. The zone is the C library's (TZ, else /etc/localtime), as tzset() last found
 * it: whoever asks again after a change calls that first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOURS_RANGES_MAX 64

/* Minutes since Monday, 00:00; [begin, end), end at most one week. In no order; may overlap. */
struct hours_range {
	uint16_t begin, end;
};

struct hours {
	size_t n;
	struct hours_range ranges[HOURS_RANGES_MAX];
};

/* -EINVAL: not as above, or an entry that ends when it begins; -ENOBUFS: too many. */
int hours_parse(const char *text, struct hours *ret);

/*
 * Whether they hold at now. ret_change: the next moment at which that changes; 0: never. Both us,
 * CLOCK_REALTIME. A time that has no local one is outside all hours.
 */
bool hours_hold(const struct hours *hours, uint64_t now, uint64_t *ret_change);
