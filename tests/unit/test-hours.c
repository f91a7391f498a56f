// SPDX-License-Identifier: LGPL-2.1-or-later
/* Weekly hours: what they may look like, when they hold, and when that changes next. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/hours.h"

/* As the zones' own rules are; POSIX writes offsets west of Greenwich. */
#define UTC       "UTC0"
#define BERLIN    "CET-1CEST,M3.5.0,M10.5.0/3"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"

static void set_zone(const char *zone)
{
	setenv("TZ", zone, true);
	tzset();
}

/* "2026-03-29 01:00:00", UTC; 0 for "". */
static uint64_t utc(const char *text)
{
	struct tm tm = {0};

	if (!*text)
		return 0;
	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return (uint64_t)timegm(&tm) * USEC_PER_SEC;
}

static void test_grammar(void **s)
{
	static const struct {
		const char *text;
		int error;
	} tries[] = {
		{"mon 08:00-18:00", 0},
		{"mon-fri 08:00-18:00, sat 10:00-12:00", 0},
		{"mon-fri 08:00-18:00,sat 10:00-12:00", 0},
		{"fri-mon 22:00-06:00", 0},
		{"mon-sun 00:00-24:00", 0},
		{"sun 23:59-00:00", 0},
		{"", -EINVAL},
		{"mon", -EINVAL},
		{"mon ", -EINVAL},
		{"Mon 08:00-18:00", -EINVAL},
		{"mon  08:00-18:00", -EINVAL},
		{" mon 08:00-18:00", -EINVAL},
		{"mon 08:00-18:00 ", -EINVAL},
		{"mon 08:00-18:00,", -EINVAL},
		{"mon 08:00-18:00,  tue 08:00-18:00", -EINVAL},
		{"mon 08:00-18:00; tue 08:00-18:00", -EINVAL},
		{"mon- 08:00-18:00", -EINVAL},
		{"monday 08:00-18:00", -EINVAL},
		{"mon 8:00-18:00", -EINVAL},
		{"mon 08:00", -EINVAL},
		{"mon 08:00-", -EINVAL},
		{"mon 08:00-18:0", -EINVAL},
		{"mon 08:60-18:00", -EINVAL},
		{"mon 08:00-24:01", -EINVAL},
		{"mon 08:00-25:00", -EINVAL},
		{"mon 24:00-08:00", -EINVAL},
		{"mon 08:00-08:00", -EINVAL},
		{"mon-sun 22:00-06:00,mon-sun 22:00-06:00,mon-sun 22:00-06:00,mon-sun 22:00-06:00,"
		 "mon-sun 22:00-06:00,mon-sun 22:00-06:00,mon-sun 22:00-06:00,mon-sun 22:00-06:00,"
		 "mon 22:00-06:00",
		 -ENOBUFS},
	};
	struct hours hours;

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++)
		if (hours_parse(tries[i].text, &hours) != tries[i].error)
			fail_msg("'%s'", tries[i].text);
}

/* 2026-03-29: Berlin's clocks go from 02:00 to 03:00 at 01:00 UTC; 2026-10-25: from 03:00 to 02:00
 * at 01:00 UTC. 2026-04-05: Lord Howe's go from 02:00 to 01:30 at 15:00 UTC of the day before;
 * 2026-10-04: from 02:00 to 02:30 at 15:30 UTC of the day before. */
static const struct {
	const char *what, *zone, *hours, *now;
	bool hold;
	const char *change;
} cases[] = {
	{"before", UTC, "mon 08:00-18:00", "2026-11-23 07:59:59", false, "2026-11-23 08:00:00"},
	{"begins", UTC, "mon 08:00-18:00", "2026-11-23 08:00:00", true, "2026-11-23 18:00:00"},
	{"last second", UTC, "mon 08:00-18:00", "2026-11-23 17:59:59", true, "2026-11-23 18:00:00"},
	{"ends", UTC, "mon 08:00-18:00", "2026-11-23 18:00:00", false, "2026-11-30 08:00:00"},
	{"several days", UTC, "mon-wed 08:00-18:00", "2026-11-24 20:00:00", false,
	 "2026-11-25 08:00:00"},
	{"days over the weekend", UTC, "sat-mon 08:00-18:00", "2026-11-22 20:00:00", false,
	 "2026-11-23 08:00:00"},
	{"over midnight", UTC, "mon 22:00-02:00", "2026-11-24 01:00:00", true,
	 "2026-11-24 02:00:00"},
	{"over midnight, the day itself", UTC, "mon 22:00-02:00", "2026-11-23 01:00:00", false,
	 "2026-11-23 22:00:00"},
	{"over the week's end", UTC, "sun 22:00-02:00", "2026-11-22 23:00:00", true,
	 "2026-11-23 02:00:00"},
	{"two that touch", UTC, "mon 08:00-12:00, mon 12:00-18:00", "2026-11-23 09:00:00", true,
	 "2026-11-23 18:00:00"},
	{"two that overlap", UTC, "mon 08:00-14:00, mon 12:00-18:00", "2026-11-23 13:00:00", true,
	 "2026-11-23 18:00:00"},
	{"days that touch", UTC, "mon-tue 00:00-24:00", "2026-11-23 13:00:00", true,
	 "2026-11-25 00:00:00"},
	{"always", UTC, "mon-sun 00:00-24:00", "2026-11-23 13:00:00", true, ""},
	{"always, by night and day", UTC, "mon-sun 06:00-22:00, mon-sun 22:00-06:00",
	 "2026-11-23 13:00:00", true, ""},

	{"Berlin, winter", BERLIN, "mon-sun 08:00-18:00", "2026-01-05 06:59:59", false,
	 "2026-01-05 07:00:00"},
	{"Berlin, summer", BERLIN, "mon-sun 08:00-18:00", "2026-07-06 05:59:59", false,
	 "2026-07-06 06:00:00"},
	{"Berlin, spring: begins after the change", BERLIN, "mon-sun 08:00-18:00",
	 "2026-03-28 18:00:00", false, "2026-03-29 06:00:00"},
	{"Berlin, spring: ends after the change", BERLIN, "sat 22:00-08:00", "2026-03-28 22:00:00",
	 true, "2026-03-29 06:00:00"},
	{"Berlin, spring: begins in the skipped hour", BERLIN, "sun 02:30-03:30",
	 "2026-03-29 00:30:00", false, "2026-03-29 01:00:00"},
	{"Berlin, spring: ends in the skipped hour", BERLIN, "sun 01:00-02:30",
	 "2026-03-29 00:30:00", true, "2026-03-29 01:00:00"},
	{"Berlin, spring: wholly skipped", BERLIN, "sun 02:10-02:50", "2026-03-29 00:30:00", false,
	 "2026-04-05 00:10:00"},
	{"Berlin, spring: round the skipped hour", BERLIN, "sun 01:00-04:00", "2026-03-29 00:30:00",
	 true, "2026-03-29 02:00:00"},
	{"Berlin, autumn: ends in the hour that comes twice", BERLIN, "sun 01:00-02:30",
	 "2026-10-25 00:00:00", true, "2026-10-25 00:30:00"},
	{"Berlin, autumn: holds again", BERLIN, "sun 01:00-02:30", "2026-10-25 00:30:00", false,
	 "2026-10-25 01:00:00"},
	{"Berlin, autumn: ends again", BERLIN, "sun 01:00-02:30", "2026-10-25 01:00:00", true,
	 "2026-10-25 01:30:00"},
	{"Berlin, autumn: begins in it", BERLIN, "sun 02:30-04:00", "2026-10-25 00:30:00", true,
	 "2026-10-25 01:00:00"},
	{"Berlin, autumn: an hour more", BERLIN, "sat 22:00-08:00", "2026-10-24 20:00:00", true,
	 "2026-10-25 07:00:00"},

	{"Lord Howe, spring: half an hour is skipped", LORD_HOWE, "sun 02:10-03:00",
	 "2026-10-03 15:00:00", false, "2026-10-03 15:30:00"},
	{"Lord Howe, spring: ends", LORD_HOWE, "sun 02:10-03:00", "2026-10-03 15:30:00", true,
	 "2026-10-03 16:00:00"},
	{"Lord Howe, autumn: ends", LORD_HOWE, "sun 01:00-01:45", "2026-04-04 14:30:00", true,
	 "2026-04-04 14:45:00"},
	{"Lord Howe, autumn: holds again", LORD_HOWE, "sun 01:00-01:45", "2026-04-04 14:45:00",
	 false, "2026-04-04 15:00:00"},
	{"Lord Howe, autumn: ends again", LORD_HOWE, "sun 01:00-01:45", "2026-04-04 15:00:00", true,
	 "2026-04-04 15:15:00"},
	{"Lord Howe, summer", LORD_HOWE, "mon 00:00-12:00", "2026-01-05 00:00:00", true,
	 "2026-01-05 01:00:00"},
};

static void test_cases(void **s)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hours hours;
		uint64_t change;
		bool hold;

		set_zone(cases[i].zone);
		assert_int_equal(hours_parse(cases[i].hours, &hours), 0);
		hold = hours_hold(&hours, utc(cases[i].now), &change);
		if (hold != cases[i].hold || change != utc(cases[i].change))
			fail_msg("%s: %s, changes at %llu, not %llu", cases[i].what,
				 hold ? "hold" : "do not hold",
				 (unsigned long long)(change / USEC_PER_SEC),
				 (unsigned long long)(utc(cases[i].change) / USEC_PER_SEC));
	}
}

/* Asked minute by minute, the answer changes when the one before said that it would. */
static void check_weeks(const char *zone, const char *text, const char *from)
{
	uint64_t now = utc(from) + 1, end = now + 15 * 86400 * USEC_PER_SEC, change, announced = 0;
	struct hours hours;
	bool held = false, hold;

	set_zone(zone);
	assert_int_equal(hours_parse(text, &hours), 0);
	for (bool first = true; now < end; now += 60 * USEC_PER_SEC, first = false) {
		hold = hours_hold(&hours, now, &change);
		assert_true(change == 0 || change > now);
		if (!first)
			assert_int_equal(hold != held, announced && announced <= now);
		held = hold;
		announced = change;
	}
}

static void test_every_minute(void **s)
{
	static const char *const texts[] = {
		"sun 02:30-03:30",
		"sun 01:30-02:15, mon 00:00-24:00",
		"mon-sun 22:00-06:00",
		"sat 23:00-22:59",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		check_weeks(BERLIN, texts[i], "2026-03-22 00:00:00");
		check_weeks(BERLIN, texts[i], "2026-10-18 00:00:00");
		check_weeks(LORD_HOWE, texts[i], "2026-03-29 00:00:00");
		check_weeks(LORD_HOWE, texts[i], "2026-09-27 00:00:00");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_every_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
