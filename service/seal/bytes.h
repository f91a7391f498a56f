// SPDX-License-Identifier: LGPL-2.1-or-later
/* Big-endian fields, written and read one after the other. The caller knows that there is room. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Each returns the place after what it wrote or read. */
static inline uint8_t *put_number(uint8_t *p, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
	return p + n;
}

static inline uint8_t *put_bytes(uint8_t *p, const void *bytes, size_t n)
{
	if (n > 0)
		memcpy(p, bytes, n);
	return p + n;
}

static inline const uint8_t *get_u64(const uint8_t *p, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value = value << 8 | p[i];
	*ret = value;
	return p + 8;
}

static inline const uint8_t *get_bytes(const uint8_t *p, void *ret, size_t n)
{
	memcpy(ret, p, n);
	return p + n;
}
