// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/request.h"

#include <string.h>

static bool is_visible(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] > '~')
			return false;
	return s.len > 0;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "NAME/d.d" */
static bool is_version(struct slice s)
{
	return s.len > 4 && s.data[s.len - 4] == '/' && is_digit(s.data[s.len - 3]) &&
	       s.data[s.len - 2] == '.' && is_digit(s.data[s.len - 1]);
}

int request_line_parse(struct request_line *l, struct slice line)
{
	struct slice rest = line;

	*l = (struct request_line){0};
	if (!slice_cut(&rest, ' ', &l->method) || !headers_is_token(l->method))
		return -400;
	if (!slice_cut(&rest, ' ', &l->target) || !is_visible(l->target))
		return -400;
	l->version = rest;
	return is_version(rest) ? 0 : -400;
}

static int check_version(struct slice sent, const char *protocol, const char *version)
{
	size_t len = strlen(protocol);

	if (sent.len <= len || sent.data[len] != '/' ||
	    !slice_equal(slice_of(sent.data, len), protocol))
		return -400;
	return slice_equal(slice_of(sent.data + len + 1, sent.len - len - 1), version) ? 0 : -505;
}

/* head: with its empty line. */
static int parse_head(struct request_head *h, struct slice head, const char *protocol,
		      const char *version)
{
	struct slice rest = slice_of(head.data, head.len - 2), line;
	int r;

	if (!slice_cut(&rest, '\n', &line))
		return -400;
	r = request_line_parse(&h->line, slice_of(line.data, line.len - 1));
	if (r < 0)
		return r;
	r = check_version(h->line.version, protocol, version);
	if (r < 0)
		return r;
	return headers_parse(&h->headers, rest);
}

enum request_result request_head_parse(struct request_head *h, const void *data, size_t len,
				       const char *protocol, const char *version,
				       unsigned *ret_status)
{
	int end = headers_find_end(data, len);
	int r = end;

	h->size = 0;
	if (end == 0)
		return REQUEST_MORE;
	if (end > 0)
		r = parse_head(h, slice_of(data, end), protocol, version);
	if (r < 0) {
		*ret_status = -r;
		return REQUEST_REFUSED;
	}
	if (len - end < h->headers.content_length)
		return REQUEST_MORE;
	h->size = end + h->headers.content_length;
	return REQUEST_COMPLETE;
}
