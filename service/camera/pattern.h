// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The test picture: the coded picture (camera/coded-picture.h), the camera's name, the time, a
 * wandering gradient in a hue of the camera's own and a bouncing disc. Made to cost little: chroma
 * is drawn once, and of luma every line is one copy out of a prepared wave.
 */
#pragma once

#include <stdint.h>

#include "base/parse.h"

#define PATTERN_WIDTH_MAX  3840
#define PATTERN_HEIGHT_MAX 2160

struct pattern;

/*
 * Width and height are even. Errors: -EINVAL (odd, too large, or without room for the coded
 * picture), -ENOMEM.
 */
int pattern_new(const char *name, const uint8_t uuid[UUID_SIZE], uint32_t width, uint32_t height,
		struct pattern **ret);
struct pattern *pattern_free(struct pattern *p);

/* Draws frame `counter` as of realtime (us, CLOCK_REALTIME; shown as local time). */
void pattern_draw(struct pattern *p, uint32_t counter, uint64_t realtime);

/* The picture, I420; the planes stay the pattern's and change with the next draw. */
struct pattern_planes {
	const uint8_t *y, *u, *v;
	uint32_t y_stride, c_stride;
};
struct pattern_planes pattern_planes(const struct pattern *p);

static inline void pattern_freep(struct pattern **p)
{
	pattern_free(*p);
}
