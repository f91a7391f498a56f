// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the tests of service/wire share. Include it first: cmocka needs these headers before its
 * own. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/slice.h"

/* Like assert_true, but says which row of a table failed. */
#define assert_row(row, condition)                                   \
	do {                                                         \
		if (!(condition))                                    \
			fail_msg("%s: not so: %s", row, #condition); \
	} while (0)

#define assert_slice(slice, text) assert_true(slice_equal(slice, text))

/* A file of the tests' directory, to be freed by wire_free(). */
static inline struct slice wire_load(const char *name)
{
	const char *dir = getenv("TESTS");
	char path[4096];
	uint8_t *data;
	long size;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "tests", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("cannot open %s", path);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	data = malloc((size_t)size);
	assert_int_equal(fread(data, 1, (size_t)size, f), size);
	fclose(f);
	return slice_of(data, (size_t)size);
}

static inline void wire_free(struct slice s)
{
	free((void *)(uintptr_t)s.data);
}
