// SPDX-License-Identifier: LGPL-2.1-or-later
/* NAL units of a byte stream, and where its access units begin. */
#include "base/cleanup.h"
#include "wire.h"
#include "wire/h264-au.h"
#include "wire/h264.h"

/* Bytes and the NAL units in them, written as "67 64|68" in hexadecimal. */
static void assert_nals(const char *row, const void *data, size_t len, const char *expected)
{
	struct h264_iter it;
	struct slice nal;
	char text[256] = "";
	size_t n = 0;

	h264_iter_init(&it, slice_of(data, len));
	while (h264_iter_next(&it, &nal)) {
		n += snprintf(text + n, sizeof(text) - n, "%s", n ? "|" : "");
		for (size_t i = 0; i < nal.len; i++)
			n += snprintf(text + n, sizeof(text) - n, "%02x", nal.data[i]);
	}
	if (strcmp(text, expected) != 0)
		fail_msg("%s: %s, not %s", row, text, expected);
	assert_false(h264_iter_next(&it, &nal));
}

#define NALS(row, bytes, expected) assert_nals(row, bytes, sizeof(bytes) - 1, expected)

static void test_iterator(void **state)
{
	NALS("nothing", "", "");
	NALS("only zeros", "\0\0\0\0", "");
	NALS("a start code alone", "\0\0\1", "");
	NALS("cut start code", "\0\0", "");
	NALS("3 bytes", "\0\0\1\x65", "65");
	NALS("4 bytes", "\0\0\0\1\x65", "65");
	NALS("more zeros before", "\0\0\0\0\0\1\x65", "65");
	NALS("two", "\0\0\0\1\x67\x42\0\0\1\x68\xce", "6742|68ce");
	NALS("trailing zeros", "\0\0\1\x67\x42\0\0\0\0\0\1\x68\xce\0\0", "6742|68ce");
	NALS("zeros inside", "\0\0\1\x65\0\0\3\1\0\2", "65000003010002");
	NALS("one inside", "\0\0\1\x65\1\0\1\1",
	     "65010001"
	     "01");
	NALS("empty ones", "\0\0\1\0\0\1\0\0\0\1\x65\0\0\1", "65");
	NALS("only empty ones", "\0\0\1\0\0\1", "");
	NALS("not a byte stream", "\x65\0\0\1\x67", "");
	NALS("one zero too few", "\0\1\x67\0\0\1\x68", "");
	NALS("length prefixes", "\0\0\0\2\x67\x42", "");
}

static void test_null(void **state)
{
	assert_nals("no memory", NULL, 0, "");
}

static void test_header(void **state)
{
	static const uint8_t idr[] = {0x65}, sei[] = {0x06};

	assert_int_equal(h264_nal_type(slice_of(idr, 1)), H264_NAL_IDR);
	assert_int_equal(h264_nal_ref_idc(slice_of(idr, 1)), 3);
	assert_true(h264_is_vcl(slice_of(idr, 1)));
	assert_int_equal(h264_nal_type(slice_of(sei, 1)), H264_NAL_SEI);
	assert_false(h264_is_vcl(slice_of(sei, 1)));
}

static void test_parameter_sets(void **state)
{
	static const char au[] = "\0\0\1\x09\xf0\0\0\1\x67\x01\0\0\1\x67\x02\0\0\1\x68\x03"
				 "\0\0\1\x65\x88\0\0\1\x68\x04";
	static const char p[] = "\0\0\1\x67\x01\0\0\1\x41\x9a\0\0\1\x65\x88";
	struct h264_parameter_sets sets;

	h264_find_parameter_sets(slice_of(au, sizeof(au) - 1), &sets);
	assert_slice(sets.sps, "\x67\x02");
	assert_slice(sets.pps, "\x68\x03");
	assert_true(h264_is_idr(slice_of(au, sizeof(au) - 1)));
	h264_find_parameter_sets(slice_of(p, sizeof(p) - 1), &sets);
	assert_slice(sets.sps, "\x67\x01");
	assert_null(sets.pps.data);
	assert_false(h264_is_idr(slice_of(p, sizeof(p) - 1)));
	assert_false(h264_is_idr(slice_of(au, 9)));
}

/* The sizes of x264's access units (AUD, SEI, three slices) are those that ffprobe 5.1 reports. */
static void test_access_units(void **state)
{
	static const size_t sizes[] = {3007, 878, 865, 803, 904,  2744,
				       805,  761, 739, 808, 2818, 574};
	struct slice clip = wire_load("fuzz/corpus/h264/x264-3-slices"), nal;
	const uint8_t *start = clip.data;
	struct h264_au au = {0};
	struct h264_iter it;
	size_t n = 0;

	h264_iter_init(&it, clip);
	while (h264_iter_next(&it, &nal)) {
		if (!h264_au_starts(&au, nal))
			continue;
		assert_int_equal(h264_nal_type(nal), H264_NAL_AUD);
		assert_int_equal(nal.data - 4 - start, sizes[n]);
		assert_int_equal(h264_is_idr(slice_of(start, sizes[n])), n % 5 == 0);
		start = nal.data - 4;
		n++;
	}
	assert_int_equal(n, ARRAY_SIZE(sizes) - 1);
	assert_int_equal(clip.data + clip.len - start, sizes[n]);
	wire_free(clip);
}

/* Each NAL unit as its two first bytes; '|' before those that start an access unit. */
static void test_boundaries(void **state)
{
	static const struct {
		const char *name;
		const char *nals;
		const char *starts; /* one character a NAL unit */
	} rows[] = {
		{"pictures of one slice", "\x65\x88\x41\x9a\x41\x9a", ".||"},
		{"pictures of two slices", "\x65\x88\x65\x40\x41\x9a\x41\x40", "..|."},
		{"parameter sets", "\x67\x42\x68\xce\x65\x88\x67\x42\x68\xce\x65\x88", "...|.."},
		{"AUD", "\x09\xf0\x65\x88\x09\xf0\x41\x9a", "..|."},
		{"SEI", "\x06\x05\x65\x88\x06\x05\x06\x05\x41\x9a", "..|.."},
		{"two pictures after one SEI", "\x06\x05\x41\x9a\x41\x9a", "..|"},
		{"end of sequence stays", "\x65\x88\x0a\x80\x65\x88", "..|"},
		{"filler stays", "\x65\x88\x0c\xff\x41\x9a", "..|"},
		{"reserved 14", "\x41\x9a\x6e\x01\x41\x9a", ".|."},
		{"reserved 19 stays", "\x41\x9a\x13\x01\x41\x9a", "..|"},
		{"partitions", "\x42\x88\x43\x88\x44\x88\x42\x88", "...|"},
		{"slice that is cut short", "\x41\x9a\x41", ".."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].nals);
		struct h264_au au = {0};

		for (size_t k = 0; k < len; k += 2) {
			struct slice nal = slice_of(rows[i].nals + k, len - k < 2 ? 1 : 2);

			assert_row(rows[i].name,
				   h264_au_starts(&au, nal) == (rows[i].starts[k / 2] == '|'));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iterator),     cmocka_unit_test(test_null),
		cmocka_unit_test(test_header),       cmocka_unit_test(test_parameter_sets),
		cmocka_unit_test(test_access_units), cmocka_unit_test(test_boundaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
