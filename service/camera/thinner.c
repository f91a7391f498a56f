// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/thinner.h"

#include "base/clock.h"

#define TOLERATED_PERCENT 4 /* faster than asked for */
#define JITTER_PART       4 /* a frame may come a quarter of an interval early */

void thinner_begin(struct thinner *t, uint32_t fps, uint32_t have_num, uint32_t have_den)
{
	*t = (struct thinner){};
	if (!fps)
		return;
	if (have_num &&
	    (uint64_t)have_num * 100 <= (uint64_t)fps * have_den * (100 + TOLERATED_PERCENT))
		return;
	t->interval = USEC_PER_SEC / fps;
}

bool thinner_active(const struct thinner *t)
{
	return t->interval != 0;
}

bool thinner_take(struct thinner *t, uint64_t at)
{
	if (!t->interval)
		return true;
	if (t->due && at + t->interval / JITTER_PART < t->due)
		return false;
	/* After a pause the schedule begins anew: nothing is made up for. */
	if (!t->due || at > t->due + t->interval)
		t->due = at;
	t->due += t->interval;
	return true;
}
