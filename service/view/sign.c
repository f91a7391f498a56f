// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/sign.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/glyph.h"

#define GROUND 0x18
#define TEXT   0xd0
#define NAME   0x80

/* In the middle of a line, as large as the width and a tenth of the height permit. */
static void draw_line(const struct framebuffer *f, uint8_t *grey, const char *text, uint32_t y,
		      uint8_t value)
{
	uint32_t n = (uint32_t)strlen(text), scale = f->height / 10 / GLYPH_HEIGHT;

	while (scale > 1 && glyph_text_width(n, scale) > f->width * 8 / 10)
		scale--;
	if (scale == 0 || glyph_text_width(n, scale) > f->width ||
	    y + GLYPH_HEIGHT * scale > f->height)
		return;
	glyph_draw_text(text, scale, value,
			grey + (size_t)y * f->width + (f->width - glyph_text_width(n, scale)) / 2,
			f->width);
}

int sign_draw(const struct framebuffer *f, const char *name)
{
	size_t n = (size_t)f->width * f->height;
	_cleanup_free_ uint8_t *grey = malloc(n);

	if (!grey)
		return -ENOMEM;
	memset(grey, GROUND, n);
	draw_line(f, grey, name, f->height * 3 / 10, NAME);
	draw_line(f, grey, "no live picture", f->height * 5 / 10, TEXT);
	for (uint32_t y = 0; y < f->height; y++) {
		uint8_t *to = f->bytes + (size_t)y * f->strides[0];

		for (uint32_t x = 0; x < f->width; x++, to += 4)
			memset(to, grey[(size_t)y * f->width + x], 4);
	}
	return 0;
}
