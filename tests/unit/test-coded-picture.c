// SPDX-License-Identifier: LGPL-2.1-or-later
/* The coded picture, read back by a decoder that shares only the constants with what draws it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "camera/coded-picture.h"
#include "camera/pattern.h"
#include "coded-picture-reader.h"

static const uint8_t uuid[UUID_SIZE] = {0xca, 0xfe, 0x12, 0x34, 5,  6,  7,  8,
					9,    10,   11,   12,   13, 14, 15, 16};

/* The check value that catalogues give for CRC-16/CCITT-FALSE: "123456789" is 0x29B1. Ours takes
 * two words, so by its own reader; then one known pair. */
static void crc_is_ccitt_false(void **state)
{
	const struct coded_picture zero = {}, known = {.tag = 0x31323334, .counter = 0x35363738};

	assert_int_equal(code_crc((const uint8_t *)"123456789", 9), 0x29B1);
	assert_int_equal(coded_picture_crc(&known), code_crc((const uint8_t *)"12345678", 8));
	assert_int_equal(coded_picture_crc(&zero),
			 code_crc((const uint8_t *)"\0\0\0\0\0\0\0\0", 8));
}

static void tag_is_the_front_of_the_uuid(void **state)
{
	assert_int_equal(coded_picture_tag(uuid), 0xcafe1234);
}

static void draws_what_is_read_back(void **state)
{
	const uint32_t sizes[][2] = {{1280, 720}, {1408, 16}, {192, 128}, {16, 1408}, {1000, 333}};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t width = sizes[i][0], height = sizes[i][1], stride = width + 24;
		_cleanup_free_ uint8_t *luma = malloc((size_t)stride * height);
		const struct coded_picture p = {.tag = 0x80000001, .counter = 0xfffffffe};
		struct code_found found;

		assert_true(coded_picture_fits(width, height));
		memset(luma, 77, (size_t)stride * height);
		coded_picture_draw(&p, luma, stride, width);
		assert_true(code_read(luma, stride, width, &found));
		assert_int_equal(found.tag, p.tag);
		assert_int_equal(found.counter, p.counter);
		/* 0xAC: 1, 0, ... */
		assert_int_equal(luma[0], 235);
		if (width >= 32)
			assert_int_equal(luma[16], 16);
		/* Nothing beside the blocks is touched. */
		for (uint32_t line = 0; line < height; line++)
			for (uint32_t x = width / 16 * 16; x < stride; x++)
				assert_int_equal(luma[line * stride + x], 77);
	}
}

static void too_small_does_not_fit(void **state)
{
	assert_false(coded_picture_fits(15, 4000));
	assert_false(coded_picture_fits(1407, 16));
	assert_false(coded_picture_fits(160, 128));
	assert_true(coded_picture_fits(160, 144));
}

static void pattern_carries_code_and_moves(void **state)
{
	const uint32_t width = 640, height = 360;
	_cleanup_(pattern_freep) struct pattern *p = NULL;
	_cleanup_free_ uint8_t *before = malloc((size_t)width * height);
	struct pattern_planes planes;
	struct code_found found;
	size_t changed = 0;

	assert_int_equal(pattern_new("front-door", uuid, width, height, &p), 0);
	pattern_draw(p, 41, 1700000000000000);
	planes = pattern_planes(p);
	memcpy(before, planes.y, (size_t)width * height);
	pattern_draw(p, 49, 1700000000266666);
	planes = pattern_planes(p);
	assert_true(code_read(planes.y, planes.y_stride, width, &found));
	assert_int_equal(found.tag, 0xcafe1234);
	assert_int_equal(found.counter, 49);
	for (size_t i = (size_t)width * height / 2; i < (size_t)width * height; i++)
		changed += before[i] != planes.y[i];
	assert_true(changed > (size_t)width * height / 8);
}

/* No size, name or counter draws outside the planes (the sanitizer's run sees it). */
static void pattern_takes_every_size(void **state)
{
	char longest[NAME_SIZE];

	memset(longest, 'w', NAME_MAX_LENGTH);
	longest[NAME_MAX_LENGTH] = '\0';
	for (uint32_t width = 16; width <= 400; width += 6) {
		for (uint32_t height = 2; height <= 400; height += 14) {
			_cleanup_(pattern_freep) struct pattern *p = NULL;
			int r = pattern_new(width % 4 ? longest : "x", uuid, width, height, &p);

			if (!coded_picture_fits(width, height)) {
				assert_int_equal(r, -EINVAL);
				continue;
			}
			assert_int_equal(r, 0);
			for (uint32_t n = 0; n < 400; n += 7)
				pattern_draw(p, n, UINT64_C(1700000000000000) + n);
			pattern_draw(p, UINT32_MAX, 0);
		}
	}
}

static void pattern_refuses_odd_and_huge(void **state)
{
	struct pattern *p = NULL;

	assert_int_equal(pattern_new("x", uuid, 641, 360, &p), -EINVAL);
	assert_int_equal(pattern_new("x", uuid, 640, 361, &p), -EINVAL);
	assert_int_equal(pattern_new("x", uuid, PATTERN_WIDTH_MAX + 2, 720, &p), -EINVAL);
	assert_int_equal(pattern_new("x", uuid, 0, 0, &p), -EINVAL);
}

static void cameras_differ_in_hue(void **state)
{
	const uint32_t width = 320, height = 240;
	const size_t last = (size_t)(width / 2) * (height / 2) - 1;
	_cleanup_(pattern_freep) struct pattern *a = NULL, *b = NULL;
	uint8_t other[UUID_SIZE] = {0x11, 0x22, 0x33};

	assert_int_equal(pattern_new("a", uuid, width, height, &a), 0);
	assert_int_equal(pattern_new("b", other, width, height, &b), 0);
	assert_true(abs(pattern_planes(a).u[last] - pattern_planes(b).u[last]) > 8 ||
		    abs(pattern_planes(a).v[last] - pattern_planes(b).v[last]) > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_is_ccitt_false),
		cmocka_unit_test(tag_is_the_front_of_the_uuid),
		cmocka_unit_test(draws_what_is_read_back),
		cmocka_unit_test(too_small_does_not_fit),
		cmocka_unit_test(pattern_carries_code_and_moves),
		cmocka_unit_test(pattern_takes_every_size),
		cmocka_unit_test(pattern_refuses_odd_and_huge),
		cmocka_unit_test(cameras_differ_in_hue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
