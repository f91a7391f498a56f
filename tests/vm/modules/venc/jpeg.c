// SPDX-License-Identifier: GPL-2.0-only
/*
 * ITU-T T.81, baseline, 4:2:0, with the quantization and Huffman tables of its annex K. Without the
 * latter's in the file a picture could not be decoded: they are.
 */
#include <linux/string.h>

#include "codec.h"

#define HEADERS_ROOM 1024u

struct jpeg {
	u8 *at, *end;
	bool overflow;
	u32 bits, n_bits;
	u8 quant[2][64]; /* of luma, of chroma; in zigzag order */
};

static const u8 zigzag[64] = {
	0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
	41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
	30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

/* Tables K.1 and K.2, by lines. */
static const u8 quant[2][64] = {
	{
		16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
		14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
		18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
		49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
	},
	{
		17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
		24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
	},
};

/* Tables K.3 to K.6: how many codes of each length, and the values in their order. */
struct huffman {
	u8 id, counts[16], n;
	u8 values[162];
};

static const struct huffman tables[4] = {
	{0x00, {0, 1, 5, 1, 1, 1, 1, 1, 1}, 12, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	{0x10,
	 {0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125},
	 162,
	 {0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61,
	  0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52,
	  0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25,
	  0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45,
	  0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64,
	  0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
	  0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
	  0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
	  0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3,
	  0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8,
	  0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa}},
	{0x01, {0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 12, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	{0x11,
	 {0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119},
	 162,
	 {0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61,
	  0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33,
	  0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18,
	  0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44,
	  0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63,
	  0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
	  0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
	  0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4,
	  0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca,
	  0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
	  0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa}},
};

/*
 * The DCT's matrix, in 1/8192: line u has c(u)/2 * cos((2x + 1)u * pi/16) for each x below 4. The
 * others are the same from behind, for odd u with the other sign.
 */
static const s16 cosines[8][4] = {
	{2896, 2896, 2896, 2896},   {4017, 3406, 2276, 799},    {3784, 1567, -1567, -3784},
	{3406, -799, -4017, -2276}, {2896, -2896, -2896, 2896}, {2276, -4017, 799, 3406},
	{1567, -3784, 3784, -1567}, {799, -2276, 3406, -4017},
};

static void put(struct jpeg *j, u8 byte)
{
	if (j->at < j->end)
		*j->at++ = byte;
	else
		j->overflow = true;
}

static void put16(struct jpeg *j, u32 value)
{
	put(j, value >> 8);
	put(j, value);
}

static void put_all(struct jpeg *j, const u8 *bytes, u32 n)
{
	while (n--)
		put(j, *bytes++);
}

/* In the scan: a zero is stuffed behind what would be a marker. */
static void put_bits(struct jpeg *j, unsigned int n, u32 value)
{
	while (n--) {
		j->bits = j->bits << 1 | (value >> n & 1);
		if (++j->n_bits < 8)
			continue;
		put(j, j->bits);
		if ((u8)j->bits == 0xff)
			put(j, 0);
		j->bits = j->n_bits = 0;
	}
}

static void put_code(struct jpeg *j, const struct huffman *table, u8 value)
{
	u32 code = 0, at = 0, length;

	for (length = 0; length < 16; length++, code <<= 1) {
		const u8 *found = memchr(table->values + at, value, table->counts[length]);

		if (found) {
			put_bits(j, length + 1, code + (found - (table->values + at)));
			return;
		}
		code += table->counts[length];
		at += table->counts[length];
	}
}

static void put_number(struct jpeg *j, int value, unsigned int length)
{
	put_bits(j, length, value < 0 ? value - 1 : value);
}

static int divide(int value, int by)
{
	return value < 0 ? -((-value + by / 2) / by) : (value + by / 2) / by;
}

/* Of eight values, `step` apart, in place; the result in 1/8192, divided by `unit`. */
static void transform_line(int *values, unsigned int step, int unit)
{
	int half[2][4], u, k;

	for (k = 0; k < 4; k++) {
		half[0][k] = values[k * step] + values[(7 - k) * step];
		half[1][k] = values[k * step] - values[(7 - k) * step];
	}
	for (u = 0; u < 8; u++) {
		const s16 *c = cosines[u];
		const int *h = half[u & 1];

		values[u * step] =
			divide(c[0] * h[0] + c[1] * h[1] + c[2] * h[2] + c[3] * h[3], unit);
	}
}

/* Coefficients of a block of samples, quantized, in zigzag order. */
static void transform(const u8 *samples, u32 stride, const u8 *quantizers, int ret[64])
{
	int values[64], i;

	for (i = 0; i < 64; i++)
		values[i] = samples[i / 8 * stride + i % 8] - 128;
	for (i = 0; i < 8; i++)
		transform_line(values + i * 8, 1, 1 << 8); /* in 1/32 */
	for (i = 0; i < 8; i++)
		transform_line(values + i, 8, 1 << 13); /* again */
	for (i = 0; i < 64; i++)
		ret[i] = divide(values[zigzag[i]], quantizers[i] << 5);
}

static void put_block(struct jpeg *j, const u8 *samples, u32 stride, int chroma, int *before)
{
	const struct huffman *dc = &tables[chroma * 2], *ac = dc + 1;
	int c[64], difference, k, zeros = 0;

	transform(samples, stride, j->quant[chroma], c);
	difference = c[0] - *before;
	*before = c[0];
	put_code(j, dc, fls(abs(difference)));
	put_number(j, difference, fls(abs(difference)));
	for (k = 1; k < 64; k++, zeros++) {
		if (!c[k])
			continue;
		for (; zeros >= 16; zeros -= 16)
			put_code(j, ac, 0xf0);
		put_code(j, ac, zeros << 4 | fls(abs(c[k])));
		put_number(j, c[k], fls(abs(c[k])));
		zeros = -1;
	}
	if (zeros)
		put_code(j, ac, 0);
}

static void set_quality(struct jpeg *j, u32 quality)
{
	u32 scale = quality < 50 ? 5000 / quality : 200 - quality * 2, i, k;

	for (i = 0; i < 2; i++)
		for (k = 0; k < 64; k++)
			j->quant[i][k] = clamp((quant[i][zigzag[k]] * scale + 50) / 100, 1u, 255u);
}

static void put_tables(struct jpeg *j)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		put16(j, 0xffdb);
		put16(j, 67);
		put(j, i);
		put_all(j, j->quant[i], 64);
	}
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		put16(j, 0xffc4);
		put16(j, 19 + tables[i].n);
		put(j, tables[i].id);
		put_all(j, tables[i].counts, 16);
		put_all(j, tables[i].values, tables[i].n);
	}
}

static void put_frame(struct jpeg *j, u32 width, u32 height)
{
	static const u8 components[] = {3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1};
	static const u8 scan[] = {3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0};

	put16(j, 0xffc0);
	put16(j, 7 + sizeof(components));
	put(j, 8);
	put16(j, height);
	put16(j, width);
	put_all(j, components, sizeof(components));
	put16(j, 0xffda);
	put16(j, 2 + sizeof(scan));
	put_all(j, scan, sizeof(scan));
}

/* A block of 64 coefficients of 12 bits, with codes of up to 16 and stuffing, at worst. */
static u32 size_max(u32 width, u32 height)
{
	return macroblocks(width) * macroblocks(height) * MACROBLOCK * 2 + HEADERS_ROOM;
}

static int write_picture(struct venc_stream *s, const struct venc_picture *picture, bool keyframe,
			 u8 *to, u32 size)
{
	struct jpeg j = {.at = to, .end = to + size};
	u32 wide = macroblocks(s->width), n = wide * macroblocks(s->height), i;
	u8 samples[MACROBLOCK];
	int before[3] = {};

	set_quality(&j, s->quality);
	put16(&j, 0xffd8);
	put_tables(&j);
	put_frame(&j, s->width, s->height);
	for (i = 0; i < n; i++) {
		codec_gather(picture, i % wide * 16, i / wide * 16, samples);
		put_block(&j, samples, 16, 0, &before[0]);
		put_block(&j, samples + 8, 16, 0, &before[0]);
		put_block(&j, samples + 128, 16, 0, &before[0]);
		put_block(&j, samples + 136, 16, 0, &before[0]);
		put_block(&j, samples + 256, 8, 1, &before[1]);
		put_block(&j, samples + 320, 8, 1, &before[2]);
	}
	put_bits(&j, 7, 127); /* to the end of the byte */
	put16(&j, 0xffd9);
	return j.overflow ? -ENOSPC : j.at - to;
}

const struct venc_codec codec_jpeg = {
	.fourcc = V4L2_PIX_FMT_JPEG,
	.size_max = size_max,
	.picture = write_picture,
};
