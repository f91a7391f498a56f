// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A JPEG picture (ITU-T T.81), as far as RTP can carry it (RFC 2435): baseline, Y, Cb and Cr of 8
 * bits in one scan, 4:2:0 or 4:2:2, whole blocks, annex K's Huffman tables. Pure: nothing is
 * copied, nothing decoded.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire/slice.h"

#define JPEG_QUANT_SIZE    64
#define JPEG_BLOCK         8    /* pixels a side; RTP counts in blocks */
#define JPEG_DIMENSION_MAX 2040 /* pixels: 255 blocks */
#define JPEG_SCAN_MAX      ((1U << 24) - 1)

#define JPEG_MARKER_SOF0 0xc0
#define JPEG_MARKER_DHT  0xc4
#define JPEG_MARKER_SOI  0xd8
#define JPEG_MARKER_EOI  0xd9
#define JPEG_MARKER_SOS  0xda
#define JPEG_MARKER_DQT  0xdb
#define JPEG_MARKER_DRI  0xdd

/* Luma samples for one of each chroma: two side by side, or two by two. RFC 2435 section 4.1 calls
 * these types 0 and 1. */
enum jpeg_sampling {
	JPEG_422 = 0,
	JPEG_420 = 1,
};

struct jpeg {
	uint32_t width, height; /* pixels, multiples of JPEG_BLOCK */
	enum jpeg_sampling sampling;
	uint16_t restart_interval; /* MCUs; 0: no restart markers */
	struct slice luma_quant;   /* JPEG_QUANT_SIZE values of 8 bits, zigzag */
	struct slice chroma_quant;
	struct slice scan;    /* entropy-coded, with restart markers, without EOI */
	size_t size;          /* from SOI to EOI; what follows is padding */
	const char *obstacle; /* with -EOPNOTSUPP: what RTP cannot carry, for people */
};

/*
 * The slices point into picture. Huffman tables that are missing are annex K's, as cameras mean it.
 * -EBADMSG: broken or cut off; -EOPNOTSUPP: sound as far as it was read, but *ret has an obstacle.
 */
int jpeg_parse(struct jpeg *ret, struct slice picture);
