// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * coded-frames draw FORMAT WIDTH HEIGHT FRAMES
 *	writes pictures to stdout: NV12, NM12, NM16, YU12, YM12, YUYV, UYVY or RGB3
 * coded-frames judge WIDTH HEIGHT
 *	reads decoded ones, I420, from stdin
 * coded-frames judge nearest|average|rgb TO_WIDTH TO_HEIGHT WIDTH HEIGHT FRAMES
 *	reads ones that were made smaller, by the nearest sample, as the module vconv does it, or as
 *the service does by itself (camera/scale.h); or made of RGB3, as vconv does it
 *
 * Planes that lie apart follow each other, as vivid has them: of NM16, the first has 128 bytes to
 * spare. 4:2:2 has each line of chroma twice: its 4:2:0 is the picture that was drawn. In RGB3 the
 * three components are those of the picture, whatever colours that makes.
 *
 * Pictures of noise that carry their number (camera/coded-picture.h): a band of fresh noise wanders
 * over a still one. Each can be drawn anew from its number, so that judge knows every sample: a
 * picture that is torn, late, padded or of another number's noise is wrong. A band, so that a
 * lossless encoder has little to do.
 *
 * judge prints "wrong FRAME" for each that is, then "frames N different N wrong N missing N": those
 * left out between the first and the last, if the numbers did not begin anew. Exit status: 0 none
 * is wrong, and there are any; 1 not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "camera/scale.h"
#include "tests/unit/coded-picture-reader.h"

#define BAND         32 /* lines */
#define COUNTERS_MAX 4096

struct picture {
	uint32_t width, height;
	uint8_t *i420;
	size_t size;
};

static uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352dU;
	x ^= x >> 15;
	x *= 0x846ca68bU;
	return x ^ x >> 16;
}

static void draw_lines(uint8_t *plane, uint32_t width, uint32_t first, uint32_t lines,
		       uint32_t seed)
{
	for (uint32_t y = first; y < first + lines; y++) {
		uint32_t state = mix(seed ^ mix(y + 1));

		for (uint32_t x = 0; x < width; x++) {
			state = state * 1664525 + 1013904223;
			plane[(size_t)y * width + x] = (uint8_t)(16 + (state >> 24) % 220);
		}
	}
}

static void draw(const struct picture *p, uint32_t counter)
{
	const struct coded_picture code = {.tag = 0x68770001, .counter = counter};
	uint32_t top = counter * BAND % (p->height - BAND);
	uint8_t *y = p->i420, *u = y + (size_t)p->width * p->height;
	uint8_t *v = u + (size_t)p->width * p->height / 4;

	draw_lines(y, p->width, 0, p->height, 1);
	draw_lines(u, p->width / 2, 0, p->height / 2, 2);
	draw_lines(v, p->width / 2, 0, p->height / 2, 3);
	draw_lines(y, p->width, top, BAND, 16 + counter * 4);
	draw_lines(u, p->width / 2, top / 2, BAND / 2, 17 + counter * 4);
	draw_lines(v, p->width / 2, top / 2, BAND / 2, 18 + counter * 4);
	coded_picture_draw(&code, y, p->width, p->width);
}

/* times: how often each line of chroma comes, 1 for 4:2:0, 2 for 4:2:2. spare: bytes before it. */
static void put_nv(const struct picture *p, unsigned int times, unsigned int spare)
{
	size_t luma = (size_t)p->width * p->height;
	const uint8_t *u = p->i420 + luma, *v = u + luma / 4;

	fwrite(p->i420, 1, luma, stdout);
	while (spare-- > 0)
		putchar_unlocked(0);
	for (uint32_t line = 0; line < p->height / 2 * times; line++)
		for (uint32_t x = 0; x < p->width / 2; x++) {
			size_t at = (size_t)(line / times) * (p->width / 2) + x;

			putchar_unlocked(u[at]);
			putchar_unlocked(v[at]);
		}
}

static void put_422(const struct picture *p, bool luma_first)
{
	const uint8_t *u = p->i420 + (size_t)p->width * p->height;
	const uint8_t *v = u + (size_t)p->width * p->height / 4;

	for (uint32_t y = 0; y < p->height; y++) {
		const uint8_t *luma = p->i420 + (size_t)y * p->width;
		size_t line = (size_t)(y / 2) * (p->width / 2);

		for (uint32_t x = 0; x < p->width / 2; x++) {
			const uint8_t y0 = luma[2 * x], y1 = luma[2 * x + 1];

			putchar_unlocked(luma_first ? y0 : u[line + x]);
			putchar_unlocked(luma_first ? u[line + x] : y0);
			putchar_unlocked(luma_first ? y1 : v[line + x]);
			putchar_unlocked(luma_first ? v[line + x] : y1);
		}
	}
}

/* What stands for red, green and blue in a pixel. */
static void rgb_at(const struct picture *p, uint32_t x, uint32_t y, uint8_t ret[3])
{
	const uint8_t *u = p->i420 + (size_t)p->width * p->height;
	const uint8_t *v = u + (size_t)p->width * p->height / 4;
	size_t chroma = (size_t)(y / 2) * (p->width / 2) + x / 2;

	ret[0] = p->i420[(size_t)y * p->width + x];
	ret[1] = u[chroma];
	ret[2] = v[chroma];
}

static void put_rgb(const struct picture *p)
{
	uint8_t rgb[3];

	for (uint32_t y = 0; y < p->height; y++)
		for (uint32_t x = 0; x < p->width; x++) {
			rgb_at(p, x, y, rgb);
			fwrite_unlocked(rgb, 1, sizeof(rgb), stdout);
		}
}

static int draw_all(const struct picture *p, const char *format, uint32_t frames)
{
	for (uint32_t i = 0; i < frames; i++) {
		draw(p, i);
		if (!strcmp(format, "NV12") || !strcmp(format, "NM12"))
			put_nv(p, 1, 0);
		else if (!strcmp(format, "NM16"))
			put_nv(p, 2, 128);
		else if (!strcmp(format, "YUYV") || !strcmp(format, "UYVY"))
			put_422(p, *format == 'Y');
		else if (!strcmp(format, "RGB3"))
			put_rgb(p);
		else
			fwrite(p->i420, 1, p->size, stdout);
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int judge(const struct picture *p)
{
	unsigned frames = 0, wrong = 0, different = 0, missing = 0;
	_cleanup_free_ uint8_t *got = malloc(p->size);
	uint8_t seen[COUNTERS_MAX] = {};
	struct code_found code;
	uint32_t last = 0;

	while (got && fread(got, 1, p->size, stdin) == p->size) {
		bool found = code_read(got, p->width, p->width, &code);

		if (found)
			draw(p, code.counter);
		if (!found || memcmp(got, p->i420, p->size) != 0) {
			printf("wrong %u\n", frames);
			wrong++;
		} else {
			if (frames && code.counter > last)
				missing += code.counter - last - 1;
			different += !seen[code.counter % COUNTERS_MAX];
			seen[code.counter % COUNTERS_MAX] = 1;
			last = code.counter;
		}
		frames++;
	}
	printf("frames %u different %u wrong %u missing %u\n", frames, different, wrong, missing);
	return frames && !wrong ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void take_nearest(const uint8_t *from, uint32_t width, uint32_t height, uint8_t *to,
			 uint32_t to_width, uint32_t to_height)
{
	for (uint32_t y = 0; y < to_height; y++)
		for (uint32_t x = 0; x < to_width; x++)
			*to++ = from[(size_t)(y * height / to_height) * width +
				     x * width / to_width];
}

static void scale_nearest(const struct picture *p, const struct picture *to)
{
	size_t luma = (size_t)p->width * p->height, to_luma = (size_t)to->width * to->height;

	take_nearest(p->i420, p->width, p->height, to->i420, to->width, to->height);
	for (unsigned int i = 0; i < 2; i++)
		take_nearest(p->i420 + luma + i * luma / 4, p->width / 2, p->height / 2,
			     to->i420 + to_luma + i * to_luma / 4, to->width / 2, to->height / 2);
}

static void scale_average(const struct picture *p, const struct picture *to)
{
	size_t luma = (size_t)p->width * p->height, to_luma = (size_t)to->width * to->height;
	const struct scale_picture from = {
		.y = p->i420,
		.u = p->i420 + luma,
		.v = p->i420 + luma + luma / 4,
		.y_stride = p->width,
		.c_stride = p->width / 2,
	};
	struct scale_picture small;
	struct scale *scale;

	if (scale_new(p->width, p->height, to->width, to->height, &scale) < 0)
		abort();
	scale_picture(scale, &from, &small);
	memcpy(to->i420, small.y, to_luma);
	memcpy(to->i420 + to_luma, small.u, to_luma / 4);
	memcpy(to->i420 + to_luma + to_luma / 4, small.v, to_luma / 4);
	scale_free(scale);
}

/* BT.601, limited range; chroma of four pixels' mean. */
static void convert_rgb(const struct picture *p, const struct picture *to)
{
	uint8_t *luma = to->i420, *u = luma + (size_t)p->width * p->height;
	uint8_t *v = u + (size_t)p->width * p->height / 4, rgb[3];

	for (uint32_t y = 0; y < p->height; y++)
		for (uint32_t x = 0; x < p->width; x++) {
			rgb_at(p, x, y, rgb);
			*luma++ = (uint8_t)((66 * rgb[0] + 129 * rgb[1] + 25 * rgb[2] + 128 +
					     (16 << 8)) >>
					    8);
		}
	for (uint32_t y = 0; y < p->height; y += 2)
		for (uint32_t x = 0; x < p->width; x += 2) {
			int sum[3] = {2, 2, 2};

			for (uint32_t i = 0; i < 4; i++) {
				rgb_at(p, x + i % 2, y + i / 2, rgb);
				for (unsigned int k = 0; k < 3; k++)
					sum[k] += rgb[k];
			}
			for (unsigned int k = 0; k < 3; k++)
				sum[k] /= 4;
			*u++ = (uint8_t)((-38 * sum[0] - 74 * sum[1] + 112 * sum[2] + 128 +
					  (128 << 8)) >>
					 8);
			*v++ = (uint8_t)((112 * sum[0] - 94 * sum[1] - 18 * sum[2] + 128 +
					  (128 << 8)) >>
					 8);
		}
}

static const struct way {
	const char *name;
	void (*make)(const struct picture *p, const struct picture *to);
} ways[] = {
	{"nearest", scale_nearest},
	{"average", scale_average},
	{"rgb", convert_rgb},
};

static const struct way *way_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	return NULL;
}

/* Each picture must be one of those that were drawn, and there is more than one. */
static int judge_made(const struct picture *p, const struct picture *to, const struct way *way,
		      uint32_t n)
{
	unsigned int frames = 0, wrong = 0, different = 0;
	_cleanup_free_ uint8_t *all = malloc(to->size * n), *got = malloc(to->size);
	_cleanup_free_ uint8_t *seen = calloc(n, 1);

	for (uint32_t i = 0; all && i < n; i++) {
		struct picture at = *to;

		at.i420 = all + to->size * i;
		draw(p, i);
		way->make(p, &at);
	}
	while (all && got && seen && fread(got, 1, to->size, stdin) == to->size) {
		uint32_t i = 0;

		while (i < n && memcmp(got, all + to->size * i, to->size) != 0)
			i++;
		if (i == n)
			printf("wrong %u\n", frames);
		wrong += i == n;
		different += i < n && !seen[i];
		if (i < n)
			seen[i] = 1;
		frames++;
	}
	printf("frames %u different %u wrong %u\n", frames, different, wrong);
	return different > 1 && !wrong ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(void)
{
	fputs("usage: coded-frames draw FORMAT WIDTH HEIGHT FRAMES\n"
	      "       coded-frames judge WIDTH HEIGHT\n"
	      "       coded-frames judge nearest|average|rgb TO_WIDTH TO_HEIGHT WIDTH HEIGHT "
	      "FRAMES\n",
	      stderr);
	return 2;
}

/* drawn: it carries its number. */
static struct picture picture_of(char *size[], bool drawn)
{
	struct picture p = {.width = (uint32_t)atoi(size[0]), .height = (uint32_t)atoi(size[1])};

	p.size = (size_t)p.width * p.height * 3 / 2;
	p.i420 = malloc(p.size);
	if (!p.i420 || (drawn && (!coded_picture_fits(p.width, p.height) || p.height <= BAND)))
		exit(usage());
	return p;
}

int main(int argc, char *argv[])
{
	bool draws = argc == 6 && !strcmp(argv[1], "draw");
	bool judges = (argc == 4 || argc == 8) && !strcmp(argv[1], "judge");
	const struct way *way = judges && argc == 8 ? way_of(argv[2]) : NULL;
	struct picture p, made;
	int r;

	if ((!draws && !judges) || (judges && argc == 8 && !way))
		return usage();
	p = picture_of(argv + (draws ? 3 : argc == 4 ? 2 : 5), true);
	if (draws) {
		r = draw_all(&p, argv[2], (uint32_t)atoi(argv[5]));
	} else if (argc == 4) {
		r = judge(&p);
	} else {
		made = picture_of(argv + 3, false);
		r = judge_made(&p, &made, way, (uint32_t)atoi(argv[7]));
		free(made.i420);
	}
	free(p.i420);
	return r;
}
