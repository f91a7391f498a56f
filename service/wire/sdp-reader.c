// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/sdp-reader.h"

#include <errno.h>

struct reader {
	struct sdp_track *track;
	bool in_media;  /* after the first m= */
	bool in_video;  /* in the wanted media section */
	bool has_video; /* it has been seen */
	bool has_map;
	bool has_fmtp;
};

/* The next line without its CRLF; "x=..." with a visible type. */
static int next_line(struct slice *text, struct slice *line)
{
	if (!slice_cut(text, '\n', line))
		return 0;
	if (line->len < 3 || line->data[line->len - 1] != '\r' || line->data[1] != '=' ||
	    line->data[0] < 'a' || line->data[0] > 'z')
		return -EBADMSG;
	if (text->data == line->data + line->len) /* the last line has no end */
		return -EBADMSG;
	line->len--;
	for (size_t i = 0; i < line->len; i++)
		if (line->data[i] < ' ' || line->data[i] == 0x7f)
			return -EBADMSG;
	return 1;
}

/* "video 0 RTP/AVP 96" (section 5.14); of several formats the first is taken. */
static int take_media(struct reader *r, struct slice value)
{
	struct slice word, rest = value;
	uint64_t port, type;

	r->in_media = true;
	r->in_video = false;
	if (!slice_cut(&rest, ' ', &word))
		return -EBADMSG;
	if (!slice_equal(word, "video") || r->has_video)
		return 0;
	r->in_video = r->has_video = true;
	if (!slice_cut(&rest, ' ', &word) || slice_u64(word, UINT16_MAX, &port) < 0 ||
	    !slice_cut(&rest, ' ', &word))
		return -EBADMSG;
	if (!slice_equal(word, "RTP/AVP"))
		return -EPROTONOSUPPORT;
	if (!slice_cut(&rest, ' ', &word) || slice_u64(word, 127, &type) < 0)
		return -EBADMSG;
	r->track->payload_type = (uint8_t)type;
	return 0;
}

/* "96 REST": whether it is of our payload type; *rest is then REST. */
static bool is_ours(const struct reader *r, struct slice value, struct slice *rest)
{
	struct slice type;
	uint64_t number;

	*rest = value;
	return slice_cut(rest, ' ', &type) && slice_u64(type, 127, &number) == 0 &&
	       number == r->track->payload_type;
}

/* "H264/90000" */
static int take_map(struct reader *r, struct slice value)
{
	struct slice clock;
	uint64_t hz;

	if (r->has_map)
		return -EBADMSG;
	r->has_map = true;
	clock = value;
	if (!slice_cut(&clock, '/', &r->track->encoding) || r->track->encoding.len == 0 ||
	    slice_u64(clock, UINT32_MAX, &hz) < 0 || hz == 0)
		return -EBADMSG;
	r->track->clock = (uint32_t)hz;
	return 0;
}

static int take_sets(struct sdp_track *t, struct slice value)
{
	struct slice part;

	if (t->n_sets > 0)
		return -EBADMSG;
	while (slice_cut(&value, ',', &part)) {
		if (part.len == 0 || t->n_sets == SDP_SETS_MAX)
			return -EBADMSG;
		t->sets[t->n_sets++] = part;
	}
	return t->n_sets > 0 ? 0 : -EBADMSG;
}

static int take_fmtp(struct reader *r, struct slice value)
{
	struct slice parameter;
	uint64_t mode;
	int e = 0;

	if (r->has_fmtp)
		return -EBADMSG;
	r->has_fmtp = true;
	while (e == 0 && slice_cut(&value, ';', &parameter)) {
		struct slice name, rest = slice_trim(parameter);

		if (!slice_cut(&rest, '=', &name))
			continue;
		if (slice_equal_nocase(name, "packetization-mode")) {
			e = slice_u64(rest, 2, &mode) < 0 ? -EBADMSG : 0;
			r->track->packetization_mode = e == 0 ? (unsigned)mode : 0;
		} else if (slice_equal_nocase(name, "sprop-parameter-sets")) {
			e = take_sets(r->track, rest);
		}
	}
	return e;
}

static int take_control(struct slice *control, struct slice value)
{
	if (control->data || value.len == 0)
		return -EBADMSG;
	*control = value;
	return 0;
}

static int take_attribute(struct reader *r, struct slice value)
{
	struct slice name, rest = value;

	if (!slice_cut(&rest, ':', &name))
		return -EBADMSG;
	if (!r->in_media && slice_equal(name, "control"))
		return take_control(&r->track->session_control, rest);
	if (!r->in_video)
		return 0;
	if (slice_equal(name, "control"))
		return take_control(&r->track->control, rest);
	if (slice_equal(name, "rtpmap") && is_ours(r, rest, &rest))
		return take_map(r, rest);
	if (slice_equal(name, "fmtp") && is_ours(r, rest, &rest))
		return take_fmtp(r, rest);
	return 0;
}

int sdp_read(struct sdp_track *t, struct slice text)
{
	struct reader r = {.track = t};
	struct slice line;
	bool first = true;
	int e;

	*t = (struct sdp_track){0};
	while ((e = next_line(&text, &line)) == 1) {
		struct slice value = slice_of(line.data + 2, line.len - 2);

		if (first && !slice_equal(line, "v=0"))
			return -EBADMSG;
		first = false;
		if (line.data[0] == 'm')
			e = take_media(&r, value);
		else if (line.data[0] == 'a')
			e = take_attribute(&r, value);
		if (e < 0)
			return e;
	}
	if (e < 0 || first)
		return -EBADMSG;
	if (!r.has_video)
		return -ENOENT;
	return r.has_map ? 0 : -EPROTONOSUPPORT;
}
