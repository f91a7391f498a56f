// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/base64.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct writer *w, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t v = bytes.data[i] << 16;
		uint8_t *p = writer_reserve(w, 4);

		if (!p)
			return;
		if (n > 1)
			v |= bytes.data[i + 1] << 8;
		if (n > 2)
			v |= bytes.data[i + 2];
		p[0] = alphabet[v >> 18];
		p[1] = alphabet[v >> 12 & 63];
		p[2] = n > 1 ? alphabet[v >> 6 & 63] : '=';
		p[3] = n > 2 ? alphabet[v & 63] : '=';
	}
}

static int digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* One group of four characters, the last n_padding of them `=`. */
static int decode_group(const uint8_t *group, size_t n_padding, uint32_t *ret)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i < 4 - n_padding ? digit(group[i]) : 0;

		if (d < 0)
			return -EINVAL;
		v = v << 6 | (uint32_t)d;
	}
	/* The bits that no byte takes. */
	if (v & ((1U << 8 * n_padding) - 1))
		return -EINVAL;
	*ret = v;
	return 0;
}

ssize_t base64_decode(struct slice text, void *out, size_t size)
{
	struct writer w;

	if (text.len % 4 != 0)
		return -EINVAL;
	writer_init(&w, out, size);
	for (size_t i = 0; i < text.len; i += 4) {
		size_t n_padding = 0;
		uint32_t v;
		int r;

		if (i + 4 == text.len && text.data[i + 3] == '=')
			n_padding = text.data[i + 2] == '=' ? 2 : 1;
		r = decode_group(text.data + i, n_padding, &v);
		if (r < 0)
			return r;
		for (size_t k = 0; k < 3 - n_padding; k++)
			writer_u8(&w, v >> (16 - 8 * k) & 0xff);
	}
	return writer_end(&w);
}
