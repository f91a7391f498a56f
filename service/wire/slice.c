// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/slice.h"

#include <errno.h>
#include <string.h>

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

struct slice slice_text(const char *text)
{
	return slice_of(text, strlen(text));
}

bool slice_equal(struct slice s, const char *text)
{
	size_t len = strlen(text);

	return s.len == len && (len == 0 || memcmp(s.data, text, len) == 0);
}

bool slice_starts_nocase(struct slice s, const char *text)
{
	size_t len = strlen(text);

	if (s.len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(s.data[i]) != lower(text[i]))
			return false;
	return true;
}

bool slice_equal_nocase(struct slice s, const char *text)
{
	return s.len == strlen(text) && slice_starts_nocase(s, text);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.data[0]))
		s = slice_of(s.data + 1, s.len - 1);
	while (s.len > 0 && is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool slice_cut(struct slice *rest, uint8_t separator, struct slice *part)
{
	const uint8_t *at;

	if (rest->len == 0)
		return false;
	at = memchr(rest->data, separator, rest->len);
	if (!at) {
		*part = *rest;
		*rest = slice_of(rest->data + rest->len, 0);
		return true;
	}
	*part = slice_of(rest->data, at - rest->data);
	*rest = slice_of(at + 1, rest->len - part->len - 1);
	return true;
}

int slice_u64(struct slice s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < '0' || s.data[i] > '9')
			return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, s.data[i] - '0', &v) || v > max)
			return -ERANGE;
	}
	*ret = v;
	return 0;
}
