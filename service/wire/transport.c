// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/transport.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct alternative {
	bool tcp;
	bool unicast;
	bool multicast;
	bool interleaved;
	bool mode;
	bool other_mode; /* than to play */
	struct transport transport;
};

/* As slice_cut, but a separator between quotes separates nothing. */
static bool cut(struct slice *rest, uint8_t separator, struct slice *part)
{
	bool quoted = false;
	size_t i;

	if (rest->len == 0)
		return false;
	for (i = 0; i < rest->len; i++) {
		if (rest->data[i] == '"')
			quoted = !quoted;
		if (rest->data[i] == separator && !quoted)
			break;
	}
	*part = slice_of(rest->data, i);
	i = i < rest->len ? i + 1 : i;
	*rest = slice_of(rest->data + i, rest->len - i);
	return true;
}

static bool is_visible(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] > '~')
			return false;
	return s.len > 0;
}

/* "a-b" */
static int parse_channels(struct transport *t, struct slice value)
{
	struct slice first, last = value;
	uint64_t a, b;

	if (!slice_cut(&last, '-', &first) || slice_u64(first, UINT8_MAX, &a) < 0 ||
	    slice_u64(last, UINT8_MAX, &b) < 0 || b != a + 1)
		return -EINVAL;
	t->rtp_channel = a;
	t->rtcp_channel = b;
	return 0;
}

static bool is_play(struct slice value)
{
	return slice_equal_nocase(value, "play") || slice_equal_nocase(value, "\"play\"");
}

static int parse_parameter(struct alternative *a, struct slice parameter)
{
	struct slice name, value = parameter;
	bool has_value;

	if (!is_visible(parameter))
		return -EINVAL;
	slice_cut(&value, '=', &name);
	has_value = name.len < parameter.len;
	if (slice_equal_nocase(name, "interleaved")) {
		if (a->interleaved || !has_value)
			return -EINVAL;
		a->interleaved = true;
		return parse_channels(&a->transport, value);
	}
	if (slice_equal_nocase(name, "mode")) {
		if (a->mode || !has_value)
			return -EINVAL;
		a->mode = true;
		a->other_mode = !is_play(value);
	}
	a->unicast |= slice_equal_nocase(parameter, "unicast");
	a->multicast |= slice_equal_nocase(parameter, "multicast");
	return a->unicast && a->multicast ? -EINVAL : 0;
}

static int parse_alternative(struct alternative *a, struct slice text)
{
	struct slice part;
	int r;

	*a = (struct alternative){.transport = {.rtp_channel = 0, .rtcp_channel = 1}};
	if (text.len > 0 && text.data[text.len - 1] == ';')
		return -EINVAL;
	if (!cut(&text, ';', &part) || !is_visible(part))
		return -EINVAL;
	a->tcp = slice_equal_nocase(part, "RTP/AVP/TCP");
	while (cut(&text, ';', &part)) {
		r = parse_parameter(a, part);
		if (r < 0)
			return r;
	}
	return 0;
}

int transport_parse(struct transport *t, struct slice value)
{
	struct slice text;
	bool found = false;
	size_t n = 0;

	if (value.len == 0 || value.data[value.len - 1] == ',')
		return -EINVAL;
	while (cut(&value, ',', &text)) {
		struct alternative a;
		int r;

		if (++n > TRANSPORT_ALTERNATIVES_MAX)
			return -EINVAL;
		r = parse_alternative(&a, slice_trim(text));
		if (r < 0)
			return r;
		/* TCP is one to one, so that saying `unicast` is optional here. */
		if (found || !a.tcp || a.multicast || a.other_mode)
			continue;
		*t = a.transport;
		found = true;
	}
	return found ? 0 : -EPROTONOSUPPORT;
}

void transport_write(struct writer *w, const struct transport *t, uint32_t ssrc)
{
	writer_printf(w, "RTP/AVP/TCP;unicast;interleaved=%u-%u;ssrc=%08X", t->rtp_channel,
		      t->rtcp_channel, ssrc);
}
