// SPDX-License-Identifier: LGPL-2.1-or-later
/* JPEG pictures and rare formats: red on the left, blue on the right, or refused. */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "v4l2/convert-lib.h"
#include "v4l2/jpeg.h"

#define WIDTH    64
#define HEIGHT   48
#define PAD      5
#define GUARD    0xa5
#define NEAR     6 /* what JPEG may make of a value */
#define FILE_MAX 16384

struct file {
	uint8_t bytes[FILE_MAX];
	size_t size;
};

struct picture {
	uint8_t y[HEIGHT][WIDTH + PAD];
	uint8_t u[HEIGHT / 2][WIDTH / 2 + PAD], v[HEIGHT / 2][WIDTH / 2 + PAD];
};

struct colour {
	int y, u, v;
};

/* BT.601, limited range. */
static const struct colour red = {81, 90, 240}, blue = {41, 240, 110};

static void load(struct file *file, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/unit/data/%s", getenv("TESTS"), name);
	f = fopen(path, "re");
	assert_non_null(f);
	file->size = fread(file->bytes, 1, sizeof(file->bytes), f);
	assert_in_range(file->size, 1, sizeof(file->bytes) - 1);
	fclose(f);
}

static struct v4l2_convert_lib *begin(uint32_t fourcc, uint32_t width, uint32_t height)
{
	struct v4l2_convert_lib *c = NULL;

	assert_int_equal(v4l2_convert_lib_new(fourcc, width, height, 0, &c), 0);
	return c;
}

/* Nothing beside the picture is touched. */
static int convert(struct v4l2_convert_lib *c, const uint8_t *data, size_t size, uint32_t width,
		   uint32_t height, struct picture *ret)
{
	/* Of its own, so that a sanitizer sees a read past its end. */
	uint8_t *copy = malloc(size ? size : 1);
	const struct v4l2_i420 planes = {
		.y = ret->y[0],
		.u = ret->u[0],
		.v = ret->v[0],
		.y_stride = WIDTH + PAD,
		.c_stride = WIDTH / 2 + PAD,
	};
	int r;

	assert_non_null(copy);
	memcpy(copy, data, size);
	memset(ret, GUARD, sizeof(*ret));
	r = v4l2_convert_lib_to_i420(c, copy, size, width, height, &planes);
	free(copy);
	for (unsigned int row = 0; row < HEIGHT; row++)
		for (unsigned int i = row < height ? width : 0; i < WIDTH + PAD; i++)
			assert_int_equal(ret->y[row][i], GUARD);
	return r;
}

static void near(int value, int expected)
{
	assert_in_range(value, expected - NEAR, expected + NEAR);
}

static void expect_colour(const struct picture *p, unsigned int x, unsigned int y,
			  const struct colour *colour)
{
	near(p->y[y][x], colour->y);
	near(p->u[y / 2][x / 2], colour->u);
	near(p->v[y / 2][x / 2], colour->v);
}

static void expect_halves(const struct picture *p, unsigned int width, unsigned int height)
{
	for (unsigned int y = 0; y < height; y += 3)
		/* Chroma runs over at the seam. */
		for (unsigned int x = 0; x < width; x++)
			if (x + 4 < width / 2 || x >= width / 2 + 4)
				expect_colour(p, x, y, x < width / 2 ? &red : &blue);
}

static void decode(const char *name, uint32_t fourcc, uint32_t width, uint32_t height)
{
	struct v4l2_convert_lib *c = begin(fourcc, width, height);
	struct file file;
	struct picture p;

	load(&file, name);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(convert(c, file.bytes, file.size, width, height, &p), 0);
		expect_halves(&p, width, height);
	}
	assert_null(v4l2_convert_lib_free(c));
}

static void jpeg_of_each_sampling_decodes(void **state)
{
	decode("jpeg-64x48-420.jpg", V4L2_PIX_FMT_MJPEG, 64, 48);
	decode("jpeg-64x48-422.jpg", V4L2_PIX_FMT_MJPEG, 64, 48);
	decode("jpeg-64x48-422-as-2x2.jpg", V4L2_PIX_FMT_MJPEG, 64, 48);
	decode("jpeg-64x48-444.jpg", V4L2_PIX_FMT_JPEG, 64, 48);
	/* Not of whole units. */
	decode("jpeg-48x30-420.jpg", V4L2_PIX_FMT_MJPEG, 48, 30);
}

static void a_part_of_the_picture_is_enough(void **state)
{
	struct v4l2_convert_lib *c = begin(V4L2_PIX_FMT_MJPEG, 64, 48);
	struct file file;
	struct picture p;

	load(&file, "jpeg-64x48-420.jpg");
	assert_int_equal(convert(c, file.bytes, file.size, 62, 46, &p), 0);
	expect_colour(&p, 0, 45, &red);
	expect_colour(&p, 61, 45, &blue);
	assert_int_equal(convert(c, file.bytes, file.size, 66, 46, &p), -EINVAL);
	v4l2_convert_lib_free(c);
}

/* Cut off anywhere: dropped, and the next whole one decodes. */
static void truncated_pictures_are_told(void **state)
{
	static const char *const names[] = {"jpeg-64x48-420.jpg", "jpeg-64x48-422.jpg",
					    "jpeg-64x48-444.jpg"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct v4l2_convert_lib *c = begin(V4L2_PIX_FMT_MJPEG, WIDTH, HEIGHT);
		struct file file;
		struct picture p;

		load(&file, names[i]);
		for (size_t n = 0; n < file.size; n++)
			assert_int_equal(convert(c, file.bytes, n, WIDTH, HEIGHT, &p), -EBADMSG);
		/* What a camera adds to fill its buffer is no harm. */
		memset(file.bytes + file.size, 0, 8);
		assert_int_equal(convert(c, file.bytes, file.size + 8, WIDTH, HEIGHT, &p), 0);
		expect_halves(&p, WIDTH, HEIGHT);
		v4l2_convert_lib_free(c);
	}
}

/* Each byte wrong in several ways: any answer but a crash, then a whole picture again. */
static void garbage_does_no_harm(void **state)
{
	static const char *const names[] = {"jpeg-64x48-420.jpg", "jpeg-64x48-422.jpg",
					    "jpeg-64x48-444.jpg"};
	uint8_t noise[512];
	uint32_t random = 1;
	struct picture p;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct v4l2_convert_lib *c = begin(V4L2_PIX_FMT_MJPEG, WIDTH, HEIGHT);
		struct file file;

		load(&file, names[i]);
		for (size_t at = 0; at < file.size * 3; at++) {
			uint8_t was = file.bytes[at % file.size];

			random = random * 1664525 + 1013904223;
			file.bytes[at % file.size] ^= (uint8_t)(random >> 24) | 1;
			convert(c, file.bytes, file.size, WIDTH, HEIGHT, &p);
			file.bytes[at % file.size] = was;
		}
		for (size_t at = 0; at < sizeof(noise); at++)
			noise[at] = (uint8_t)(random = random * 1664525 + 1013904223) >> 1;
		assert_int_equal(convert(c, noise, sizeof(noise), WIDTH, HEIGHT, &p), -EBADMSG);
		assert_int_equal(convert(c, file.bytes, file.size, WIDTH, HEIGHT, &p), 0);
		expect_halves(&p, WIDTH, HEIGHT);
		v4l2_convert_lib_free(c);
	}
}

static void a_picture_of_another_size_is_refused(void **state)
{
	struct v4l2_convert_lib *c = begin(V4L2_PIX_FMT_MJPEG, WIDTH, HEIGHT);
	struct file file;
	struct picture p;

	load(&file, "jpeg-48x30-420.jpg");
	assert_int_equal(convert(c, file.bytes, file.size, WIDTH, HEIGHT, &p), -EBADMSG);
	v4l2_convert_lib_free(c);
}

static void other_kinds_of_jpeg_are_refused(void **state)
{
	struct v4l2_jpeg jpeg;
	struct file file;
	uint8_t *sof;

	load(&file, "jpeg-64x48-422.jpg");
	assert_int_equal(v4l2_jpeg_inspect(file.bytes, file.size, &jpeg), 0);
	assert_int_equal(jpeg.width, 64);
	assert_int_equal(jpeg.height, 48);
	assert_int_equal(jpeg.h, 2);
	assert_int_equal(jpeg.v, 1);
	assert_int_equal(jpeg.c_h, 1);
	sof = memmem(file.bytes, file.size, "\xff\xc0", 2);
	assert_non_null(sof);
	sof[1] = 0xc2; /* progressive */
	assert_int_equal(v4l2_jpeg_inspect(file.bytes, file.size, &jpeg), -EOPNOTSUPP);
	sof[1] = 0xc0;
	sof[4] = 12; /* bits */
	assert_int_equal(v4l2_jpeg_inspect(file.bytes, file.size, &jpeg), -EOPNOTSUPP);
	sof[4] = 8;
	sof[5] = sof[6] = 0; /* lines: told later, which nobody does */
	assert_int_equal(v4l2_jpeg_inspect(file.bytes, file.size, &jpeg), -EBADMSG);
}

static const struct {
	uint32_t fourcc, bytes;
	uint8_t pixel[4];
	struct colour colour;
} raw[] = {
	{V4L2_PIX_FMT_GREY, 1, {255}, {235, 128, 128}},
	{V4L2_PIX_FMT_Y16, 2, {0, 255}, {235, 128, 128}},
	{V4L2_PIX_FMT_RGB565, 2, {0x1f, 0x00}, {41, 240, 110}},
	{V4L2_PIX_FMT_RGB32, 4, {0, 255, 0, 0}, {81, 90, 240}},
	{V4L2_PIX_FMT_XRGB32, 4, {0, 0, 0, 255}, {41, 240, 110}},
	{V4L2_PIX_FMT_BGR32, 4, {0, 0, 255, 0}, {81, 90, 240}},
	{V4L2_PIX_FMT_XBGR32, 4, {255, 0, 0, 0}, {41, 240, 110}},
};

static void rare_raw_formats_have_their_colours(void **state)
{
	static uint8_t bytes[WIDTH * HEIGHT * 4];
	struct picture p;

	for (size_t i = 0; i < ARRAY_SIZE(raw); i++) {
		struct v4l2_convert_lib *c = begin(raw[i].fourcc, WIDTH, HEIGHT), *other = NULL;
		size_t size = WIDTH * HEIGHT * raw[i].bytes;

		for (size_t at = 0; at < size; at++)
			bytes[at] = raw[i].pixel[at % raw[i].bytes];
		assert_int_equal(convert(c, bytes, size, WIDTH, HEIGHT, &p), 0);
		expect_colour(&p, 0, 0, &raw[i].colour);
		expect_colour(&p, WIDTH - 1, HEIGHT - 1, &raw[i].colour);
		assert_int_equal(convert(c, bytes, size - 1, WIDTH, HEIGHT, &p), -EBADMSG);
		assert_int_equal(v4l2_convert_lib_new(raw[i].fourcc, WIDTH, HEIGHT,
						      WIDTH * raw[i].bytes + 1, &other),
				 -EOPNOTSUPP);
		v4l2_convert_lib_free(c);
	}
}

static void what_is_not_supported_is_refused(void **state)
{
	struct v4l2_convert_lib *c = NULL;

	assert_false(v4l2_convert_lib_supported(V4L2_PIX_FMT_OV511));
	assert_int_equal(v4l2_convert_lib_new(V4L2_PIX_FMT_SBGGR8, 64, 48, 0, &c), -EOPNOTSUPP);
	assert_int_equal(v4l2_convert_lib_new(V4L2_PIX_FMT_MJPEG, 0, 48, 0, &c), -EINVAL);
	assert_int_equal(v4l2_convert_lib_new(V4L2_PIX_FMT_MJPEG, 64, 16385, 0, &c), -EINVAL);
	assert_null(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jpeg_of_each_sampling_decodes),
		cmocka_unit_test(a_part_of_the_picture_is_enough),
		cmocka_unit_test(truncated_pictures_are_told),
		cmocka_unit_test(garbage_does_no_harm),
		cmocka_unit_test(a_picture_of_another_size_is_refused),
		cmocka_unit_test(other_kinds_of_jpeg_are_refused),
		cmocka_unit_test(rare_raw_formats_have_their_colours),
		cmocka_unit_test(what_is_not_supported_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
