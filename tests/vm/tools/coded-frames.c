// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * coded-frames draw NV12|YU12 WIDTH HEIGHT FRAMES    writes pictures to stdout
 * coded-frames judge WIDTH HEIGHT                    reads decoded ones, I420, from stdin
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

static void put(const struct picture *p, bool nv12)
{
	size_t luma = (size_t)p->width * p->height;

	if (!nv12) {
		fwrite(p->i420, 1, p->size, stdout);
		return;
	}
	fwrite(p->i420, 1, luma, stdout);
	for (size_t i = 0; i < luma / 4; i++) {
		putchar_unlocked(p->i420[luma + i]);
		putchar_unlocked(p->i420[luma + luma / 4 + i]);
	}
}

static int draw_all(const struct picture *p, bool nv12, uint32_t frames)
{
	for (uint32_t i = 0; i < frames; i++) {
		draw(p, i);
		put(p, nv12);
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

int main(int argc, char *argv[])
{
	bool draws = argc == 6 && !strcmp(argv[1], "draw");
	struct picture p = {};
	int r;

	if (!draws && (argc != 4 || strcmp(argv[1], "judge") != 0)) {
		fputs("usage: coded-frames draw NV12|YU12 WIDTH HEIGHT FRAMES | judge WIDTH "
		      "HEIGHT\n",
		      stderr);
		return 2;
	}
	p.width = (uint32_t)atoi(argv[argc - 2 - draws]);
	p.height = (uint32_t)atoi(argv[argc - 1 - draws]);
	p.size = (size_t)p.width * p.height * 3 / 2;
	p.i420 = malloc(p.size);
	if (!p.i420 || !coded_picture_fits(p.width, p.height) || p.height <= BAND)
		return 2;
	r = draws ? draw_all(&p, !strcmp(argv[2], "NV12"), (uint32_t)atoi(argv[5])) : judge(&p);
	free(p.i420);
	return r;
}
