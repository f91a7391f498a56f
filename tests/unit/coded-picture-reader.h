// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads the coded picture (camera/coded-picture.h) out of a luma plane; for tests, and independent
 * of what draws it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "camera/coded-picture.h"

struct code_found {
	uint32_t tag, counter;
};

/* CRC-16/CCITT-FALSE, a byte at a time. */
static inline uint16_t code_crc(const uint8_t *bytes, size_t n)
{
	uint16_t crc = 0xFFFF;

	while (n--) {
		crc ^= (uint16_t)(*bytes++ << 8);
		for (int i = 0; i < 8; i++)
			crc = crc & 0x8000 ? (uint16_t)(crc << 1 ^ 0x1021) : (uint16_t)(crc << 1);
	}
	return crc;
}

/* The mean of the middle of block i, clear of what an encoder does to its edges. */
static inline bool code_bit(const uint8_t *luma, uint32_t stride, uint32_t width, unsigned i)
{
	unsigned columns = width / CODED_PICTURE_BLOCK, sum = 0;
	const uint8_t *block = luma + (size_t)(i / columns) * CODED_PICTURE_BLOCK * stride +
			       (size_t)(i % columns) * CODED_PICTURE_BLOCK;

	for (unsigned y = 4; y < 12; y++)
		for (unsigned x = 4; x < 12; x++)
			sum += block[(size_t)y * stride + x];
	return sum / 64 > (CODED_PICTURE_ONE + CODED_PICTURE_ZERO) / 2;
}

static inline bool code_read(const uint8_t *luma, uint32_t stride, uint32_t width,
			     struct code_found *ret)
{
	uint8_t bytes[CODED_PICTURE_BITS / 8] = {};

	for (unsigned i = 0; i < CODED_PICTURE_BITS; i++)
		bytes[i / 8] = (uint8_t)(bytes[i / 8] << 1 | code_bit(luma, stride, width, i));
	ret->tag = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 |
		   bytes[4];
	ret->counter = (uint32_t)bytes[5] << 24 | (uint32_t)bytes[6] << 16 |
		       (uint32_t)bytes[7] << 8 | bytes[8];
	return bytes[0] == CODED_PICTURE_MAGIC &&
	       code_crc(bytes + 1, 8) == (bytes[9] << 8 | bytes[10]);
}
