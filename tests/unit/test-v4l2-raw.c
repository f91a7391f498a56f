// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "v4l2/raw.h"

#define WIDTH  6
#define HEIGHT 4
#define STRIDE 8 /* of the source; and of the destination, whose height is HEIGHT + 2 */
#define LINES  (HEIGHT + 2)

/* Every sample of the picture is another. */
static uint8_t luma_at(unsigned int x, unsigned int y)
{
	return (uint8_t)(1 + y * WIDTH + x);
}

static uint8_t chroma_at(unsigned int x, unsigned int y, bool cr)
{
	return (uint8_t)(100 + (cr ? 50 : 0) + y * WIDTH + x);
}

static void draw_chroma(uint8_t *cb, uint8_t *cr, unsigned int step, unsigned int stride)
{
	for (unsigned int y = 0; y < HEIGHT / 2; y++)
		for (unsigned int x = 0; x < WIDTH / 2; x++) {
			cb[y * stride + x * step] = chroma_at(x, y, false);
			cr[y * stride + x * step] = chroma_at(x, y, true);
		}
}

static struct v4l2_image draw(uint32_t fourcc, uint8_t memory[3][STRIDE * HEIGHT])
{
	struct v4l2_image image = {
		.fourcc = fourcc,
		.width = WIDTH,
		.height = HEIGHT,
		.plane = {memory[0], memory[1], memory[2]},
		.stride = {STRIDE, STRIDE, STRIDE},
	};

	for (unsigned int y = 0; y < HEIGHT; y++)
		for (unsigned int x = 0; x < WIDTH; x++)
			memory[0][y * STRIDE + x] = luma_at(x, y);
	switch (fourcc) {
	case V4L2_PIX_FMT_NV12:
		draw_chroma(memory[1], memory[1] + 1, 2, STRIDE);
		break;
	case V4L2_PIX_FMT_NV21:
		draw_chroma(memory[1] + 1, memory[1], 2, STRIDE);
		break;
	case V4L2_PIX_FMT_YUV420:
		draw_chroma(memory[1], memory[2], 1, STRIDE);
		break;
	case V4L2_PIX_FMT_YVU420:
		draw_chroma(memory[2], memory[1], 1, STRIDE);
		break;
	}
	return image;
}

static void init(struct v4l2_raw *raw, uint32_t fourcc)
{
	const uint32_t strides[] = {STRIDE, fourcc == V4L2_PIX_FMT_NV12M ? STRIDE : STRIDE / 2,
				    STRIDE / 2};
	const uint32_t sizes[] = {128, 128, 128};
	unsigned int n = fourcc == V4L2_PIX_FMT_YUV420M ? 3 : fourcc == V4L2_PIX_FMT_NV12M ? 2 : 1;

	assert_int_equal(v4l2_raw_init(raw, fourcc, WIDTH, LINES, n, strides, sizes), 0);
	assert_int_equal(raw->visible_height, LINES);
	raw->visible_height = HEIGHT;
}

static void check_samples(const uint8_t *luma, const uint8_t *cb, const uint8_t *cr,
			  unsigned int step, unsigned int stride)
{
	for (unsigned int y = 0; y < HEIGHT; y++)
		for (unsigned int x = 0; x < WIDTH; x++)
			assert_int_equal(luma[y * STRIDE + x], luma_at(x, y));
	for (unsigned int y = 0; y < HEIGHT / 2; y++)
		for (unsigned int x = 0; x < WIDTH / 2; x++) {
			assert_int_equal(cb[y * stride + x * step], chroma_at(x, y, false));
			assert_int_equal(cr[y * stride + x * step], chroma_at(x, y, true));
		}
}

/* Where the samples must be, by the definition of the formats. */
static void check(uint32_t fourcc, uint8_t memory[3][128])
{
	const uint8_t *behind = memory[0] + STRIDE * LINES;

	switch (fourcc) {
	case V4L2_PIX_FMT_NV12:
		check_samples(memory[0], behind, behind + 1, 2, STRIDE);
		break;
	case V4L2_PIX_FMT_YUV420:
		check_samples(memory[0], behind, behind + STRIDE / 2 * LINES / 2, 1, STRIDE / 2);
		break;
	case V4L2_PIX_FMT_NV12M:
		check_samples(memory[0], memory[1], memory[1] + 1, 2, STRIDE);
		break;
	case V4L2_PIX_FMT_YUV420M:
		check_samples(memory[0], memory[1], memory[2], 1, STRIDE / 2);
		break;
	}
}

static void every_source_goes_into_every_layout(void **state)
{
	const uint32_t from[] = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_NV21, V4L2_PIX_FMT_YUV420,
				 V4L2_PIX_FMT_YVU420};
	const uint32_t to[] = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12M,
			       V4L2_PIX_FMT_YUV420M};

	for (size_t i = 0; i < ARRAY_SIZE(from) * ARRAY_SIZE(to); i++) {
		uint8_t source[3][STRIDE * HEIGHT] = {}, memory[3][128] = {};
		uint8_t *planes[] = {memory[0], memory[1], memory[2]};
		struct v4l2_image image = draw(from[i / ARRAY_SIZE(to)], source);
		struct v4l2_raw raw;

		init(&raw, to[i % ARRAY_SIZE(to)]);
		assert_int_equal(v4l2_raw_copy(&raw, planes, &image), 0);
		check(to[i % ARRAY_SIZE(to)], memory);
	}
}

#define BIG_WIDTH  70
#define BIG_HEIGHT 36
#define BIG_STRIDE 80 /* of the luma; the destination has two lines more */
#define BIG_ROOM   (BIG_STRIDE * (BIG_HEIGHT + 2))

struct big {
	uint8_t from[BIG_ROOM * 4], whole[3][BIG_ROOM], to[3][BIG_ROOM * 2];
	struct v4l2_image image;
	struct v4l2_i420 i420;
};

static void draw_noise(struct big *b, uint32_t fourcc, uint32_t bytes)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < sizeof(b->from); i++) {
		seed = seed * 1664525 + 1013904223;
		b->from[i] = (uint8_t)(seed >> 24);
	}
	b->i420 =
		(struct v4l2_i420){b->whole[0], b->whole[1], b->whole[2], BIG_WIDTH, BIG_WIDTH / 2};
	assert_int_equal(v4l2_image_map(&b->image, fourcc, BIG_WIDTH, BIG_HEIGHT, BIG_HEIGHT,
					BIG_STRIDE * bytes, b->from, sizeof(b->from)),
			 0);
	assert_int_equal(v4l2_convert_to_i420(&b->image, &b->i420), 0);
}

/* A component of the destination against what the same picture is as I420. */
static void check_component(const uint8_t *to, uint32_t stride, unsigned int step,
			    const uint8_t *made, uint32_t width, uint32_t height)
{
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			assert_int_equal(to[(size_t)y * stride + x * step],
					 made[(size_t)y * width + x]);
}

static void check_converted(struct big *b, uint32_t fourcc)
{
	uint8_t *planes[] = {b->to[0], b->to[1], b->to[2]}, *at[3];
	bool apart = fourcc == V4L2_PIX_FMT_NV12M || fourcc == V4L2_PIX_FMT_YUV420M;
	bool planar = fourcc == V4L2_PIX_FMT_YUV420 || fourcc == V4L2_PIX_FMT_YUV420M;
	uint32_t chroma = planar ? BIG_STRIDE / 2 : BIG_STRIDE;
	const uint32_t strides[] = {BIG_STRIDE, chroma, chroma},
		       sizes[] = {BIG_ROOM * 2, BIG_ROOM, BIG_ROOM};
	struct v4l2_raw raw;

	assert_int_equal(v4l2_raw_init(&raw, fourcc, BIG_WIDTH, BIG_HEIGHT + 2,
				       !apart   ? 1
				       : planar ? 3
						: 2,
				       strides, sizes),
			 0);
	raw.visible_height = BIG_HEIGHT;
	memset(b->to, 0, sizeof(b->to));
	assert_int_equal(v4l2_raw_copy(&raw, planes, &b->image), 0);
	for (unsigned int i = 0; i < raw.n_components; i++)
		at[i] = planes[raw.components[i].plane] + raw.components[i].offset;
	check_component(at[0], BIG_STRIDE, 1, b->whole[0], BIG_WIDTH, BIG_HEIGHT);
	check_component(at[1], chroma, planar ? 1 : 2, b->whole[1], BIG_WIDTH / 2, BIG_HEIGHT / 2);
	check_component(planar ? at[2] : at[1] + 1, chroma, planar ? 1 : 2, b->whole[2],
			BIG_WIDTH / 2, BIG_HEIGHT / 2);
	/* What is padding is not written. */
	for (uint32_t x = BIG_WIDTH; x < BIG_STRIDE; x++)
		assert_int_equal(at[0][x], 0);
	assert_int_equal(at[0][BIG_STRIDE * BIG_HEIGHT], 0);
}

/* In one pass the same comes out as in two. */
static void what_is_not_4_2_0_is_converted_on_the_way(void **state)
{
	const uint32_t from[][2] = {{V4L2_PIX_FMT_YUYV, 2},  {V4L2_PIX_FMT_UYVY, 2},
				    {V4L2_PIX_FMT_YVYU, 2},  {V4L2_PIX_FMT_VYUY, 2},
				    {V4L2_PIX_FMT_NV16, 1},  {V4L2_PIX_FMT_NV61, 1},
				    {V4L2_PIX_FMT_RGB24, 3}, {V4L2_PIX_FMT_BGR24, 3}};
	const uint32_t to[] = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12M,
			       V4L2_PIX_FMT_YUV420M};
	static struct big b;

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		draw_noise(&b, from[i][0], from[i][1]);
		for (size_t k = 0; k < ARRAY_SIZE(to); k++)
			check_converted(&b, to[k]);
	}
}

static void other_formats_are_not_copied(void **state)
{
	const uint32_t others[] = {V4L2_PIX_FMT_H264, V4L2_PIX_FMT_MJPEG, 0};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		uint8_t memory[3][128], *planes[] = {memory[0], memory[1], memory[2]};
		struct v4l2_image image = {.fourcc = others[i]};
		struct v4l2_raw raw;

		init(&raw, V4L2_PIX_FMT_NV12);
		assert_int_equal(v4l2_raw_copy(&raw, planes, &image), -EOPNOTSUPP);
	}
}

static int copy_changed(void (*change)(struct v4l2_image *image, struct v4l2_raw *raw))
{
	uint8_t source[3][STRIDE * HEIGHT] = {}, memory[3][128] = {};
	uint8_t *planes[] = {memory[0], memory[1], memory[2]};
	struct v4l2_image image = draw(V4L2_PIX_FMT_YUV420, source);
	struct v4l2_raw raw;

	init(&raw, V4L2_PIX_FMT_YUV420);
	change(&image, &raw);
	return v4l2_raw_copy(&raw, planes, &image);
}

static void other_width(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->width += 2;
}

static void other_height(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->height += 2;
}

static void narrow_luma(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->stride[0] = WIDTH - 1;
}

static void narrow_chroma(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->stride[1] = image->stride[2] = WIDTH / 2 - 1;
}

static void uneven_chroma(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->stride[2]++;
}

static void uneven_reversed(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->fourcc = V4L2_PIX_FMT_YVU420;
	image->stride[2]++;
}

static void uneven_layout(struct v4l2_image *image, struct v4l2_raw *raw)
{
	raw->components[2].stride++;
}

static void other_format(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->fourcc = V4L2_PIX_FMT_H264;
}

/* Packed lines are twice as long. */
static void narrow_packed(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->fourcc = V4L2_PIX_FMT_YUYV;
}

static void lost_chroma(struct v4l2_image *image, struct v4l2_raw *raw)
{
	image->fourcc = V4L2_PIX_FMT_NV16;
	image->plane[1] = NULL;
}

static void pictures_that_do_not_fit_are_refused(void **state)
{
	assert_int_equal(copy_changed(other_width), -EINVAL);
	assert_int_equal(copy_changed(other_height), -EINVAL);
	assert_int_equal(copy_changed(narrow_luma), -EINVAL);
	assert_int_equal(copy_changed(narrow_chroma), -EINVAL);
	assert_int_equal(copy_changed(uneven_chroma), -EINVAL);
	assert_int_equal(copy_changed(uneven_reversed), -EINVAL);
	assert_int_equal(copy_changed(uneven_layout), -EINVAL);
	assert_int_equal(copy_changed(narrow_packed), -EINVAL);
	assert_int_equal(copy_changed(lost_chroma), -EINVAL);
	assert_int_equal(copy_changed(other_format), -EOPNOTSUPP);
}

struct layout {
	uint32_t fourcc, width, height;
	unsigned int planes;
	uint32_t strides[3], sizes[3];
	int r;
};

static void layouts_that_cannot_be_are_refused(void **state)
{
	const struct layout layouts[] = {
		{V4L2_PIX_FMT_NV12, 16, 16, 1, {0}, {384}, 0},
		{V4L2_PIX_FMT_NV12, 16, 16, 1, {0}, {383}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 16, 16, 1, {15}, {999}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 15, 16, 1, {0}, {999}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 16, 15, 1, {0}, {999}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 0, 16, 1, {0}, {999}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 16, 0, 1, {0}, {999}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 16386, 16, 1, {0}, {UINT32_MAX}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 16, 16386, 1, {0}, {UINT32_MAX}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 16, 16, 1, {UINT32_MAX}, {UINT32_MAX}, -EINVAL},
		{V4L2_PIX_FMT_NV12, 16, 16, 2, {16, 16}, {256, 128}, -EINVAL},
		{V4L2_PIX_FMT_NV12M, 16, 16, 2, {16, 16}, {256, 128}, 0},
		{V4L2_PIX_FMT_NV12M, 16, 16, 2, {16, 0}, {256, 128}, 0},
		{V4L2_PIX_FMT_NV12M, 16, 16, 2, {16, 15}, {256, 128}, -EINVAL},
		{V4L2_PIX_FMT_NV12M, 16, 16, 2, {16, UINT32_MAX}, {256, UINT32_MAX}, -EINVAL},
		{V4L2_PIX_FMT_NV12M, 16, 16, 2, {16, 16}, {256, 127}, -EINVAL},
		{V4L2_PIX_FMT_NV12M, 16, 16, 1, {16}, {384}, -EINVAL},
		{V4L2_PIX_FMT_YUV420M, 16, 16, 3, {16, 8, 8}, {256, 64, 64}, 0},
		{V4L2_PIX_FMT_YUV420M, 16, 16, 3, {16, 8, 8}, {256, 64, 63}, -EINVAL},
		{V4L2_PIX_FMT_YUYV, 16, 16, 1, {32}, {512}, -EOPNOTSUPP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *l = &layouts[i];
		struct v4l2_raw raw;
		int r = v4l2_raw_init(&raw, l->fourcc, l->width, l->height, l->planes, l->strides,
				      l->sizes);

		if (r != l->r)
			fail_msg("layout %zu: %d", i, r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_source_goes_into_every_layout),
		cmocka_unit_test(what_is_not_4_2_0_is_converted_on_the_way),
		cmocka_unit_test(other_formats_are_not_copied),
		cmocka_unit_test(pictures_that_do_not_fit_are_refused),
		cmocka_unit_test(layouts_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
