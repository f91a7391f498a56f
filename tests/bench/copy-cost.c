// SPDX-License-Identifier: LGPL-2.1-or-later
/* What it costs to copy a picture for a hardware encoder: copy-cost FOURCC WIDTHxHEIGHT FRAMES
 * prints the CPU time of one, in us, from that format into NV12: by I420 and from there, and in one
 * pass. */
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/parse.h"
#include "v4l2/raw.h"

#define FRAMES_MAX 1000000
#define BYTES_MAX  3 /* a pixel */

struct bench {
	struct v4l2_raw raw;
	struct v4l2_image image, made;
	struct v4l2_i420 i420;
	uint8_t *from, *between, *to;
	uint64_t frames;
};

static int prepare(struct bench *b, const char *fourcc, uint32_t width, uint32_t height)
{
	size_t luma = (size_t)width * height;
	const uint32_t strides[] = {width}, sizes[] = {(uint32_t)(luma * 3 / 2)};
	int r = v4l2_raw_init(&b->raw, V4L2_PIX_FMT_NV12, width, height, 1, strides, sizes);

	if (r < 0)
		return r;
	b->from = calloc(BYTES_MAX, luma);
	b->between = calloc(3, luma / 2);
	b->to = calloc(3, luma / 2);
	if (!b->from || !b->between || !b->to)
		return -1;
	b->i420 = (struct v4l2_i420){b->between, b->between + luma, b->between + luma + luma / 4,
				     width, width / 2};
	b->made = (struct v4l2_image){
		.fourcc = V4L2_PIX_FMT_YUV420,
		.width = width,
		.height = height,
		.plane = {b->i420.y, b->i420.u, b->i420.v},
		.stride = {width, width / 2, width / 2},
	};
	return v4l2_image_map(&b->image, v4l2_fourcc(fourcc[0], fourcc[1], fourcc[2], fourcc[3]),
			      width, height, height, 0, b->from, luma * BYTES_MAX);
}

static void copy(struct bench *b, bool twice)
{
	uint64_t begin = clock_now(CLOCK_PROCESS_CPUTIME_ID);

	for (uint64_t i = 0; i < b->frames; i++) {
		if (twice && v4l2_convert_to_i420(&b->image, &b->i420) < 0)
			abort();
		if (v4l2_raw_copy(&b->raw, &b->to, twice ? &b->made : &b->image) < 0)
			abort();
	}
	printf("%s %.0f\n", twice ? "two steps" : "one pass",
	       (double)(clock_now(CLOCK_PROCESS_CPUTIME_ID) - begin) / (double)b->frames);
}

int main(int argc, char **argv)
{
	struct bench b = {};
	uint32_t width, height;

	if (argc != 4 || strlen(argv[1]) != 4 || parse_size(argv[2], &width, &height) < 0 ||
	    parse_u64(argv[3], FRAMES_MAX, &b.frames) < 0 || !b.frames ||
	    prepare(&b, argv[1], width, height) < 0) {
		fputs("copy-cost FOURCC WIDTHxHEIGHT FRAMES: a format of v4l2/convert.h, even "
		      "sides\n",
		      stderr);
		return 2;
	}
	copy(&b, true);
	copy(&b, false);
	free(b.from);
	free(b.between);
	free(b.to);
	return 0;
}
