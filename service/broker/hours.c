// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/hours.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define DAY_MINUTES  (24 * 60)
#define WEEK_MINUTES (7 * DAY_MINUTES)
#define WEEK_SECONDS (WEEK_MINUTES * 60)
/* No zone changes its offset and takes that back within this time. */
#define OFFSET_STEP (12 * 3600)
/* Hours that do not hold within two weeks, a changed offset included, never do. */
#define AHEAD_MAX (2 * WEEK_SECONDS)

static bool take(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* 0 for Monday; -1: no day. */
static int take_day(const char **text)
{
	static const char days[][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 0; i < 7; i++)
		if (strncmp(*text, days[i], 3) == 0) {
			*text += 3;
			return i;
		}
	return -1;
}

/* Two digits; -1: something else. */
static int take_number(const char **text)
{
	const char *t = *text;

	if (t[0] < '0' || t[0] > '9' || t[1] < '0' || t[1] > '9')
		return -1;
	*text += 2;
	return (t[0] - '0') * 10 + t[1] - '0';
}

/* In minutes of the day, up to and with 24:00; -1: no time. */
static int take_time(const char **text)
{
	int hour = take_number(text), minute;

	if (hour < 0 || !take(text, ':'))
		return -1;
	minute = take_number(text);
	if (minute < 0 || minute > 59 || hour > 24 || (hour == 24 && minute > 0))
		return -1;
	return hour * 60 + minute;
}

static int add_range(struct hours *hours, int begin, int end)
{
	if (begin == end)
		return 0;
	if (hours->n == HOURS_RANGES_MAX)
		return -ENOBUFS;
	hours->ranges[hours->n++] = (struct hours_range){(uint16_t)begin, (uint16_t)end};
	return 0;
}

/* The range of one day, which may reach into the next: after Sunday, that is Monday. */
static int add_day(struct hours *hours, int day, int begin, int end)
{
	int r;

	begin += day * DAY_MINUTES;
	end += day * DAY_MINUTES;
	if (end > begin)
		return add_range(hours, begin, end);
	end += DAY_MINUTES;
	if (end <= WEEK_MINUTES)
		return add_range(hours, begin, end);
	r = add_range(hours, begin, WEEK_MINUTES);
	return r < 0 ? r : add_range(hours, 0, end - WEEK_MINUTES);
}

static int take_entry(const char **text, struct hours *ret)
{
	int first = take_day(text), last = first, begin, end, r;

	if (first < 0)
		return -EINVAL;
	if (take(text, '-')) {
		last = take_day(text);
		if (last < 0)
			return -EINVAL;
	}
	if (!take(text, ' '))
		return -EINVAL;
	begin = take_time(text);
	if (begin < 0 || begin == DAY_MINUTES || !take(text, '-'))
		return -EINVAL;
	end = take_time(text);
	if (end < 0 || end == begin)
		return -EINVAL;
	for (int day = first;; day = (day + 1) % 7) {
		r = add_day(ret, day, begin, end);
		if (r < 0 || day == last)
			return r;
	}
}

int hours_parse(const char *text, struct hours *ret)
{
	int r;

	ret->n = 0;
	do {
		r = take_entry(&text, ret);
		if (r < 0)
			return r;
		if (!*text)
			return 0;
		if (!take(&text, ','))
			return -EINVAL;
		(void)take(&text, ' ');
	} while (true);
}

/* A moment as the zone has it. */
struct local {
	int64_t offset; /* s east of UTC */
	int second;     /* since Monday, 00:00 */
};

static bool local_of(int64_t moment, struct local *ret)
{
	time_t t = (time_t)moment;
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return false;
	*ret = (struct local){
		.offset = tm.tm_gmtoff,
		.second = (tm.tm_wday + 6) % 7 * DAY_MINUTES * 60 + tm.tm_hour * 3600 +
			  tm.tm_min * 60 + tm.tm_sec,
	};
	return true;
}

static bool within(const struct hours *hours, int second)
{
	int minute = second / 60;

	for (size_t i = 0; i < hours->n; i++)
		if (minute >= hours->ranges[i].begin && minute < hours->ranges[i].end)
			return true;
	return false;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Seconds until the next begin or end of a range, 1 to a week, as long as the offset stays. */
static int until_boundary(const struct hours *hours, int second)
{
	int next = WEEK_SECONDS;

	for (size_t i = 0; i < hours->n; i++) {
		int begin = hours->ranges[i].begin * 60 - second;
		int end = hours->ranges[i].end * 60 - second;

		next = least(next, begin > 0 ? begin : begin + WEEK_SECONDS);
		next = least(next, end > 0 ? end : end + WEEK_SECONDS);
	}
	return next;
}

/* The first second in (from, to] that has another offset; to, if there is none. */
static int64_t next_offset(int64_t from, int64_t to, int64_t offset)
{
	struct local local;

	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (local_of(middle, &local) && local.offset == offset)
			from = middle;
		else
			to = middle;
	}
	return to;
}

/* The next moment after t at which the hours may begin or end: at a boundary of theirs, or because
 * the zone's offset changes. */
static int64_t next_moment(const struct hours *hours, int64_t t, const struct local *local)
{
	int64_t boundary = t + until_boundary(hours, local->second);
	struct local then;

	while (t < boundary) {
		int64_t step = boundary - t < OFFSET_STEP ? boundary : t + OFFSET_STEP;

		if (!local_of(step, &then) || then.offset != local->offset)
			return next_offset(t, step, local->offset);
		t = step;
	}
	return boundary;
}

bool hours_hold(const struct hours *hours, uint64_t now, uint64_t *ret_change)
{
	int64_t start = (int64_t)(now / USEC_PER_SEC), t = start;
	struct local local;
	bool held;

	*ret_change = 0;
	if (!local_of(t, &local))
		return false;
	held = within(hours, local.second);
	while (t - start < AHEAD_MAX) {
		t = next_moment(hours, t, &local);
		if (!local_of(t, &local) || within(hours, local.second) != held) {
			*ret_change = (uint64_t)t * USEC_PER_SEC;
			break;
		}
	}
	return held;
}
