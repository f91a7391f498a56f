// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lettering for pictures: [a-z0-9._:-] as capitals of 5x7 dots in cells of 6x7, enlarged by whole
 * factors. Anything else is a space.
 */
#pragma once

#include <stdint.h>

#define GLYPH_CELL_WIDTH 6
#define GLYPH_HEIGHT     7

/* Luma samples that a text of n characters is wide, without the gap after the last. */
static inline uint32_t glyph_text_width(uint32_t n, uint32_t scale)
{
	return n ? (n * GLYPH_CELL_WIDTH - 1) * scale : 0;
}

/* Draws the dots that are set, from luma on; the text must fit in the plane. */
void glyph_draw_text(const char *text, uint32_t scale, uint8_t value, uint8_t *luma,
		     uint32_t stride);
