// SPDX-License-Identifier: LGPL-2.1-or-later
/* What comes before a screen: the decoder, and pictures drawn into each kind of framebuffer. */
#include <drm_fourcc.h>

#include "base/cleanup.h"
#include "view/decoder.h"
#include "view/media.h"
#include "view/render.h"
#include "view/sign.h"
#include "wire.h"

#define WIDTH  64
#define HEIGHT 32

DEFINE_CLEANUP(struct decoder *, decoder_free)

static struct picture flat(uint8_t y, uint8_t u, uint8_t v)
{
	static uint8_t planes[3][WIDTH * HEIGHT];

	memset(planes[0], y, sizeof(planes[0]));
	memset(planes[1], u, sizeof(planes[1]));
	memset(planes[2], v, sizeof(planes[2]));
	return (struct picture){.planes = {planes[0], planes[1], planes[2]},
				.strides = {WIDTH, WIDTH / 2, WIDTH / 2},
				.width = WIDTH,
				.height = HEIGHT};
}

/* With a stride that is more than the width, and bytes that nobody may touch. */
static struct framebuffer memory(uint32_t format, uint32_t width, uint32_t height)
{
	static uint8_t bytes[512 * 200];
	uint32_t stride = format == DRM_FORMAT_XRGB8888 ? width * 4 + 16 : width + 16;
	struct framebuffer f = {.format = format,
				.width = width,
				.height = height,
				.bytes = bytes,
				.size = sizeof(bytes),
				.strides = {stride}};

	memset(bytes, 0xee, sizeof(bytes));
	if (format == DRM_FORMAT_NV12)
		f.strides[1] = stride;
	if (format == DRM_FORMAT_YUV420)
		f.strides[1] = f.strides[2] = stride / 2;
	f.offsets[1] = stride * height;
	f.offsets[2] = stride * height * 5 / 4;
	return f;
}

static void assert_block(const uint8_t *bytes, uint32_t stride, uint32_t width, uint32_t height,
			 uint8_t value)
{
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			assert_int_equal(bytes[y * stride + x], value);
}

static void test_yuv_formats_get_the_picture_as_it_is(void **state)
{
	_cleanup_(render_release) struct render r = {};
	struct picture p = flat(100, 50, 200);
	struct plane_area all = {.width = WIDTH, .height = HEIGHT};
	struct framebuffer f = memory(DRM_FORMAT_NV12, WIDTH, HEIGHT);

	assert_int_equal(render_picture(&r, &p, &f, &all), 0);
	assert_block(f.bytes, f.strides[0], WIDTH, HEIGHT, 100);
	for (uint32_t y = 0; y < HEIGHT / 2; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			assert_int_equal(f.bytes[f.offsets[1] + y * f.strides[1] + x],
					 x % 2 ? 200 : 50);
	assert_int_equal(f.bytes[WIDTH], 0xee);
	f = memory(DRM_FORMAT_YUV420, WIDTH, HEIGHT);
	assert_int_equal(render_picture(&r, &p, &f, &all), 0);
	assert_block(f.bytes, f.strides[0], WIDTH, HEIGHT, 100);
	assert_block(f.bytes + f.offsets[1], f.strides[1], WIDTH / 2, HEIGHT / 2, 50);
	assert_block(f.bytes + f.offsets[2], f.strides[2], WIDTH / 2, HEIGHT / 2, 200);
	all.width -= 2;
	assert_int_equal(render_picture(&r, &p, &f, &all), -EINVAL);
}

/* Red as BT.601 has it, in the middle of what stays untouched. */
static void test_rgb_is_scaled_into_its_area(void **state)
{
	_cleanup_(render_release) struct render r = {};
	struct picture p = flat(81, 90, 240);
	struct plane_area to = {.x = 4, .y = 10, .width = 96, .height = 48};
	struct framebuffer f = memory(DRM_FORMAT_XRGB8888, 110, 70);

	assert_int_equal(render_picture(&r, &p, &f, &to), 0);
	for (uint32_t y = 0; y < f.height; y++)
		for (uint32_t x = 0; x < f.width; x++) {
			const uint8_t *pixel = f.bytes + y * f.strides[0] + x * 4;
			bool inside = x >= 4 && x < 100 && y >= 10 && y < 58;

			if (!inside) {
				assert_int_equal(pixel[0], 0xee);
				continue;
			}
			assert_in_range(pixel[0], 0, 2); /* blue */
			assert_in_range(pixel[1], 0, 2);
			assert_in_range(pixel[2], 252, 255);
		}
	to.x = 20;
	assert_int_equal(render_picture(&r, &p, &f, &to), -EINVAL);
}

static void test_sign_fits_any_screen(void **state)
{
	static const uint32_t sizes[][2] = {{110, 70}, {40, 20}, {8, 4}};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct framebuffer f = memory(DRM_FORMAT_XRGB8888, sizes[i][0], sizes[i][1]);

		assert_int_equal(sign_draw(&f, "a-camera-with-quite-a-long-name"), 0);
		assert_int_equal(f.bytes[f.width * 4], 0xee);
		assert_int_equal(f.bytes[f.height * f.strides[0]], 0xee);
	}
}

/* --- the decoder --- */

#define UNITS_MAX 64

/* The access units of a clip that x264 made. */
static size_t read_clip(struct media *m, struct slice file, struct slice units[UNITS_MAX])
{
	struct media_unit unit;
	size_t n = 0;

	assert_int_equal(media_init(m, file), 0);
	while (n < UNITS_MAX && media_next(m, &unit) == 1)
		units[n++] = unit.bytes;
	return n;
}

static void test_each_unit_gives_its_picture(void **state)
{
	_cleanup_(decoder_freep) struct decoder *d = NULL;
	struct slice units[UNITS_MAX], file = wire_load("unit/data/clip-x264.h264");
	struct picture picture;
	struct media media;
	size_t n = read_clip(&media, file, units);

	assert_true(n > 2);
	assert_int_equal(decoder_new(&d), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(decoder_take(d, units[i], &picture), 1);
		assert_int_equal(picture.width % 2, 0);
		assert_true(picture.strides[0] >= picture.width);
	}
	media_release(&media);
	wire_free(file);
}

/* What is missing is not made up, and what is rubbish is told; a keyframe mends both. */
static void test_nothing_comes_of_what_is_not_whole(void **state)
{
	static const uint8_t rubbish[] = {0, 0, 0, 1, 0x65, 0xff, 0xff, 0xff, 0xff, 0xff};
	_cleanup_(decoder_freep) struct decoder *d = NULL;
	struct slice units[UNITS_MAX], file = wire_load("unit/data/clip-x264.h264");
	struct picture picture;
	struct media media;
	size_t n = read_clip(&media, file, units);

	assert_true(n > 2);
	assert_int_equal(decoder_new(&d), 0);
	assert_int_not_equal(decoder_take(d, units[1], &picture), 1);
	assert_int_equal(decoder_take(d, units[0], &picture), 1);
	assert_int_equal(decoder_take(d, slice_of(rubbish, sizeof(rubbish)), &picture), -EBADMSG);
	assert_int_equal(decoder_take(d, units[0], &picture), 1);
	assert_int_equal(decoder_take(d, units[1], &picture), 1);
	media_release(&media);
	wire_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yuv_formats_get_the_picture_as_it_is),
		cmocka_unit_test(test_rgb_is_scaled_into_its_area),
		cmocka_unit_test(test_sign_fits_any_screen),
		cmocka_unit_test(test_each_unit_gives_its_picture),
		cmocka_unit_test(test_nothing_comes_of_what_is_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
