// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"

static void names_are_strict(void **state)
{
	char longest[NAME_MAX_LENGTH + 2];

	assert_true(name_valid("front"));
	assert_true(name_valid("0"));
	assert_true(name_valid("a.b_c-9"));
	assert_false(name_valid(""));
	assert_false(name_valid(NULL));
	assert_false(name_valid("Front"));
	assert_false(name_valid(".front"));
	assert_false(name_valid("-front"));
	assert_false(name_valid("a/b"));
	assert_false(name_valid("a b"));
	assert_false(name_valid("a\xc3\xa4"));
	assert_false(name_valid_n("fro\0t", 5));

	memset(longest, 'a', sizeof(longest));
	longest[NAME_MAX_LENGTH] = 0;
	assert_true(name_valid(longest));
	longest[NAME_MAX_LENGTH] = 'a';
	longest[NAME_MAX_LENGTH + 1] = 0;
	assert_false(name_valid(longest));
}

static void numbers_have_one_spelling(void **state)
{
	uint64_t v = 7;
	uint32_t w;

	assert_int_equal(parse_u64("0", UINT64_MAX, &v), 0);
	assert_true(v == 0);
	assert_int_equal(parse_u64("18446744073709551615", UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u64("18446744073709551616", UINT64_MAX, &v), -ERANGE);
	assert_int_equal(parse_u64("11", 10, &v), -ERANGE);
	assert_int_equal(parse_u64("", 10, &v), -EINVAL);
	assert_int_equal(parse_u64("-1", 10, &v), -EINVAL);
	assert_int_equal(parse_u64("+1", 10, &v), -EINVAL);
	assert_int_equal(parse_u64(" 1", 10, &v), -EINVAL);
	assert_int_equal(parse_u64("1 ", 10, &v), -EINVAL);
	assert_int_equal(parse_u64("0x1", 10, &v), -EINVAL);
	assert_int_equal(parse_u32("4294967296", UINT32_MAX, &w), -ERANGE);
}

static void sizes(void **state)
{
	uint32_t w, h;

	assert_int_equal(parse_size("1280x720", &w, &h), 0);
	assert_int_equal(w, 1280);
	assert_int_equal(h, 720);
	assert_int_equal(parse_size("1280", &w, &h), -EINVAL);
	assert_int_equal(parse_size("x720", &w, &h), -EINVAL);
	assert_int_equal(parse_size("1280x", &w, &h), -EINVAL);
	assert_int_equal(parse_size("0x720", &w, &h), -EINVAL);
	assert_int_equal(parse_size("1280x720x1", &w, &h), -EINVAL);
	assert_int_equal(parse_size("99999x720", &w, &h), -EINVAL);
}

static void uuids_round_trip(void **state)
{
	static const char text[] = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
	uint8_t uuid[UUID_SIZE], zero[UUID_SIZE] = {};
	char back[UUID_STRING_SIZE];

	assert_int_equal(parse_uuid(text, uuid), 0);
	format_uuid(uuid, back);
	assert_string_equal(back, text);
	assert_false(uuid_is_null(uuid));
	assert_true(uuid_is_null(zero));
	assert_int_equal(parse_uuid("0f1e2d3c4b5a69788796a5b4c3d2e1f0", uuid), -EINVAL);
	assert_int_equal(parse_uuid("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fg", uuid), -EINVAL);
	assert_int_equal(parse_uuid("0f1e2d3c-4b5a-6978-87960a5b4c3d2e1f0", uuid), -EINVAL);
	assert_int_equal(parse_uuid("", uuid), -EINVAL);
}

static void hexadecimal(void **state)
{
	uint8_t bytes[2];
	char text[5];

	assert_int_equal(parse_hex("00fF", bytes, 2), 0);
	format_hex(bytes, 2, text);
	assert_string_equal(text, "00ff");
	assert_int_equal(parse_hex("00f", bytes, 2), -EINVAL);
	assert_int_equal(parse_hex("00f ", bytes, 2), -EINVAL);
	assert_int_equal(parse_hex("00ff0", bytes, 2), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_strict),
		cmocka_unit_test(numbers_have_one_spelling),
		cmocka_unit_test(sizes),
		cmocka_unit_test(uuids_round_trip),
		cmocka_unit_test(hexadecimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
