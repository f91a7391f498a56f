// SPDX-License-Identifier: LGPL-2.1-or-later
/* What it costs to make a picture smaller: scale-cost WIDTHxHEIGHT WIDTHxHEIGHT FRAMES prints the
 * CPU time of one, in us. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/parse.h"
#include "camera/scale.h"

#define FRAMES_MAX 1000000

static void scale_frames(struct scale *s, uint8_t *samples, uint32_t width, uint32_t height,
			 uint64_t frames)
{
	size_t luma = (size_t)width * height;
	const struct scale_picture from = {
		.y = samples,
		.u = samples + luma,
		.v = samples + luma + luma / 4,
		.y_stride = width,
		.c_stride = width / 2,
	};
	struct scale_picture to;

	for (uint64_t i = 0; i < frames; i++)
		scale_picture(s, &from, &to);
}

int main(int argc, char **argv)
{
	uint32_t width, height, to_width, to_height;
	struct scale *s;
	uint8_t *samples;
	uint64_t frames, begin;

	if (argc != 4 || parse_size(argv[1], &width, &height) < 0 ||
	    parse_size(argv[2], &to_width, &to_height) < 0 ||
	    parse_u64(argv[3], FRAMES_MAX, &frames) < 0 || !frames ||
	    scale_new(width, height, to_width, to_height, &s) < 0) {
		fputs("scale-cost WIDTHxHEIGHT WIDTHxHEIGHT FRAMES: even sides, made smaller\n",
		      stderr);
		return 2;
	}
	samples = calloc(3, (size_t)width * height / 2);
	if (!samples)
		return 1;
	begin = clock_now(CLOCK_PROCESS_CPUTIME_ID);
	scale_frames(s, samples, width, height, frames);
	printf("%.0f\n", (double)(clock_now(CLOCK_PROCESS_CPUTIME_ID) - begin) / (double)frames);
	free(samples);
	scale_free(s);
	return 0;
}
