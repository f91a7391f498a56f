// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "camera/access-unit.h"

#define S3        "\0\0\1"
#define S4        "\0\0\0\1"
#define AUD       "\x09\xf0"
#define SPS       "\x67\x42\xc0\x0a\xaa"
#define PPS       "\x68\xce\x3c\x80"
#define OTHER_PPS "\x68\xce\x3c\x88"
#define SEI       "\x06\x05\x02\x33\x44\x80"
#define IDR       "\x65\x88\x84\x21"
#define SLICE     "\x41\x9a\x21\x31"
#define SECOND    "\x41\x4a\x21\x31"
#define SPS2      "\x67\x42\xc0\x0b\xaa"
#define END       "\x0a"
#define FILLER    "\x0c\xff\xff\x80"
#define OLD_SEAL                                                                               \
	"\x06\x05\x12\xf1\xf8\xec\x4a\x3b\x5c\x4b\x0e\x9c\x1d\x63\x61\x6d\x77\x61\x72\x01\x01" \
	"\x80"
#define STREAM(s) slice_of((s), sizeof(s) - 1)
#define TOO_MANY  300
#define ROOM      4096

static struct parameter_sets sets;
static struct access_unit unit;

static int forget(void **state)
{
	sets = (struct parameter_sets){};
	return 0;
}

static void learnt(void)
{
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SPS S4 PPS S4 IDR), &unit), 0);
}

static void check_bytes(const char *expected, size_t size)
{
	uint8_t bytes[ROOM];
	size_t n = 0;

	for (size_t i = 0; i < unit.n_pieces; i++) {
		if (!unit.pieces[i].iov_len)
			continue; /* the seal's place */
		assert_true(n + unit.pieces[i].iov_len <= sizeof(bytes));
		memcpy(bytes + n, unit.pieces[i].iov_base, unit.pieces[i].iov_len);
		n += unit.pieces[i].iov_len;
	}
	assert_int_equal(n, size);
	assert_memory_equal(bytes, expected, size);
}

#define assert_unit(e) check_bytes((e), sizeof(e) - 1)

static void start_codes_become_four_bytes(void **state)
{
	assert_int_equal(access_unit_parse(&sets, STREAM(S3 SPS S3 PPS S3 SEI S3 IDR), &unit), 0);
	assert_true(unit.idr && unit.has_slice);
	assert_unit(S4 SPS S4 PPS S4 SEI S4 IDR);
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SLICE S3 SECOND), &unit), 0);
	assert_false(unit.idr);
	assert_unit(S4 SLICE S4 SECOND);
}

static void every_idr_gets_the_parameter_sets(void **state)
{
	learnt();
	assert_int_equal(access_unit_parse(&sets, STREAM(S3 IDR), &unit), 0);
	assert_unit(S4 SPS S4 PPS S4 IDR);
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 PPS S4 IDR), &unit), 0);
	assert_unit(S4 SPS S4 PPS S4 IDR);
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SPS S4 SPS S4 PPS S4 IDR), &unit), 0);
	assert_unit(S4 SPS S4 PPS S4 IDR);
}

static void what_no_seal_covers_is_left_out(void **state)
{
	learnt();
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 AUD S4 SEI S4 IDR S4 END), &unit), 0);
	assert_unit(S4 SPS S4 PPS S4 SEI S4 IDR);
	assert_int_equal(
		access_unit_parse(&sets, STREAM(S4 AUD S4 OLD_SEAL S4 SLICE S4 FILLER), &unit), 0);
	assert_unit(S4 SLICE);
	/* A buffer of nothing else is no picture, and no damage. */
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 END S4 AUD), &unit), 0);
	assert_false(unit.has_slice);
}

static void the_seal_has_its_place_before_the_first_slice(void **state)
{
	learnt();
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SEI S4 IDR S4 IDR), &unit), 0);
	assert_int_equal(unit.n_hashed, 3);
	unit.pieces[unit.seal_at] = (struct iovec){.iov_base = (char[]){'!'}, .iov_len = 1};
	assert_unit(S4 SPS S4 PPS S4 SEI "!" S4 IDR S4 IDR);
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SLICE), &unit), 0);
	unit.pieces[unit.seal_at] = (struct iovec){.iov_base = (char[]){'!'}, .iov_len = 1};
	assert_unit("!" S4 SLICE);
}

static void sequence_sets_come_before_picture_sets(void **state)
{
	assert_int_equal(
		access_unit_parse(&sets, STREAM(S4 SPS S4 PPS S4 SPS2 S4 OTHER_PPS S4 IDR), &unit),
		0);
	assert_unit(S4 SPS S4 SPS2 S4 PPS S4 OTHER_PPS S4 IDR);
}

static void parameter_sets_alone_are_learnt_and_no_picture(void **state)
{
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SPS S4 PPS), &unit), 0);
	assert_false(unit.has_slice);
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 IDR), &unit), 0);
	assert_unit(S4 SPS S4 PPS S4 IDR);
}

static void nothing_is_of_use_before_them(void **state)
{
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SLICE), &unit), -ENODATA);
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 IDR), &unit), -ENODATA);
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SPS S4 IDR), &unit), -ENODATA);
	assert_int_equal(sets.size, 0);
}

static void changed_ones_end_the_epoch(void **state)
{
	learnt();
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 SPS S4 OTHER_PPS S4 IDR), &unit),
			 -ESTALE);
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 OTHER_PPS S4 SLICE), &unit), -ESTALE);
	/* Repeated as they were they say nothing. */
	assert_int_equal(access_unit_parse(&sets, STREAM(S4 PPS S4 SLICE), &unit), 0);
	assert_unit(S4 SLICE);
}

static void what_is_no_stream_is_refused(void **state)
{
	learnt();
	assert_int_equal(access_unit_parse(&sets, STREAM("no start code"), &unit), -EBADMSG);
	assert_int_equal(access_unit_parse(&sets, STREAM(""), &unit), -EBADMSG);
}

static void bounds_hold(void **state)
{
	uint8_t many[TOO_MANY * (sizeof(S4 SLICE) - 1)];
	uint8_t long_set[ROOM] = S4 SPS S4 "\x68";

	learnt();
	for (size_t i = 0; i < TOO_MANY; i++)
		memcpy(many + i * (sizeof(S4 SLICE) - 1), S4 SLICE, sizeof(S4 SLICE) - 1);
	assert_int_equal(access_unit_parse(&sets, slice_of(many, sizeof(many)), &unit), -EMSGSIZE);
	forget(NULL);
	memset(long_set + sizeof(S4 SPS S4), 0x55, sizeof(long_set) - sizeof(S4 SPS S4));
	assert_int_equal(access_unit_parse(&sets, slice_of(long_set, sizeof(long_set)), &unit),
			 -EMSGSIZE);
	assert_int_equal(sets.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(start_codes_become_four_bytes, forget),
		cmocka_unit_test_setup(every_idr_gets_the_parameter_sets, forget),
		cmocka_unit_test_setup(what_no_seal_covers_is_left_out, forget),
		cmocka_unit_test_setup(the_seal_has_its_place_before_the_first_slice, forget),
		cmocka_unit_test_setup(sequence_sets_come_before_picture_sets, forget),
		cmocka_unit_test_setup(parameter_sets_alone_are_learnt_and_no_picture, forget),
		cmocka_unit_test_setup(nothing_is_of_use_before_them, forget),
		cmocka_unit_test_setup(changed_ones_end_the_epoch, forget),
		cmocka_unit_test_setup(what_is_no_stream_is_refused, forget),
		cmocka_unit_test_setup(bounds_hold, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
