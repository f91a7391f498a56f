// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void writer_init(struct writer *w, void *data, size_t size)
{
	*w = (struct writer){.data = data, .size = size};
}

uint8_t *writer_reserve(struct writer *w, size_t n)
{
	uint8_t *p;

	if (w->failed || n > w->size - w->len) {
		w->failed = true;
		return NULL;
	}
	p = w->data + w->len;
	w->len += n;
	return p;
}

void writer_bytes(struct writer *w, const void *data, size_t n)
{
	uint8_t *p = writer_reserve(w, n);

	if (p && n > 0)
		memcpy(p, data, n);
}

void writer_text(struct writer *w, const char *text)
{
	writer_bytes(w, text, strlen(text));
}

void writer_vprintf(struct writer *w, const char *format, va_list ap)
{
	size_t left = w->size - w->len;
	int n;

	if (w->failed)
		return;
	/* vsnprintf needs room for a NUL that is not kept. */
	n = vsnprintf((char *)w->data + w->len, left, format, ap);
	if (n < 0 || (size_t)n >= left) {
		w->failed = true;
		return;
	}
	w->len += n;
}

void writer_printf(struct writer *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	writer_vprintf(w, format, ap);
	va_end(ap);
}

void writer_u8(struct writer *w, uint8_t v)
{
	writer_bytes(w, &v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t *p = writer_reserve(w, 2);

	if (!p)
		return;
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

void writer_u32(struct writer *w, uint32_t v)
{
	writer_u16(w, v >> 16);
	writer_u16(w, v & 0xffff);
}

ssize_t writer_end(const struct writer *w)
{
	return w->failed ? -ENOSPC : (ssize_t)w->len;
}
