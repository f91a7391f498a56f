// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A run of bytes inside somebody else's buffer: never owned, never NUL-terminated, valid only as
 * long as that buffer stays where it is and as it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const uint8_t *data;
	size_t len;
};

static inline struct slice slice_of(const void *data, size_t len)
{
	return (struct slice){data, len};
}

/* The bytes of a string without its NUL. */
struct slice slice_text(const char *text);

bool slice_equal(struct slice s, const char *text);
/* ASCII letters only; no locale. */
bool slice_equal_nocase(struct slice s, const char *text);
bool slice_starts_nocase(struct slice s, const char *text);

/* Without the spaces and tabs at both ends. */
struct slice slice_trim(struct slice s);

/* Cuts the part before the first separator off the front of rest, and the separator with it.
 * Without a separator the part is all that is left. False when nothing was left. */
bool slice_cut(struct slice *rest, uint8_t separator, struct slice *part);

/* Decimal digits and nothing else, at most max. Errors: -EINVAL, -ERANGE. */
int slice_u64(struct slice s, uint64_t max, uint64_t *ret);
