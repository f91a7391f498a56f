// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/when.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"

#define SECONDS_AHEAD_MAX (100ULL * 366 * 86400) /* "+...": a hundred years */
#define YEAR_MAX          9999

/* Exactly n digits at *text, which is moved behind them; -1: something else is there. */
static int digits(const char **text, unsigned n)
{
	int value = 0;

	for (unsigned i = 0; i < n; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + **text - '0';
	}
	return value;
}

static bool separator(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static int parse_date(const char **text, struct tm *tm)
{
	int year = digits(text, 4), month, day;

	if (year < 0 || !separator(text, '-'))
		return -EINVAL;
	month = digits(text, 2);
	if (month < 0 || !separator(text, '-'))
		return -EINVAL;
	day = digits(text, 2);
	if (day < 0)
		return -EINVAL;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

/* "yesterday": the date of that day in the local zone. -ENOENT: no such word, text as it was. */
static int parse_day(const char **text, uint64_t now, struct tm *tm)
{
	static const struct {
		const char *name;
		int days;
	} words[] = {{"yesterday", -1}, {"today", 0}, {"tomorrow", 1}};
	time_t seconds = (time_t)(now / USEC_PER_SEC);
	struct tm day;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t length = strlen(words[i].name);

		if (strncmp(*text, words[i].name, length) != 0)
			continue;
		if (!localtime_r(&seconds, &day))
			return -ERANGE;
		/* Noon: no zone's summer time makes another date of it. */
		day = (struct tm){.tm_year = day.tm_year,
				  .tm_mon = day.tm_mon,
				  .tm_mday = day.tm_mday + words[i].days,
				  .tm_hour = 12,
				  .tm_isdst = -1};
		mktime(&day);
		tm->tm_year = day.tm_year;
		tm->tm_mon = day.tm_mon;
		tm->tm_mday = day.tm_mday;
		*text += length;
		return 0;
	}
	return -ENOENT;
}

static int parse_clock(const char **text, struct tm *tm)
{
	tm->tm_hour = digits(text, 2);
	if (tm->tm_hour < 0 || !separator(text, ':'))
		return -EINVAL;
	tm->tm_min = digits(text, 2);
	if (tm->tm_min < 0)
		return -EINVAL;
	if (!separator(text, ':'))
		return 0;
	tm->tm_sec = digits(text, 2);
	return tm->tm_sec < 0 ? -EINVAL : 0;
}

/* ".5": up to six digits count, more are read and dropped. */
static int parse_fraction(const char **text, uint64_t *ret)
{
	uint64_t unit = USEC_PER_SEC;

	*ret = 0;
	if (!separator(text, '.'))
		return 0;
	if (**text < '0' || **text > '9')
		return -EINVAL;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		unit /= 10;
		*ret += (uint64_t)(**text - '0') * unit;
	}
	return 0;
}

/* "Z" or "+01:00", in seconds east of UTC. */
static int parse_offset(const char **text, int64_t *ret)
{
	int sign = **text == '-' ? -1 : 1, hours, minutes;

	if (separator(text, 'Z') || separator(text, 'z')) {
		*ret = 0;
		return 0;
	}
	if (!separator(text, '+') && !separator(text, '-'))
		return -EINVAL;
	hours = digits(text, 2);
	if (hours < 0 || !separator(text, ':'))
		return -EINVAL;
	minutes = digits(text, 2);
	if (minutes < 0)
		return -EINVAL;
	if (hours > 23 || minutes > 59)
		return -ERANGE;
	*ret = (int64_t)sign * (hours * 3600 + minutes * 60);
	return 0;
}

static bool same_time(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
	       a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

/* The C library turns 31 February or a skipped hour into another time; here that is an error. */
static int seconds_from(const struct tm *given, bool local, int64_t *ret)
{
	struct tm tm = *given, back = {0};
	time_t t;

	tm.tm_isdst = local ? -1 : 0;
	t = local ? mktime(&tm) : timegm(&tm);
	if (local)
		localtime_r(&t, &back);
	else
		gmtime_r(&t, &back);
	if (!same_time(given, &back))
		return -ERANGE;
	*ret = t;
	return 0;
}

/* text: behind the sign. */
static int parse_relative(const char *text, bool ahead, uint64_t now, uint64_t *ret)
{
	static const struct {
		char name;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
	char number[16] = "";
	size_t length = strlen(text);
	uint64_t n;
	int r;

	if (length < 2)
		return -EINVAL;
	if (length > sizeof(number))
		return -ERANGE;
	memcpy(number, text, length - 1);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (text[length - 1] != units[i].name)
			continue;
		r = parse_u64(number, SECONDS_AHEAD_MAX / units[i].seconds, &n);
		if (r < 0)
			return r;
		n *= units[i].seconds * USEC_PER_SEC;
		if (!ahead && n >= now)
			return -ERANGE;
		*ret = ahead ? now + n : now - n;
		return 0;
	}
	return -EINVAL;
}

static int parse_absolute(const char *text, uint64_t now, uint64_t *ret)
{
	struct tm tm = {0};
	uint64_t fraction = 0;
	int64_t seconds, offset = 0;
	bool local = true, word;
	int r = parse_day(&text, now, &tm);

	word = r != -ENOENT;
	if (!word)
		r = parse_date(&text, &tm);
	if (r == 0 && *text) {
		bool rfc3339 = !word && (separator(&text, 'T') || separator(&text, 't'));

		if (!rfc3339 && !separator(&text, ' '))
			return -EINVAL;
		r = parse_clock(&text, &tm);
		if (r == 0)
			r = parse_fraction(&text, &fraction);
		if (r == 0 && !word && (rfc3339 || *text)) {
			local = false;
			r = parse_offset(&text, &offset);
		}
	}
	if (r < 0)
		return r;
	if (*text)
		return -EINVAL;
	r = seconds_from(&tm, local, &seconds);
	if (r < 0)
		return r;
	seconds -= offset;
	if (seconds <= 0)
		return -ERANGE;
	*ret = (uint64_t)seconds * USEC_PER_SEC + fraction;
	return 0;
}

int when_parse(const char *text, uint64_t now, uint64_t *ret)
{
	if (strcmp(text, "now") == 0) {
		*ret = now;
		return 0;
	}
	if (*text == '+' || *text == '-')
		return parse_relative(text + 1, *text == '+', now, ret);
	return parse_absolute(text, now, ret);
}

/* Returns whether the time could be broken down; one that could not is written as its number. */
static bool break_down(uint64_t t, bool local, struct tm *tm, char text[WHEN_STRING_SIZE])
{
	time_t seconds = (time_t)(t / USEC_PER_SEC);
	const struct tm *done = local ? localtime_r(&seconds, tm) : gmtime_r(&seconds, tm);

	if (done && (uint64_t)seconds == t / USEC_PER_SEC && tm->tm_year <= YEAR_MAX - 1900)
		return true;
	snprintf(text, WHEN_STRING_SIZE, "@%llu", (unsigned long long)(t / USEC_PER_SEC));
	return false;
}

void when_format_local(uint64_t t, char text[WHEN_STRING_SIZE])
{
	struct tm tm;

	if (break_down(t, true, &tm, text))
		strftime(text, WHEN_STRING_SIZE, "%Y-%m-%d %H:%M:%S %Z", &tm);
}

void when_format_rfc3339(uint64_t t, char text[WHEN_STRING_SIZE])
{
	char whole[WHEN_STRING_SIZE / 2];
	struct tm tm;

	if (!break_down(t, false, &tm, text))
		return;
	strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, WHEN_STRING_SIZE, "%s.%06lluZ", whole,
		 (unsigned long long)(t % USEC_PER_SEC));
}
