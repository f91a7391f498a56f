// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utc.h"

static void test_every_day_that_all_can_tell(void **state)
{
	for (int32_t t = 0; t < INT32_MAX - 86400; t += 86399) {
		time_t time = t;
		struct tm tm;

		assert_non_null(gmtime_r(&time, &tm));
		assert_int_equal(utc_seconds(&tm), t);
	}
}

static void test_later_ones(void **state)
{
	static const struct {
		struct tm tm;
		int64_t seconds;
	} known[] = {
		{{.tm_year = 138,
		  .tm_mon = 0,
		  .tm_mday = 19,
		  .tm_hour = 3,
		  .tm_min = 14,
		  .tm_sec = 8},
		 INT64_C(2147483648)},
		{{.tm_year = 199,
		  .tm_mon = 11,
		  .tm_mday = 31,
		  .tm_hour = 23,
		  .tm_min = 59,
		  .tm_sec = 59},
		 INT64_C(4102444799)},
		{{.tm_year = 200, .tm_mon = 2, .tm_mday = 1},
		 INT64_C(4107542400)}, /* no leap year */
		{{.tm_year = 500, .tm_mon = 1, .tm_mday = 29}, INT64_C(13574563200)}, /* one */
		{{.tm_year = 500, .tm_mon = 1, .tm_mday = 30},
		 INT64_C(13574649600)}, /* is 1 March */
		{{.tm_year = 8099,
		  .tm_mon = 11,
		  .tm_mday = 31,
		  .tm_hour = 23,
		  .tm_min = 59,
		  .tm_sec = 59},
		 INT64_C(253402300799)},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(utc_seconds(&known[i].tm), known[i].seconds);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day_that_all_can_tell),
		cmocka_unit_test(test_later_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
