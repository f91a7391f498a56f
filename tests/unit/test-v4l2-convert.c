// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each format against a plain reference that works pixel by pixel, odd sizes and strides included.
 */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "v4l2/convert.h"

#define WIDTH  37
#define HEIGHT 23
#define PAD    11
#define GUARD  0xa5

struct pixel {
	int y, u, v;
};

/* Chroma of 4:2:2 sources belongs to two pixels of a line, of 4:2:0 to two by two. */
typedef struct pixel (*pixel_fn)(const struct v4l2_image *image, uint32_t x, uint32_t y);

static uint8_t at(const struct v4l2_image *image, unsigned int plane, uint32_t x, uint32_t y)
{
	return image->plane[plane][(size_t)y * image->stride[plane] + x];
}

static struct pixel pixel_nv12(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return (struct pixel){at(i, 0, x, y), at(i, 1, x & ~1U, y / 2), at(i, 1, x | 1, y / 2)};
}

static struct pixel pixel_nv21(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return (struct pixel){at(i, 0, x, y), at(i, 1, x | 1, y / 2), at(i, 1, x & ~1U, y / 2)};
}

static struct pixel pixel_nv16(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return (struct pixel){at(i, 0, x, y), at(i, 1, x & ~1U, y), at(i, 1, x | 1, y)};
}

static struct pixel pixel_yu12(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return (struct pixel){at(i, 0, x, y), at(i, 1, x / 2, y / 2), at(i, 2, x / 2, y / 2)};
}

static struct pixel pixel_yv12(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return (struct pixel){at(i, 0, x, y), at(i, 2, x / 2, y / 2), at(i, 1, x / 2, y / 2)};
}

static struct pixel pixel_yuyv(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	uint32_t pair = x / 2 * 4;

	return (struct pixel){at(i, 0, x * 2, y), at(i, 0, pair + 1, y), at(i, 0, pair + 3, y)};
}

static struct pixel pixel_uyvy(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	uint32_t pair = x / 2 * 4;

	return (struct pixel){at(i, 0, x * 2 + 1, y), at(i, 0, pair, y), at(i, 0, pair + 2, y)};
}

/* The same with Cb and Cr swapped. */
static struct pixel swap(struct pixel pixel)
{
	return (struct pixel){pixel.y, pixel.v, pixel.u};
}

static struct pixel pixel_nv61(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return swap(pixel_nv16(i, x, y));
}

static struct pixel pixel_yvyu(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return swap(pixel_yuyv(i, x, y));
}

static struct pixel pixel_vyuy(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return swap(pixel_uyvy(i, x, y));
}

/* ITU-R BT.601, limited range, in real numbers. */
static struct pixel from_rgb(double r, double g, double b)
{
	return (struct pixel){
		(int)(16.5 + 0.256788 * r + 0.504129 * g + 0.097906 * b),
		(int)(128.5 - 0.148223 * r - 0.290993 * g + 0.439216 * b),
		(int)(128.5 + 0.439216 * r - 0.367788 * g - 0.071427 * b),
	};
}

static struct pixel pixel_rgb3(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return from_rgb(at(i, 0, x * 3, y), at(i, 0, x * 3 + 1, y), at(i, 0, x * 3 + 2, y));
}

static struct pixel pixel_bgr3(const struct v4l2_image *i, uint32_t x, uint32_t y)
{
	return from_rgb(at(i, 0, x * 3 + 2, y), at(i, 0, x * 3 + 1, y), at(i, 0, x * 3, y));
}

static const struct format {
	uint32_t fourcc;
	pixel_fn pixel;
	int tolerance;     /* fixed point and four roundings, for RGB */
	uint32_t bytes;    /* a line of the first plane, a pixel */
	uint32_t size_num; /* bytes of a picture: stride * height * num / 2, planes included */
} formats[] = {
	{V4L2_PIX_FMT_NV12, pixel_nv12, 0, 1, 3},   {V4L2_PIX_FMT_NV21, pixel_nv21, 0, 1, 3},
	{V4L2_PIX_FMT_NV16, pixel_nv16, 0, 1, 4},   {V4L2_PIX_FMT_YUV420, pixel_yu12, 0, 1, 3},
	{V4L2_PIX_FMT_YVU420, pixel_yv12, 0, 1, 3}, {V4L2_PIX_FMT_YUYV, pixel_yuyv, 0, 2, 2},
	{V4L2_PIX_FMT_UYVY, pixel_uyvy, 0, 2, 2},   {V4L2_PIX_FMT_RGB24, pixel_rgb3, 2, 3, 2},
	{V4L2_PIX_FMT_BGR24, pixel_bgr3, 2, 3, 2},  {V4L2_PIX_FMT_NV61, pixel_nv61, 0, 1, 4},
	{V4L2_PIX_FMT_YVYU, pixel_yvyu, 0, 2, 2},   {V4L2_PIX_FMT_VYUY, pixel_vyuy, 0, 2, 2},
};

static uint8_t *noise(size_t size)
{
	uint8_t *bytes = malloc(size);
	uint32_t seed = 1;

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(seed >> 24);
	}
	return bytes;
}

static void near(int got, int wanted, int tolerance, const char *what, uint32_t x, uint32_t y)
{
	if (abs(got - wanted) > tolerance)
		fail_msg("%s at %u,%u is %d, not %d", what, x, y, got, wanted);
}

/* I420 chroma: the mean of the 2x2 pixels it belongs to; at odd edges the last ones count twice. */
static struct pixel mean(const struct v4l2_image *image, pixel_fn pixel, uint32_t x, uint32_t y)
{
	uint32_t right = x + 1 < image->width ? x + 1 : x;
	uint32_t below = y + 1 < image->height ? y + 1 : y;
	struct pixel p[4] = {pixel(image, x, y), pixel(image, right, y), pixel(image, x, below),
			     pixel(image, right, below)};

	return (struct pixel){
		.u = (p[0].u + p[1].u + p[2].u + p[3].u + 2) / 4,
		.v = (p[0].v + p[1].v + p[2].v + p[3].v + 2) / 4,
	};
}

static void compare(const struct v4l2_image *image, const struct v4l2_i420 *got,
		    const struct format *format)
{
	for (uint32_t y = 0; y < image->height; y++) {
		const uint8_t *line = got->y + (size_t)y * got->y_stride;

		for (uint32_t x = 0; x < image->width; x++)
			near(line[x], format->pixel(image, x, y).y, format->tolerance, "Y", x, y);
		assert_int_equal(line[image->width], GUARD);
	}
	for (uint32_t y = 0; y < (image->height + 1) / 2; y++) {
		const uint8_t *u = got->u + (size_t)y * got->c_stride;
		const uint8_t *v = got->v + (size_t)y * got->c_stride;

		for (uint32_t x = 0; x < (image->width + 1) / 2; x++) {
			struct pixel wanted = mean(image, format->pixel, x * 2, y * 2);

			near(u[x], wanted.u, format->tolerance, "U", x, y);
			near(v[x], wanted.v, format->tolerance, "V", x, y);
		}
		assert_int_equal(u[(image->width + 1) / 2], GUARD);
		assert_int_equal(v[(image->width + 1) / 2], GUARD);
	}
}

static void check_format(const struct format *format, uint32_t width, uint32_t height,
			 uint32_t visible)
{
	uint32_t stride = (width + 1) / 2 * 2 * format->bytes + 2 * PAD;
	size_t size = (size_t)stride * ((height + 1) / 2 * 2) * format->size_num / 2;
	_cleanup_free_ uint8_t *data = noise(size);
	_cleanup_free_ uint8_t *to = malloc((size_t)(width + PAD) * visible * 3);
	struct v4l2_image image;
	struct v4l2_i420 i420;

	assert_non_null(to);
	memset(to, GUARD, (size_t)(width + PAD) * visible * 3);
	i420 = (struct v4l2_i420){
		.y = to,
		.u = to + (size_t)(width + PAD) * visible,
		.v = to + (size_t)(width + PAD) * visible * 2,
		.y_stride = width + PAD,
		.c_stride = width + PAD,
	};
	assert_int_equal(
		v4l2_image_map(&image, format->fourcc, width, height, visible, stride, data, size),
		0);
	assert_int_equal(v4l2_convert_to_i420(&image, &i420), 0);
	compare(&image, &i420, format);
}

static void each_format_agrees_with_the_reference(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		check_format(&formats[i], WIDTH, HEIGHT, HEIGHT);
		check_format(&formats[i], 64, 48, 48);
		check_format(&formats[i], 64, 48, 40);
		check_format(&formats[i], 1, 1, 1);
	}
}

/* Grey stays grey, white white, and the primaries are those of BT.601. */
static void rgb_has_the_standard_colours(void **state)
{
	static const struct {
		uint8_t rgb[3], y, u, v;
	} colours[] = {
		{{0, 0, 0}, 16, 128, 128},   {{255, 255, 255}, 235, 128, 128},
		{{255, 0, 0}, 82, 90, 240},  {{0, 255, 0}, 145, 54, 34},
		{{0, 0, 255}, 41, 240, 110},
	};

	for (size_t i = 0; i < ARRAY_SIZE(colours); i++) {
		uint8_t y = 0, u = 0, v = 0;
		struct v4l2_image image;
		struct v4l2_i420 i420 = {&y, &u, &v, 1, 1};

		assert_int_equal(
			v4l2_image_map(&image, V4L2_PIX_FMT_RGB24, 1, 1, 1, 0, colours[i].rgb, 3),
			0);
		assert_int_equal(v4l2_convert_to_i420(&image, &i420), 0);
		near(y, colours[i].y, 1, "Y", (uint32_t)i, 0);
		near(u, colours[i].u, 1, "U", (uint32_t)i, 0);
		near(v, colours[i].v, 1, "V", (uint32_t)i, 0);
	}
}

static int map_size(uint32_t fourcc, uint32_t width, uint32_t height, uint32_t stride, size_t size)
{
	static const uint8_t byte;
	struct v4l2_image image;

	return v4l2_image_map(&image, fourcc, width, height, height, stride, &byte, size);
}

static void short_and_impossible_pictures_are_refused(void **state)
{
	assert_int_equal(map_size(V4L2_PIX_FMT_NV12, 64, 48, 64, 64 * 72), 0);
	assert_int_equal(map_size(V4L2_PIX_FMT_NV12, 64, 48, 64, 64 * 72 - 1), -ENODATA);
	assert_int_equal(map_size(V4L2_PIX_FMT_YUV420, 64, 48, 64, 64 * 72 - 1), -ENODATA);
	assert_int_equal(map_size(V4L2_PIX_FMT_YUYV, 64, 48, 128, 128 * 48), 0);
	assert_int_equal(map_size(V4L2_PIX_FMT_YUYV, 64, 48, 128, 128 * 48 - 1), -ENODATA);
	assert_int_equal(map_size(V4L2_PIX_FMT_YUYV, 64, 48, 127, 1 << 20), -EINVAL);
	assert_int_equal(map_size(V4L2_PIX_FMT_NV12, 0, 48, 0, 1 << 20), -EINVAL);
	assert_int_equal(map_size(V4L2_PIX_FMT_NV12, UINT32_MAX, 48, 0, 1 << 20), -EINVAL);
	assert_int_equal(map_size(V4L2_PIX_FMT_NV12, 64, 48, UINT32_MAX, 1 << 20), -EINVAL);
	assert_int_equal(map_size(V4L2_PIX_FMT_H264, 64, 48, 0, 1 << 20), -EOPNOTSUPP);
	assert_false(v4l2_convert_supported(V4L2_PIX_FMT_MJPEG));
	assert_true(v4l2_convert_supported(V4L2_PIX_FMT_NV16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_agrees_with_the_reference),
		cmocka_unit_test(rgb_has_the_standard_colours),
		cmocka_unit_test(short_and_impossible_pictures_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
