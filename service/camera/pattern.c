// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/glyph.h"
#include "camera/coded-picture.h"

#define WAVE_PERIOD 512 /* luma samples */
#define WAVE_LOW    64
#define WAVE_HIGH   128
#define INK         235
#define SHADE       40
#define DISC        200
#define NEUTRAL     128
#define CHROMA_MAX  36 /* strength of the hue */
#define CLOCK_SIZE  32

struct pattern {
	struct coded_picture code;
	uint32_t width, height;
	uint32_t name_scale, clock_scale;
	char name[NAME_SIZE];
	uint8_t *y, *u, *v; /* one allocation */
	uint8_t *wave;      /* width + WAVE_PERIOD samples */
	time_t second;      /* that `clock` shows */
	char clock[CLOCK_SIZE];
	size_t clock_length; /* without the milliseconds */
};

/* A smooth hump over 0..period: 3t^2 - 2t^3 up and down again. */
static uint8_t hump(uint32_t x)
{
	uint32_t t = x % WAVE_PERIOD, half = WAVE_PERIOD / 2;
	uint64_t rise;

	if (t > half)
		t = WAVE_PERIOD - t;
	rise = (uint64_t)t * t * (3 * half - 2 * t) * (WAVE_HIGH - WAVE_LOW);
	return (uint8_t)(WAVE_LOW + rise / ((uint64_t)half * half * half));
}

/* A hue out of 256 as a walk around the diamond |u| + |v| = CHROMA_MAX. */
static void hue_of(const uint8_t uuid[UUID_SIZE], int *u, int *v)
{
	unsigned hue = 0;
	int along;

	for (unsigned i = 0; i < UUID_SIZE; i++)
		hue = (hue * 31 + uuid[i]) & 0xff;
	along = (int)(hue % 64) * CHROMA_MAX / 64;
	switch (hue / 64) {
	case 0:
		*u = CHROMA_MAX - along;
		*v = along;
		break;
	case 1:
		*u = -along;
		*v = CHROMA_MAX - along;
		break;
	case 2:
		*u = along - CHROMA_MAX;
		*v = -along;
		break;
	default:
		*u = along;
		*v = along - CHROMA_MAX;
		break;
	}
}

/* Neutral at the top, where the blocks are, then deepening towards the bottom. */
static void draw_chroma(struct pattern *p, const uint8_t uuid[UUID_SIZE])
{
	uint32_t columns = p->width / 2, lines = p->height / 2;
	uint32_t top = coded_picture_height(p->width) / 2;
	int u, v;

	hue_of(uuid, &u, &v);
	memset(p->u, NEUTRAL, (size_t)columns * lines);
	memset(p->v, NEUTRAL, (size_t)columns * lines);
	for (uint32_t line = top; line < lines; line++) {
		int strength = 128 + (int)(128 * line / lines);

		memset(p->u + (size_t)line * columns, NEUTRAL + u * strength / 256, columns);
		memset(p->v + (size_t)line * columns, NEUTRAL + v * strength / 256, columns);
	}
}

/* The largest whole factor at which n characters take at most `part` of `whole`. */
static uint32_t scale_for(uint32_t n, uint32_t part, uint32_t height)
{
	uint32_t scale = part / glyph_text_width(n ? n : 1, 1);
	uint32_t most = height / (GLYPH_HEIGHT * 6);

	scale = scale < most ? scale : most;
	return scale ? scale : 1;
}

static int allocate(struct pattern *p)
{
	size_t luma = (size_t)p->width * p->height;

	p->y = malloc(luma + luma / 2);
	p->wave = malloc(p->width + WAVE_PERIOD);
	if (!p->y || !p->wave)
		return -ENOMEM;
	p->u = p->y + luma;
	p->v = p->u + luma / 4;
	for (uint32_t x = 0; x < p->width + WAVE_PERIOD; x++)
		p->wave[x] = hump(x);
	return 0;
}

int pattern_new(const char *name, const uint8_t uuid[UUID_SIZE], uint32_t width, uint32_t height,
		struct pattern **ret)
{
	_cleanup_(pattern_freep) struct pattern *p = NULL;

	if (width % 2 || height % 2 || width > PATTERN_WIDTH_MAX || height > PATTERN_HEIGHT_MAX ||
	    !coded_picture_fits(width, height))
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->width = width;
	p->height = height;
	p->code.tag = coded_picture_tag(uuid);
	p->second = -1;
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->name_scale = scale_for((uint32_t)strlen(p->name), width * 3 / 4, height);
	p->clock_scale = scale_for(sizeof("2000-01-01 00:00:00.000") - 1, width / 2, height);
	if (allocate(p) < 0)
		return -ENOMEM;
	draw_chroma(p, uuid);
	*ret = steal_pointer(&p);
	return 0;
}

struct pattern *pattern_free(struct pattern *p)
{
	if (!p)
		return NULL;
	free(p->y);
	free(p->wave);
	free(p);
	return NULL;
}

/* Slanted, and every fourth frame two samples to the left: whole pictures that move each time would
 * cost the encoder twice as much. */
static void draw_wave(struct pattern *p, uint32_t counter)
{
	for (uint32_t line = 0; line < p->height; line++)
		memcpy(p->y + (size_t)line * p->width,
		       p->wave + (line / 2 + counter / 4 * 2) % WAVE_PERIOD, p->width);
}

/* Centred, with a shadow that keeps it legible on any wave. Left out where it has no room. */
static void draw_text(struct pattern *p, const char *text, uint32_t scale, uint32_t top)
{
	uint32_t width = glyph_text_width((uint32_t)strlen(text), scale);
	uint32_t shadow = (scale + 3) / 4;
	uint8_t *at;

	if (!width || width + shadow > p->width || top + GLYPH_HEIGHT * scale + shadow > p->height)
		return;
	at = p->y + (size_t)top * p->width + (p->width - width) / 2;
	glyph_draw_text(text, scale, SHADE, at + (size_t)shadow * p->width + shadow, p->width);
	glyph_draw_text(text, scale, INK, at, p->width);
}

static const char *clock_text(struct pattern *p, uint64_t realtime)
{
	time_t second = (time_t)(realtime / USEC_PER_SEC);

	if (second != p->second) {
		struct tm tm;

		localtime_r(&second, &tm);
		p->clock_length = strftime(p->clock, sizeof(p->clock), "%Y-%m-%d %H:%M:%S", &tm);
		p->second = second;
	}
	snprintf(p->clock + p->clock_length, sizeof(p->clock) - p->clock_length, ".%03u",
		 (unsigned)(realtime % USEC_PER_SEC / USEC_PER_MSEC));
	return p->clock;
}

/* Where something that moves `step` a frame along 0..range and back stands. */
static uint32_t bounce(uint32_t counter, uint32_t step, uint32_t range)
{
	uint32_t at = range ? (uint32_t)((uint64_t)counter * step % (2 * (uint64_t)range)) : 0;

	return at <= range ? at : 2 * range - at;
}

static void draw_disc(struct pattern *p, uint32_t counter)
{
	uint32_t radius = p->height / 20, top = coded_picture_height(p->width);
	uint32_t room = p->height - top, x, y;

	if (!radius || room < 2 * radius || p->width < 2 * radius)
		return;
	x = radius + bounce(counter, 4, p->width - 2 * radius);
	y = top + radius + bounce(counter, 3, room - 2 * radius);
	for (uint32_t dy = 0, half = radius; dy < radius; dy++) {
		while (half * half + dy * dy > radius * radius)
			half--;
		memset(p->y + (size_t)(y + dy) * p->width + x - half, DISC, (size_t)2 * half);
		memset(p->y + (size_t)(y - dy) * p->width + x - half, DISC, (size_t)2 * half);
	}
}

void pattern_draw(struct pattern *p, uint32_t counter, uint64_t realtime)
{
	uint32_t middle = p->height * 2 / 5;

	p->code.counter = counter;
	draw_wave(p, counter);
	draw_disc(p, counter);
	draw_text(p, p->name, p->name_scale, middle);
	draw_text(p, clock_text(p, realtime), p->clock_scale,
		  middle + p->name_scale * GLYPH_HEIGHT * 3 / 2);
	coded_picture_draw(&p->code, p->y, p->width, p->width);
}

struct pattern_planes pattern_planes(const struct pattern *p)
{
	return (struct pattern_planes){p->y, p->u, p->v, p->width, p->width / 2};
}
