// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checks of single fields that arrive over a link. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/parse.h"

/* A name within its array. */
static inline bool field_name(const char *field, size_t size)
{
	return name_valid_n(field, strnlen(field, size));
}

/* Printable ASCII, terminated within its array; may be empty. */
static inline bool field_text(const char *field, size_t size)
{
	size_t n = strnlen(field, size);

	if (n == size)
		return false;
	for (size_t i = 0; i < n; i++)
		if (field[i] < ' ' || field[i] > '~')
			return false;
	return true;
}

#define FIELD_NAME(f) field_name((f), sizeof(f))
#define FIELD_TEXT(f) field_text((f), sizeof(f))
