// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Bounded writing into the caller's buffer. The first write that does not fit fails the whole:
 * nothing is ever cut short, and one check at the end (writer_end) is enough.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/slice.h"

struct writer {
	uint8_t *data; /* the caller's */
	size_t size;
	size_t len;
	bool failed;
};

void writer_init(struct writer *w, void *data, size_t size);

/* Room for n bytes, for the caller to fill; NULL when there is not enough. */
uint8_t *writer_reserve(struct writer *w, size_t n);

void writer_bytes(struct writer *w, const void *data, size_t n);
void writer_text(struct writer *w, const char *text);
/* Needs room for a byte more than it writes. */
void writer_printf(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void writer_vprintf(struct writer *w, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Big endian, as everything on these wires. */
void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);

/* Bytes written, or -ENOSPC. */
ssize_t writer_end(const struct writer *w);
