// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/headers.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* Two of these in one message could be read in two ways. */
static const char *const singular[] = {
	"Authorization",
	"Camward-Certificate",
	"Camward-Nonce",
	"Camward-Statement",
	"Content-Base",
	"Content-Length",
	"Content-Type",
	"CSeq",
	"Host",
	"Range",
	"Sec-WebSocket-Key",
	"Sec-WebSocket-Version",
	"Session",
	"Transport",
};

static bool is_token_char(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c);
}

bool headers_is_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token_char(s.data[i]))
			return false;
	return s.len > 0;
}

/* Visible ASCII, space and tab. */
static bool is_text_char(uint8_t c)
{
	return (c >= ' ' && c <= '~') || c == '\t';
}

int headers_find_end(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t line = 0; /* where the current line starts */
	bool first = true;

	for (size_t i = 0; i < len; i++) {
		if (first && i - line >= HEADERS_LINE_MAX)
			return -414;
		if (i >= HEADERS_SIZE_MAX)
			return -431;
		if (is_text_char(p[i]))
			continue;
		if (p[i] == '\r' && (i + 1 == len || p[i + 1] == '\n'))
			continue;
		if (p[i] != '\n' || i == 0 || p[i - 1] != '\r')
			return -400;
		if (i - line == 1) /* an empty line */
			return first ? -400 : (int)i + 1;
		first = false;
		line = i + 1;
	}
	return len >= HEADERS_SIZE_MAX ? -431 : 0;
}

static int parse_line(struct header *h, struct slice line)
{
	struct slice rest = line;

	if (!slice_cut(&rest, ':', &h->name) || h->name.len == line.len)
		return -400;
	if (!headers_is_token(h->name))
		return -400;
	h->value = slice_trim(rest);
	return 0;
}

static int check_singular(const struct headers *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(singular); i++) {
		size_t seen = 0;

		for (size_t k = 0; k < h->n; k++)
			seen += slice_equal_nocase(h->list[k].name, singular[i]);
		if (seen > 1)
			return -400;
	}
	return 0;
}

static int parse_content_length(struct headers *h)
{
	const struct header *length = headers_find(h, "Content-Length");
	uint64_t v;
	int r;

	h->content_length = 0;
	if (!length)
		return 0;
	r = slice_u64(length->value, HEADERS_BODY_MAX, &v);
	if (r < 0)
		return r == -ERANGE ? -413 : -400;
	h->content_length = v;
	return 0;
}

int headers_parse(struct headers *h, struct slice block)
{
	struct slice line;
	int r;

	h->n = 0;
	h->content_length = 0;
	while (slice_cut(&block, '\n', &line)) {
		if (line.len == 0 || line.data[line.len - 1] != '\r')
			return -400;
		line.len--;
		if (h->n == HEADERS_MAX)
			return -431;
		r = parse_line(&h->list[h->n], line);
		if (r < 0)
			return r;
		h->n++;
	}
	if (headers_find(h, "Transfer-Encoding"))
		return -400;
	r = check_singular(h);
	if (r < 0)
		return r;
	return parse_content_length(h);
}

const struct header *headers_find(const struct headers *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (slice_equal_nocase(h->list[i].name, name))
			return &h->list[i];
	return NULL;
}

struct slice headers_value(const struct headers *h, const char *name)
{
	const struct header *found = headers_find(h, name);

	return found ? found->value : slice_of(NULL, 0);
}

bool headers_has_token(const struct headers *h, const char *name, const char *token)
{
	for (size_t i = 0; i < h->n; i++) {
		struct slice rest = h->list[i].value, part;

		if (!slice_equal_nocase(h->list[i].name, name))
			continue;
		while (slice_cut(&rest, ',', &part))
			if (slice_equal_nocase(slice_trim(part), token))
				return true;
	}
	return false;
}
