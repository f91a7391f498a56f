// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The coded picture: whose frame a picture is, and which, in blocks that survive any encoder. From
 * (0,0), row-major, as many blocks of 16x16 luma as fit in the width; 235 is 1 and 16 is 0, most
 * significant bit first:
 *
 *	8 bits 0xAC | 32 bits camera tag | 32 bits frame counter | 16 bits CRC
 *
 * The tag is the first four bytes of the camera's uuid; the CRC is CRC-16/CCITT-FALSE over the
 * eight bytes of tag and counter, big endian.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/parse.h"

#define CODED_PICTURE_BLOCK 16 /* luma samples, both ways */
#define CODED_PICTURE_MAGIC 0xAC
#define CODED_PICTURE_BITS  88
#define CODED_PICTURE_ONE   235
#define CODED_PICTURE_ZERO  16

struct coded_picture {
	uint32_t tag;
	uint32_t counter;
};

uint32_t coded_picture_tag(const uint8_t uuid[UUID_SIZE]);
uint16_t coded_picture_crc(const struct coded_picture *picture);

/* Luma lines the blocks take in a picture of this width; 0 when width has no room for a block. */
uint32_t coded_picture_height(uint32_t width);
bool coded_picture_fits(uint32_t width, uint32_t height);

/* Draws the blocks, and nothing beside them, into a luma plane in which they fit. */
void coded_picture_draw(const struct coded_picture *picture, uint8_t *luma, uint32_t stride,
			uint32_t width);
