// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtsp-field.h"

#include <errno.h>

bool rtsp_session_matches(struct slice value, const char id[static RTSP_SESSION_DIGITS + 1])
{
	struct slice sent;
	uint8_t differ = 0;

	if (!slice_cut(&value, ';', &sent))
		return false;
	sent = slice_trim(sent);
	if (sent.len != RTSP_SESSION_DIGITS)
		return false;
	for (size_t i = 0; i < RTSP_SESSION_DIGITS; i++)
		differ |= sent.data[i] ^ (uint8_t)id[i];
	return differ == 0;
}

static bool is_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
	return s.len > 0;
}

/* npt-sec or npt-hhmmss (section 3.6), or "now". */
static bool is_npt(struct slice text)
{
	struct slice fraction = text, whole, part;
	unsigned n = 0;

	if (slice_equal_nocase(text, "now"))
		return true;
	if (!slice_cut(&fraction, '.', &whole) || (fraction.len > 0 && !is_digits(fraction)))
		return false;
	if (whole.len > 0 && whole.data[whole.len - 1] == ':')
		return false;
	while (slice_cut(&whole, ':', &part)) {
		n++;
		if (!is_digits(part) || (n > 1 && part.len > 2))
			return false;
	}
	return n == 1 || n == 3;
}

int rtsp_range_check(struct slice value)
{
	struct slice range, unit, start;

	/* ";time=" says when, which is now. */
	if (!slice_cut(&value, ';', &range))
		return -EINVAL;
	range = slice_trim(range);
	if (!slice_cut(&range, '=', &unit) || range.len == 0)
		return -EINVAL;
	if (!slice_equal_nocase(unit, "npt"))
		return slice_equal_nocase(unit, "clock") || slice_starts_nocase(unit, "smpte")
			       ? -EPROTONOSUPPORT
			       : -EINVAL;
	slice_cut(&range, '-', &start);
	if (start.data + start.len == range.data) /* no hyphen */
		return -EINVAL;
	if (start.len == 0 && range.len == 0)
		return -EINVAL;
	if ((start.len > 0 && !is_npt(start)) || (range.len > 0 && !is_npt(range)))
		return -EINVAL;
	return 0;
}
