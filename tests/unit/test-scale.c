// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the small picture looks like. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "camera/scale.h"

#define PADDING 16 /* of each row: nobody may read it */

struct picture {
	uint8_t *bytes, *u, *v; /* y: bytes */
	uint32_t width, height;
	struct scale_picture of;
};

static struct picture picture_new(uint32_t width, uint32_t height)
{
	struct picture p = {.width = width, .height = height};
	size_t luma = (size_t)(width + PADDING) * height;
	size_t chroma = (size_t)(width / 2 + PADDING) * height / 2;

	p.bytes = malloc(luma + 2 * chroma);
	assert_non_null(p.bytes);
	memset(p.bytes, 0xee, luma + 2 * chroma);
	p.u = p.bytes + luma;
	p.v = p.u + chroma;
	p.of = (struct scale_picture){
		.y = p.bytes,
		.u = p.u,
		.v = p.v,
		.y_stride = width + PADDING,
		.c_stride = width / 2 + PADDING,
	};
	return p;
}

static void fill(const struct picture *p, uint8_t y, uint8_t u, uint8_t v)
{
	for (uint32_t i = 0; i < p->height; i++)
		memset(p->bytes + (size_t)i * p->of.y_stride, y, p->width);
	for (uint32_t i = 0; i < p->height / 2; i++) {
		memset(p->u + (size_t)i * p->of.c_stride, u, p->width / 2);
		memset(p->v + (size_t)i * p->of.c_stride, v, p->width / 2);
	}
}

static void assert_plain(const uint8_t *plane, uint32_t stride, uint32_t width, uint32_t height,
			 uint8_t value)
{
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			assert_int_equal(plane[(size_t)y * stride + x], value);
}

/* Black and white stay so, at any ratio, and of no plane is a sample read that is not its own. */
static void a_plain_picture_stays_what_it_is(void **state)
{
	static const uint32_t sizes[][4] = {
		{1920, 1080, 640, 360}, {1280, 720, 640, 360}, {640, 480, 320, 240},
		{640, 480, 222, 166},   {322, 242, 320, 240},  {176, 144, 176, 144},
		{1920, 1080, 16, 16},   {34, 18, 16, 16},
	};
	static const uint8_t values[] = {0, 1, 16, 127, 128, 235, 254, 255};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct picture p = picture_new(sizes[i][0], sizes[i][1]);
		uint32_t w = sizes[i][2], h = sizes[i][3];
		struct scale_picture small;
		struct scale *s;

		assert_int_equal(scale_new(p.width, p.height, w, h, &s), 0);
		for (size_t k = 0; k < sizeof(values); k++) {
			fill(&p, values[k], 255 - values[k], values[(k + 3) % 8]);
			scale_picture(s, &p.of, &small);
			assert_plain(small.y, small.y_stride, w, h, values[k]);
			assert_plain(small.u, small.c_stride, w / 2, h / 2, 255 - values[k]);
			assert_plain(small.v, small.c_stride, w / 2, h / 2, values[(k + 3) % 8]);
		}
		scale_free(s);
		free(p.bytes);
	}
}

/* As plainly as it can be said; a place less of the inverse may round otherwise. */
static void each_sample_is_the_mean_of_what_it_stands_for(void **state)
{
	struct picture p = picture_new(162, 94);
	struct scale_picture small;
	struct scale *s;
	uint32_t random = 1;

	for (uint32_t y = 0; y < p.height; y++)
		for (uint32_t x = 0; x < p.width; x++) {
			random = random * 1664525 + 1013904223;
			p.bytes[(size_t)y * p.of.y_stride + x] = random >> 24;
		}
	assert_int_equal(scale_new(p.width, p.height, 64, 32, &s), 0);
	scale_picture(s, &p.of, &small);
	for (uint32_t i = 0; i < 32; i++)
		for (uint32_t k = 0; k < 64; k++) {
			uint32_t sum = 0, n = 0;

			for (uint32_t y = i * 94 / 32; y < (i + 1) * 94 / 32; y++)
				for (uint32_t x = k * 162 / 64; x < (k + 1) * 162 / 64; x++, n++)
					sum += p.of.y[(size_t)y * p.of.y_stride + x];
			assert_in_range(small.y[(size_t)i * small.y_stride + k] + 1, sum / n + 1,
					sum / n + 2);
		}
	scale_free(s);
	free(p.bytes);
}

static void assert_size(uint32_t width, uint32_t height, uint32_t want_width, uint32_t want_height,
			uint32_t is_width, uint32_t is_height)
{
	uint32_t w, h;
	struct scale *s;

	scale_size(width, height, want_width, want_height, &w, &h);
	assert_int_equal(w, is_width);
	assert_int_equal(h, is_height);
	assert_int_equal(scale_new(width, height, w, h, &s), 0);
	scale_free(s);
}

static void sizes_are_no_larger_than_the_source(void **state)
{
	struct scale *s;

	assert_size(1920, 1080, 0, 0, 640, 360);
	assert_size(1280, 720, 0, 0, 640, 360);
	assert_size(640, 480, 0, 0, 320, 240);
	assert_size(322, 242, 0, 0, 160, 120);
	assert_size(1280, 720, 320, 0, 320, 180);
	assert_size(1280, 720, 320, 240, 320, 240);
	assert_size(640, 480, 1280, 720, 640, 480);
	assert_size(640, 480, 1280, 240, 640, 240);
	assert_size(20, 16, 0, 0, 16, 16);
	assert_int_equal(scale_new(640, 480, 642, 480, &s), -EINVAL);
	assert_int_equal(scale_new(640, 480, 320, 482, &s), -EINVAL);
	assert_int_equal(scale_new(640, 480, 321, 240, &s), -EINVAL);
	assert_int_equal(scale_new(640, 480, 0, 0, &s), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_picture_stays_what_it_is),
		cmocka_unit_test(each_sample_is_the_mean_of_what_it_stands_for),
		cmocka_unit_test(sizes_are_no_larger_than_the_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
