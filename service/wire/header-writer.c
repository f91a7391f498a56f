// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/header-writer.h"

void header_write(struct writer *w, const char *name, const char *format, va_list ap)
{
	size_t start;

	writer_text(w, name);
	writer_text(w, ": ");
	start = w->len;
	writer_vprintf(w, format, ap);
	for (size_t i = start; i < w->len; i++)
		if (w->data[i] < ' ' || w->data[i] == 0x7f)
			w->failed = true;
	writer_text(w, "\r\n");
}
