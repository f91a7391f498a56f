// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/coded-picture.h"

#include <string.h>

#define CRC_INITIAL    0xFFFF
#define CRC_POLYNOMIAL 0x1021

uint32_t coded_picture_tag(const uint8_t uuid[UUID_SIZE])
{
	return (uint32_t)uuid[0] << 24 | (uint32_t)uuid[1] << 16 | (uint32_t)uuid[2] << 8 | uuid[3];
}

static uint16_t crc_u32(uint16_t crc, uint32_t value)
{
	for (int bit = 31; bit >= 0; bit--) {
		unsigned top = crc >> 15 ^ (value >> bit & 1);

		crc = (uint16_t)(crc << 1 ^ (top ? CRC_POLYNOMIAL : 0));
	}
	return crc;
}

uint16_t coded_picture_crc(const struct coded_picture *picture)
{
	return crc_u32(crc_u32(CRC_INITIAL, picture->tag), picture->counter);
}

uint32_t coded_picture_height(uint32_t width)
{
	uint32_t columns = width / CODED_PICTURE_BLOCK;

	if (!columns)
		return 0;
	return (CODED_PICTURE_BITS + columns - 1) / columns * CODED_PICTURE_BLOCK;
}

bool coded_picture_fits(uint32_t width, uint32_t height)
{
	uint32_t needed = coded_picture_height(width);

	return needed && needed <= height;
}

static bool bit_at(const struct coded_picture *picture, uint16_t crc, unsigned bit)
{
	if (bit < 8)
		return CODED_PICTURE_MAGIC >> (7 - bit) & 1;
	if (bit < 40)
		return picture->tag >> (39 - bit) & 1;
	if (bit < 72)
		return picture->counter >> (71 - bit) & 1;
	return crc >> (CODED_PICTURE_BITS - 1 - bit) & 1;
}

void coded_picture_draw(const struct coded_picture *picture, uint8_t *luma, uint32_t stride,
			uint32_t width)
{
	uint16_t crc = coded_picture_crc(picture);
	unsigned columns = width / CODED_PICTURE_BLOCK;

	for (unsigned first = 0; first < CODED_PICTURE_BITS; first += columns) {
		unsigned n = columns;

		if (n > CODED_PICTURE_BITS - first)
			n = CODED_PICTURE_BITS - first;
		for (unsigned i = 0; i < n; i++)
			memset(luma + i * CODED_PICTURE_BLOCK,
			       bit_at(picture, crc, first + i) ? CODED_PICTURE_ONE
							       : CODED_PICTURE_ZERO,
			       CODED_PICTURE_BLOCK);
		for (unsigned line = 1; line < CODED_PICTURE_BLOCK; line++)
			memcpy(luma + (size_t)line * stride, luma, n * CODED_PICTURE_BLOCK);
		luma += (size_t)CODED_PICTURE_BLOCK * stride;
	}
}
