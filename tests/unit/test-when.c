// SPDX-License-Identifier: LGPL-2.1-or-later
/* Times as people write them, in a zone with summer time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ctl/when.h"

#define NOW        (1767348000ULL * USEC_PER_SEC) /* 2026-01-02T10:00:00Z */
#define HOUR       3600ULL
#define SECONDS(n) ((n)*USEC_PER_SEC)

static int in_berlin(void **state)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return 0;
}

static uint64_t parse(const char *text)
{
	uint64_t t = 0;

	assert_int_equal(when_parse(text, NOW, &t), 0);
	return t;
}

static int refused(const char *text)
{
	uint64_t t;

	return when_parse(text, NOW, &t);
}

static void test_rfc3339(void **state)
{
	assert_int_equal(parse("2026-01-02T10:00:00Z"), NOW);
	assert_int_equal(parse("2026-01-02t10:00:00z"), NOW);
	assert_int_equal(parse("2026-01-02T10:00:00.25Z"), NOW + 250000);
	assert_int_equal(parse("2026-01-02T10:00:00.1234567Z"), NOW + 123456);
	assert_int_equal(parse("2026-01-02T11:30:00+01:30"), NOW);
	assert_int_equal(parse("2026-01-02T02:00:00-08:00"), NOW);
}

static void test_local(void **state)
{
	assert_int_equal(parse("2026-01-02 11:00"), NOW);
	assert_int_equal(parse("2026-01-02 11:00:05"), NOW + SECONDS(5));
	assert_int_equal(parse("2026-01-02"), NOW - SECONDS(11 * HOUR));
	/* 12:00 in July is UTC+2. */
	assert_int_equal(parse("2026-07-02 12:00"), parse("2026-07-02T10:00:00Z"));
}

static void test_relative(void **state)
{
	assert_int_equal(parse("now"), NOW);
	assert_int_equal(parse("+90s"), NOW + SECONDS(90));
	assert_int_equal(parse("+2m"), NOW + SECONDS(120));
	assert_int_equal(parse("+2h"), NOW + SECONDS(2 * HOUR));
	assert_int_equal(parse("+1d"), NOW + SECONDS(24 * HOUR));
	assert_int_equal(parse("+1w"), NOW + SECONDS(7 * 24 * HOUR));
	assert_int_equal(parse("-2h"), NOW - SECONDS(2 * HOUR));
	assert_int_equal(parse("-1w"), NOW - SECONDS(7 * 24 * HOUR));
}

static void test_words(void **state)
{
	uint64_t t, summer = parse("2026-03-30 00:30");

	assert_int_equal(parse("today"), parse("2026-01-02"));
	assert_int_equal(parse("tomorrow"), parse("2026-01-03"));
	assert_int_equal(parse("yesterday"), parse("2026-01-01"));
	assert_int_equal(parse("yesterday 18:00"), parse("2026-01-01 18:00"));
	/* The day before had 23 hours: not what 24 hours before half past midnight says. */
	assert_int_equal(when_parse("yesterday", summer, &t), 0);
	assert_int_equal(t, parse("2026-03-29"));
	assert_int_equal(when_parse("yesterday", parse("2026-03-01 12:00"), &t), 0);
	assert_int_equal(t, parse("2026-02-28"));
}

static void test_not_a_time(void **state)
{
	static const char *const texts[] = {
		"",
		"never",
		"+",
		"+2",
		"+h",
		"+-2h",
		"+2y",
		"2h",
		"2026-1-2",
		"2026-01-02T10:00",
		"10:00",
		" now",
		"now ",
		"2026-01-02 10",
		"2026-01-02Z",
		"2026-01-02T10:00:00",
		"+1h30m",
		"2026-01-02 10:00:00 CET",
		"2026-01-02T10:00:00+1",
		"2026-01-02T10:00:00.Z",
		"yesterda",
		"yesterday ",
		"yesterdayT10:00:00Z",
		"today 10:00+01:00",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(refused(texts[i]), -EINVAL);
}

static void test_no_such_time(void **state)
{
	static const char *const texts[] = {
		"2026-02-29",           "2026-13-01",
		"2026-00-10",           "2026-01-02T24:00:00Z",
		"2026-01-02T10:60:00Z", "2026-01-02T10:00:00+24:00",
		"1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z",
		"+99999999w",           "+99999999999999999999s",
		"2026-03-29 02:30", /* the hour that summer time leaves out */
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(refused(texts[i]), -ERANGE);
}

static void test_format(void **state)
{
	char text[WHEN_STRING_SIZE];

	when_format_local(NOW, text);
	assert_string_equal(text, "2026-01-02 11:00:00 CET");
	when_format_rfc3339(NOW + 42, text);
	assert_string_equal(text, "2026-01-02T10:00:00.000042Z");
	when_format_rfc3339(UINT64_MAX, text);
	assert_string_equal(text, "@18446744073709");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3339),      cmocka_unit_test(test_local),
		cmocka_unit_test(test_relative),     cmocka_unit_test(test_not_a_time),
		cmocka_unit_test(test_no_such_time), cmocka_unit_test(test_format),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, in_berlin, NULL);
}
