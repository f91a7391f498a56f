// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which frames of a faster source remain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "camera/thinner.h"

#define BEGIN 12345678 /* us */

/* What remains of ten seconds, and how far apart frames are at most; jitter: up to so much late. */
static unsigned int remains(struct thinner *t, double fps, unsigned int jitter, uint64_t *ret_gap)
{
	unsigned int taken = 0;
	uint32_t random = 1;
	uint64_t last = 0;

	*ret_gap = 0;
	for (unsigned int i = 0; i < (unsigned int)(fps * 10); i++) {
		uint64_t at = BEGIN + (uint64_t)(i * 1e6 / fps);

		random = random * 1664525 + 1013904223;
		if (jitter)
			at += (random >> 16) % jitter;
		if (!thinner_take(t, at))
			continue;
		if (taken++ && at - last > *ret_gap)
			*ret_gap = at - last;
		last = at;
	}
	return taken;
}

static void expect(uint32_t fps, double have, unsigned int jitter, unsigned int frames,
		   uint64_t gap)
{
	struct thinner t;
	uint64_t most;

	/* Its rate is not known. */
	thinner_begin(&t, fps, 0, 1);
	assert_true(thinner_active(&t));
	assert_in_range(remains(&t, have, jitter, &most), frames - 1, frames + 1);
	assert_in_range(most, 1, gap);
}

static void a_faster_source_is_thinned_evenly(void **state)
{
	expect(30, 60, 0, 300, 33400);
	expect(15, 30, 0, 150, 66800);
	expect(10, 60, 0, 100, 100100);
	expect(1, 30, 0, 10, 1000100);
	/* Not a whole part: as near as the frames come. */
	expect(30, 45, 0, 300, 44500);
	expect(25, 30, 0, 250, 66700);
	/* Late by up to 5 ms. */
	expect(30, 60, 5000, 300, 33400 + 5000);
}

static void a_slower_source_is_left_as_it_is(void **state)
{
	expect(30, 15, 0, 150, 66800);
	expect(30, 15, 10000, 150, 66800 + 10000);
	expect(30, 30, 0, 300, 33400);
	expect(30, 30, 6000, 300, 33400 + 6000);
}

static void a_known_rate_near_by_is_left_as_it_is(void **state)
{
	struct thinner t;
	uint64_t gap;

	thinner_begin(&t, 30, 30, 1);
	assert_false(thinner_active(&t));
	thinner_begin(&t, 30, 5, 1);
	assert_false(thinner_active(&t));
	thinner_begin(&t, 29, 30000, 1001);
	assert_false(thinner_active(&t));
	assert_int_equal(remains(&t, 29.97, 0, &gap), 299);
	thinner_begin(&t, 0, 240, 1);
	assert_false(thinner_active(&t));
	thinner_begin(&t, 30, 60, 1);
	assert_true(thinner_active(&t));
	thinner_begin(&t, 24, 25, 1);
	assert_true(thinner_active(&t));
}

/* Nothing for three seconds, then frames as before: no burst. */
static void a_pause_is_not_made_up_for(void **state)
{
	struct thinner t;
	uint64_t gap;

	thinner_begin(&t, 30, 60, 1);
	assert_true(thinner_take(&t, BEGIN - 3 * USEC_PER_SEC));
	assert_in_range(remains(&t, 60, 0, &gap), 299, 301);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_faster_source_is_thinned_evenly),
		cmocka_unit_test(a_slower_source_is_left_as_it_is),
		cmocka_unit_test(a_known_rate_near_by_is_left_as_it_is),
		cmocka_unit_test(a_pause_is_not_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
