// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where HEVC access units begin. */
#include "wire.h"
#include "wire/hevc-au.h"

/* A NAL unit of this type; first: first_slice_segment_in_pic_flag. */
static bool starts(struct hevc_au *au, unsigned type, bool first)
{
	const uint8_t nal[] = {(uint8_t)(type << 1), 1, first ? 0x80 : 0x00};

	return hevc_au_starts(au, slice_of(nal, sizeof(nal)));
}

static void test_sequence(void **state)
{
	struct hevc_au au = {0};

	assert_false(starts(&au, 32, false)); /* VPS, SPS, PPS, SEI, IDR in two segments */
	assert_false(starts(&au, 33, false));
	assert_false(starts(&au, 34, false));
	assert_false(starts(&au, 39, false));
	assert_false(starts(&au, 19, true));
	assert_false(starts(&au, 19, false));
	assert_false(starts(&au, 40, false)); /* suffix SEI */
	assert_true(starts(&au, 39, false));  /* the next one's seal */
	assert_false(starts(&au, 1, true));
	assert_true(starts(&au, 1, true)); /* nothing but a slice */
	assert_false(starts(&au, 1, false));
	assert_true(starts(&au, 35, false)); /* delimiter */
}

static void test_types(void **state)
{
	for (unsigned type = 32; type < 64; type++) {
		struct hevc_au au = {.has_slice = true};
		bool expected = (type >= 32 && type <= 35) || type == 39 ||
				(type >= 41 && type <= 44) || (type >= 48 && type <= 55);

		assert_int_equal(starts(&au, type, true), expected);
		assert_int_equal(au.has_slice, !expected);
	}
}

static void test_short(void **state)
{
	struct hevc_au au = {.has_slice = true};
	const uint8_t nal[] = {1 << 1, 1};

	assert_false(hevc_au_starts(&au, slice_of(nal, 1)));
	assert_false(hevc_au_starts(&au, slice_of(nal, 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
