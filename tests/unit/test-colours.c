// SPDX-License-Identifier: LGPL-2.1-or-later
/* Colours as a camera gives them, converted, encoded by software, and decoded by ffmpeg, which goes
 * by what the coded picture says of them: they are the same. */
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "camera/encoder.h"

#define BAR       32
#define HEIGHT    64
#define N_BARS    6
#define WIDTH     (BAR * N_BARS)
#define TOLERANCE 6 /* of rounding, twice, and of the encoder */

static const uint8_t bars[N_BARS][3] = {{255, 0, 0},     {0, 255, 0}, {0, 0, 255},
					{255, 255, 255}, {0, 0, 0},   {128, 128, 128}};

/* How a camera makes YUV of red, green and blue, each from 0 to 1. */
struct matrix {
	double kr, kb;
	bool full;
};

static const struct matrix bt601 = {0.299, 0.114, false}, bt601_full = {0.299, 0.114, true},
			   bt709 = {0.2126, 0.0722, false}, bt709_full = {0.2126, 0.0722, true};

static void to_yuv(const struct matrix *m, const uint8_t rgb[3], uint8_t yuv[3])
{
	double r = rgb[0] / 255.0, g = rgb[1] / 255.0, b = rgb[2] / 255.0;
	double y = m->kr * r + (1 - m->kr - m->kb) * g + m->kb * b;
	double u = (b - y) / (1 - m->kb) / 2, v = (r - y) / (1 - m->kr) / 2;

	yuv[0] = (uint8_t)(m->full ? y * 255 + 0.5 : 16 + y * 219 + 0.5);
	yuv[1] = (uint8_t)(u * (m->full ? 254 : 224) + 128.5);
	yuv[2] = (uint8_t)(v * (m->full ? 254 : 224) + 128.5);
}

struct given {
	uint32_t fourcc;
	struct v4l2_colours colours;
	const struct matrix *matrix; /* NULL: RGB */
};

/* One line as the camera gives it; all are the same. */
static void draw(const struct given *g, uint8_t *line)
{
	for (unsigned int x = 0; x < WIDTH; x++) {
		uint8_t yuv[3];

		if (!g->matrix) {
			memcpy(line + (size_t)x * 3, bars[x / BAR], 3);
			continue;
		}
		to_yuv(g->matrix, bars[x / BAR], yuv);
		line[x * 2] = yuv[0];
		line[x * 2 + 1] = yuv[1 + x % 2];
	}
}

static void encode(const struct given *g, FILE *to)
{
	static uint8_t picture[WIDTH * HEIGHT * 3], y[WIDTH * HEIGHT], u[sizeof(y) / 4],
		v[sizeof(y) / 4];
	const struct v4l2_i420 i420 = {y, u, v, WIDTH, WIDTH / 2};
	struct source_frame frame = {
		.y = y, .u = u, .v = v, .y_stride = WIDTH, .c_stride = WIDTH / 2};
	struct encoder_config config = {.width = WIDTH,
					.height = HEIGHT,
					.fps_num = 30,
					.fps_den = 1,
					.gop = 30,
					.bitrate = 8000000,
					.colours = v4l2_colours_converted(g->fourcc, &g->colours)};
	size_t stride = g->matrix ? WIDTH * 2 : WIDTH * 3;
	struct encoder_unit unit;
	struct v4l2_image image;
	struct encoder *e;

	for (unsigned int i = 0; i < HEIGHT; i++)
		draw(g, picture + i * stride);
	assert_int_equal(v4l2_image_map(&image, g->fourcc, WIDTH, HEIGHT, HEIGHT, 0, picture,
					stride * HEIGHT),
			 0);
	assert_int_equal(v4l2_convert_to_i420(&image, &i420), 0);
	assert_int_equal(encoder_software_new(&config, &e), 0);
	assert_int_equal(encoder_submit(e, &frame, 1, true), 0);
	assert_int_equal(encoder_next(e, &unit), 0);
	assert_int_equal(fwrite(unit.bytes.data, 1, unit.bytes.len, to), unit.bytes.len);
	encoder_free(e);
}

static void check(const struct given *g)
{
	static uint8_t seen[WIDTH * HEIGHT * 3];
	char path[64], command[256];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/test-colours-%d", (int)getpid());
	f = fopen(path, "we");
	assert_non_null(f);
	encode(g, f);
	fclose(f);
	snprintf(command, sizeof(command),
		 "ffmpeg -nostdin -v error -f h264 -i %s -vf scale=sws_flags=accurate_rnd "
		 "-pix_fmt rgb24 -f rawvideo -",
		 path);
	f = popen(command, "re");
	assert_non_null(f);
	assert_int_equal(fread(seen, 1, sizeof(seen), f), sizeof(seen));
	assert_int_equal(pclose(f), 0);
	unlink(path);
	for (unsigned int i = 0; i < N_BARS; i++) {
		const uint8_t *at = seen + ((size_t)HEIGHT / 2 * WIDTH + i * BAR + BAR / 2) * 3;

		for (unsigned int c = 0; c < 3; c++)
			if (abs(at[c] - bars[i][c]) > TOLERANCE)
				fail_msg("bar %u is %u %u %u", i, at[0], at[1], at[2]);
	}
}

static bool has_ffmpeg(void)
{
	return system("ffmpeg -version >/dev/null 2>&1") == 0;
}

static void red_stays_red(void **state)
{
	static const struct given all[] = {
		{V4L2_PIX_FMT_RGB24, {}, NULL},
		{V4L2_PIX_FMT_RGB24, {.colorspace = V4L2_COLORSPACE_SRGB}, NULL},
		{V4L2_PIX_FMT_RGB24,
		 {.colorspace = V4L2_COLORSPACE_REC709,
		  .quantization = V4L2_QUANTIZATION_FULL_RANGE},
		 NULL},
		{V4L2_PIX_FMT_YUYV, {}, &bt601},
		{V4L2_PIX_FMT_YUYV, {.colorspace = V4L2_COLORSPACE_SRGB}, &bt601},
		{V4L2_PIX_FMT_YUYV, {.colorspace = V4L2_COLORSPACE_JPEG}, &bt601_full},
		{V4L2_PIX_FMT_YUYV, {.quantization = V4L2_QUANTIZATION_FULL_RANGE}, &bt601_full},
		{V4L2_PIX_FMT_YUYV, {.colorspace = V4L2_COLORSPACE_REC709}, &bt709},
		{V4L2_PIX_FMT_YUYV,
		 {.colorspace = V4L2_COLORSPACE_REC709,
		  .quantization = V4L2_QUANTIZATION_FULL_RANGE},
		 &bt709_full},
	};

	if (!has_ffmpeg())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check(&all[i]);
}

/* What is left to defaults is told as the kernel's documentation says; the rest as it is. */
static void each_has_its_code(void **state)
{
	const struct v4l2_colours none = {}, rec709 = {.colorspace = V4L2_COLORSPACE_REC709},
				  jpeg = {.colorspace = V4L2_COLORSPACE_JPEG},
				  odd = {.colorspace = 1000, .ycbcr_enc = 77, .xfer_func = 99};
	struct v4l2_colours c = v4l2_colours_converted(V4L2_PIX_FMT_NV12, &none);
	struct v4l2_colour_code code;

	assert_false(v4l2_colours_known(&c));
	c = v4l2_colours_converted(V4L2_PIX_FMT_NV12M, &rec709);
	code = v4l2_colours_code(&c);
	assert_true(v4l2_colours_known(&c));
	assert_false(code.full_range);
	assert_int_equal(code.primaries, 1);
	assert_int_equal(code.transfer, 1);
	assert_int_equal(code.matrix, 1);
	c = v4l2_colours_converted(V4L2_PIX_FMT_YUYV, &jpeg);
	code = v4l2_colours_code(&c);
	assert_true(code.full_range);
	assert_int_equal(code.transfer, 13);
	assert_int_equal(code.matrix, 6);
	/* Decoded, it is another. */
	c = v4l2_colours_converted(V4L2_PIX_FMT_MJPEG, &jpeg);
	code = v4l2_colours_code(&c);
	assert_int_equal(c.colorspace, V4L2_COLORSPACE_SRGB);
	assert_false(code.full_range);
	assert_int_equal(code.matrix, 6);
	/* What nobody knows is unspecified. */
	c = v4l2_colours_converted(V4L2_PIX_FMT_NV12, &odd);
	code = v4l2_colours_code(&c);
	assert_int_equal(code.primaries, 2);
	assert_int_equal(code.transfer, 2);
	assert_int_equal(code.matrix, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(red_stays_red),
		cmocka_unit_test(each_has_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
