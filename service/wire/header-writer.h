// SPDX-License-Identifier: LGPL-2.1-or-later
/* One header line, for the reply writers of both protocols. */
#pragma once

#include "wire/writer.h"

/* A control character in the value fails the writer: no value can start a line of its own. */
void header_write(struct writer *w, const char *name, const char *format, va_list ap)
	__attribute__((format(printf, 3, 0)));
