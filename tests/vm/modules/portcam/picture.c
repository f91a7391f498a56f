// SPDX-License-Identifier: GPL-2.0-only
#include "picture.h"

#include <asm/unaligned.h>
#include <linux/build_bug.h>
#include <linux/math.h>
#include <linux/string.h>

#define BLOCK         16
#define COLUMNS       (PICTURE_WIDTH / BLOCK)
#define CODE_SIZE     11
#define CODE_BITS     (8 * CODE_SIZE)
#define CODE_LINES    (DIV_ROUND_UP(CODE_BITS, COLUMNS) * BLOCK)
#define MAGIC         0xAC
#define ONE           235
#define ZERO          16
#define GRAY          128
#define BAR_WIDTH     32
#define PIXELS_A_STEP 8

#define CRC_INITIAL    0xFFFF
#define CRC_POLYNOMIAL 0x1021

/* CRC-16/CCITT-FALSE. */
static u16 checksum(const u8 *bytes, size_t n)
{
	u16 crc = CRC_INITIAL;

	while (n--) {
		crc ^= *bytes++ << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x8000 ? CRC_POLYNOMIAL : 0);
	}
	return crc;
}

/* Magic, tag, counter, and the checksum of tag and counter: all big endian. */
static void make_code(u8 code[CODE_SIZE], u32 tag, u32 counter)
{
	code[0] = MAGIC;
	put_unaligned_be32(tag, code + 1);
	put_unaligned_be32(counter, code + 5);
	put_unaligned_be16(checksum(code + 1, 8), code + 9);
}

static void draw_code(u8 *luma, const u8 code[CODE_SIZE])
{
	for (int i = 0; i < CODE_BITS; i++) {
		u8 *block = luma + i / COLUMNS * BLOCK * PICTURE_STRIDE + i % COLUMNS * BLOCK;
		u8 value = code[i / 8] >> (7 - i % 8) & 1 ? ONE : ZERO;

		for (int line = 0; line < BLOCK; line++)
			memset(block + line * PICTURE_STRIDE, value, BLOCK);
	}
}

static void draw_bar(u8 *luma, u32 counter)
{
	u32 x = counter * PIXELS_A_STEP % (PICTURE_WIDTH - BAR_WIDTH);

	for (int line = CODE_LINES; line < PICTURE_HEIGHT; line++)
		memset(luma + line * PICTURE_STRIDE + x, ONE, BAR_WIDTH);
}

void picture_draw(u8 *picture, u32 tag, u32 counter)
{
	u8 code[CODE_SIZE];

	BUILD_BUG_ON(CODE_LINES > PICTURE_HEIGHT);
	memset(picture, GRAY, PICTURE_SIZE);
	make_code(code, tag, counter);
	draw_code(picture, code);
	draw_bar(picture, counter);
}
