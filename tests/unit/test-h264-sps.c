// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sequence parameter sets: those of real encoders, and made ones for what these do not use. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "wire.h"
#include "wire/h264-sps.h"

/* What ffprobe 5.1 says of the same streams. */
static const struct real {
	const char *name;
	const char *hex;
	struct h264_sps sps;
} reals[] = {
	{"x264 baseline 320x240 at 15",
	 "6742c00cd90141fb0110000003001000000301e0f142a480",
	 {66, 0xc0, 12, 0, 320, 240, 15, 1}},
	{"x264 high 1920x1080 at 29.97, cropped",
	 "67640028acd940780227e5c04400000fa40003a9803c60c658",
	 {100, 0, 40, 0, 1920, 1080, 30000, 1001}},
	{"x264 high 4:2:2 10 bit 1280x720 at 25",
	 "677a001fb6cd9405005bb011000003000100000300320f183196",
	 {122, 0, 31, 0, 1280, 720, 25, 1}},
	{"x264 high 4:4:4 642x482 at 50, cropped",
	 "67f4001f919b281487fc7c7e0220000003002000000c81e30632c0",
	 {244, 0, 31, 0, 642, 482, 50, 1}},
	{"x264 interlaced 1920x1080 at 25, cropped",
	 "67640028acd94078044fde0220000003002000000643e2c5b2c0",
	 {100, 0, 40, 0, 1920, 1080, 25, 1}},
	{"x264 with HRD 640x480 at 30",
	 "6764001eacd940a03db0110000030001000003003c604000f424001e84e4c30078b16cb0",
	 {100, 0, 30, 0, 640, 480, 30, 1}},
	{"OpenH264 640x360 without timing",
	 "6742c01e8c8d405217f132c03c2211a8",
	 {66, 0xc0, 30, 0, 640, 360, 0, 0}},
};

static struct slice from_hex(const char *hex, uint8_t *bytes)
{
	size_t n = strlen(hex) / 2;

	assert_int_equal(parse_hex(hex, bytes, n), 0);
	return slice_of(bytes, n);
}

static void assert_same(const char *row, const struct h264_sps *a, const struct h264_sps *b)
{
	assert_row(row, a->profile_idc == b->profile_idc && a->constraints == b->constraints &&
				a->level_idc == b->level_idc && a->id == b->id);
	assert_row(row, a->width == b->width && a->height == b->height);
	if (a->fps_num == 0 || b->fps_num == 0)
		assert_row(row, a->fps_num == b->fps_num && a->fps_den == b->fps_den);
	assert_row(row, (uint64_t)a->fps_num * b->fps_den == (uint64_t)b->fps_num * a->fps_den);
}

static void test_real(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(reals); i++) {
		uint8_t bytes[64];
		struct h264_sps sps;

		assert_row(reals[i].name, h264_sps_parse(&sps, from_hex(reals[i].hex, bytes)) == 0);
		assert_same(reals[i].name, &sps, &reals[i].sps);
	}
}

/* Cut anywhere before the fields that are read, it is refused and nothing beyond is read (the
 * sanitizers would tell). */
static void test_cut_short(void **state)
{
	uint8_t bytes[64];
	struct slice nal = from_hex(reals[1].hex, bytes);
	struct h264_sps sps;

	for (size_t n = 0; n < nal.len - 5; n++) {
		uint8_t *copy = malloc(n + !n);

		memcpy(copy, nal.data, n);
		assert_int_equal(h264_sps_parse(&sps, slice_of(copy, n)), -EBADMSG);
		free(copy);
	}
}

/* Writes an SPS bit by bit. */
struct maker {
	uint8_t bits[4096]; /* one a byte */
	size_t n;
};

static void u(struct maker *m, unsigned n, uint32_t v)
{
	while (n-- > 0)
		m->bits[m->n++] = v >> n & 1;
}

static void ue(struct maker *m, uint32_t v)
{
	unsigned len = 0;

	while (((uint64_t)v + 1) >> (len + 1))
		len++;
	u(m, len, 0);
	u(m, len + 1, v + 1);
}

static void se(struct maker *m, int32_t v)
{
	ue(m, v > 0 ? 2 * (uint32_t)v - 1 : 2 * (uint32_t)-v);
}

static void make_start(struct maker *m, unsigned profile)
{
	m->n = 0;
	u(m, 8, 0x67);
	u(m, 8, profile);
	u(m, 8, 0);
	u(m, 8, 31);
	ue(m, 0); /* id */
}

/* From log2_max_frame_num on, with the simplest picture order. */
static void make_rest(struct maker *m, uint32_t width_mbs, uint32_t height_mbs)
{
	ue(m, 0);
	ue(m, 2);
	ue(m, 1);
	u(m, 1, 0);
	ue(m, width_mbs - 1);
	ue(m, height_mbs - 1);
	u(m, 1, 1); /* frame_mbs_only_flag */
	u(m, 1, 1);
	u(m, 1, 0); /* no cropping */
	u(m, 1, 0); /* no VUI */
}

static int parse_made(struct maker *m, struct h264_sps *sps)
{
	uint8_t bytes[1024];
	size_t n = 0, zeros = 0;

	u(m, 1, 1);
	while (m->n % 8)
		u(m, 1, 0);
	for (size_t i = 0; i < m->n; i += 8) {
		uint8_t byte = 0;

		for (size_t k = 0; k < 8; k++)
			byte = byte << 1 | m->bits[i + k];
		if (zeros >= 2 && byte <= 3) {
			bytes[n++] = 3;
			zeros = 0;
		}
		bytes[n++] = byte;
		zeros = byte == 0 ? zeros + 1 : 0;
	}
	return h264_sps_parse(sps, slice_of(bytes, n));
}

static void test_scaling_lists(void **state)
{
	struct h264_sps sps;
	struct maker m;

	make_start(&m, 100);
	ue(&m, 1); /* 4:2:0 */
	ue(&m, 0);
	ue(&m, 0);
	u(&m, 1, 0);
	u(&m, 1, 1); /* seq_scaling_matrix_present_flag */
	for (unsigned i = 0; i < 8; i++) {
		u(&m, 1, i != 3);
		if (i == 0) {
			se(&m, -8); /* the default list */
		} else if (i == 1) {
			for (unsigned k = 0; k < 4; k++)
				se(&m, 5);
			se(&m, -28); /* from there on as before */
		} else if (i != 3) {
			for (unsigned k = 0; k < (i < 6 ? 16 : 64); k++)
				se(&m, k % 2 ? 1 : -1);
		}
	}
	make_rest(&m, 40, 30);
	assert_int_equal(parse_made(&m, &sps), 0);
	assert_int_equal(sps.width, 640);
	assert_int_equal(sps.height, 480);
}

static void test_bad_scaling_list(void **state)
{
	struct h264_sps sps;
	struct maker m;

	for (int32_t delta = 127; delta <= 128; delta++) {
		make_start(&m, 100);
		ue(&m, 1);
		ue(&m, 0);
		ue(&m, 0);
		u(&m, 3, 3); /* one list, the first */
		se(&m, delta);
		for (unsigned k = 1; k < 16; k++)
			se(&m, 0);
		u(&m, 7, 0);
		make_rest(&m, 40, 30);
		assert_int_equal(parse_made(&m, &sps), delta == 127 ? 0 : -EBADMSG);
	}
}

static void test_picture_order_cycle(void **state)
{
	struct h264_sps sps;
	struct maker m;

	for (unsigned n = 255; n <= 256; n++) {
		make_start(&m, 66);
		ue(&m, 0);
		ue(&m, 1);
		u(&m, 1, 0);
		se(&m, -70000);
		se(&m, 3);
		ue(&m, n);
		for (unsigned i = 0; i < n; i++)
			se(&m, (int32_t)i - 128);
		ue(&m, 1);
		u(&m, 1, 0);
		ue(&m, 10);
		ue(&m, 8);
		u(&m, 4, 0xc); /* frames only, direct 8x8, no cropping, no VUI */
		assert_int_equal(parse_made(&m, &sps), n == 255 ? 0 : -EBADMSG);
	}
}

static void test_dimension_bounds(void **state)
{
	struct h264_sps sps;
	struct maker m;

	make_start(&m, 66);
	make_rest(&m, H264_DIMENSION_MAX / 16, H264_DIMENSION_MAX / 16);
	assert_int_equal(parse_made(&m, &sps), 0);
	assert_int_equal(sps.width, H264_DIMENSION_MAX);
	make_start(&m, 66);
	make_rest(&m, H264_DIMENSION_MAX / 16 + 1, 1);
	assert_int_equal(parse_made(&m, &sps), -EMSGSIZE);
	make_start(&m, 66);
	make_rest(&m, 1, H264_DIMENSION_MAX / 16 + 1);
	assert_int_equal(parse_made(&m, &sps), -EMSGSIZE);
	make_start(&m, 66);
	make_rest(&m, UINT32_MAX - 1, 1);
	assert_int_equal(parse_made(&m, &sps), -EMSGSIZE);
}

/* All of the VUI before the timing, with the odd tick rates that other encoders write. */
static void test_vui(void **state)
{
	static const struct {
		uint32_t units, scale, num, den;
	} rows[] = {
		{1, 50, 25, 1},
		{1001, 60000, 30000, 1001},
		{2, 25, 25, 4},
		{0, 50, 0, 0},
		{1, 0, 0, 0},
		{0x80000000, 3, 0, 0},
		{0x80000000, 2, 1, 0x80000000},
	};
	struct h264_sps sps;
	struct maker m;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make_start(&m, 66);
		make_rest(&m, 2, 2);
		m.n -= 1;
		u(&m, 1, 1); /* vui_parameters_present_flag */
		u(&m, 1, 1);
		u(&m, 8, 255); /* Extended_SAR */
		u(&m, 32, 0x12345678);
		u(&m, 2, 3); /* overscan */
		u(&m, 1, 1); /* video_signal_type_present_flag */
		u(&m, 4, 0xb);
		u(&m, 1, 1); /* colour_description_present_flag */
		u(&m, 24, 0x010101);
		u(&m, 1, 1); /* chroma_loc_info_present_flag */
		ue(&m, 5);
		ue(&m, 5);
		u(&m, 1, 1); /* timing_info_present_flag */
		u(&m, 32, rows[i].units);
		u(&m, 32, rows[i].scale);
		u(&m, 1, 1);
		assert_int_equal(parse_made(&m, &sps), 0);
		assert_int_equal(sps.fps_num, rows[i].num);
		assert_int_equal(sps.fps_den, rows[i].den);
	}
}

/* 4:2:2 and separate planes crop in other units; fields are two to a frame. */
static void test_crop_units(void **state)
{
	static const struct {
		unsigned chroma, separate, frames_only, width, height;
	} rows[] = {
		{0, 0, 1, 63, 31}, {1, 0, 1, 62, 30}, {2, 0, 1, 62, 31}, {3, 0, 1, 63, 31},
		{3, 1, 1, 63, 31}, {1, 0, 0, 62, 60}, {2, 0, 0, 62, 62},
	};
	struct h264_sps sps;
	struct maker m;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make_start(&m, 244);
		ue(&m, rows[i].chroma);
		if (rows[i].chroma == 3)
			u(&m, 1, rows[i].separate);
		ue(&m, 0);
		ue(&m, 0);
		u(&m, 2, 0);
		ue(&m, 0);
		ue(&m, 2);
		ue(&m, 1);
		u(&m, 1, 0);
		ue(&m, 3); /* 64 wide */
		ue(&m, 1); /* 32 high, or 64 */
		u(&m, 1, rows[i].frames_only);
		if (!rows[i].frames_only)
			u(&m, 1, 0);
		u(&m, 2, 3); /* direct 8x8, cropping */
		ue(&m, 1);   /* one unit on the left */
		ue(&m, 0);
		ue(&m, 0);
		ue(&m, 1); /* one at the bottom */
		u(&m, 1, 0);
		assert_int_equal(parse_made(&m, &sps), 0);
		assert_int_equal(sps.width, rows[i].width);
		assert_int_equal(sps.height, rows[i].height);
	}
}

static void test_cropped_to_nothing(void **state)
{
	struct h264_sps sps;
	struct maker m;

	for (uint32_t right = 7; right <= 8; right++) {
		make_start(&m, 66);
		make_rest(&m, 1, 1);
		m.n -= 2; /* cropping after all */
		u(&m, 1, 1);
		ue(&m, 0);
		ue(&m, right);
		ue(&m, 0);
		ue(&m, 0);
		u(&m, 1, 0);
		assert_int_equal(parse_made(&m, &sps), right == 7 ? 0 : -EBADMSG);
		if (right == 7)
			assert_int_equal(sps.width, 2);
	}
}

static void test_bad_codes(void **state)
{
	struct h264_sps sps;
	struct maker m;

	make_start(&m, 66);
	ue(&m, 13); /* log2_max_frame_num_minus4 */
	make_rest(&m, 1, 1);
	assert_int_equal(parse_made(&m, &sps), -EBADMSG);
	make_start(&m, 66);
	u(&m, 32, 0); /* a code of 33 bits and more */
	u(&m, 32, 0xffffffff);
	make_rest(&m, 1, 1);
	assert_int_equal(parse_made(&m, &sps), -EBADMSG);
	make_start(&m, 66);
	m.n -= 1;
	ue(&m, 32); /* id */
	make_rest(&m, 1, 1);
	assert_int_equal(parse_made(&m, &sps), -EBADMSG);
}

static void test_no_sps(void **state)
{
	uint8_t bytes[H264_SPS_MAX + 1] = {0x68};
	struct h264_sps sps;

	assert_int_equal(h264_sps_parse(&sps, slice_of(NULL, 0)), -EBADMSG);
	assert_int_equal(h264_sps_parse(&sps, slice_of(bytes, 16)), -EBADMSG);
	bytes[0] = 0x67;
	assert_int_equal(h264_sps_parse(&sps, slice_of(bytes, sizeof(bytes))), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_scaling_lists),
		cmocka_unit_test(test_bad_scaling_list),
		cmocka_unit_test(test_picture_order_cycle),
		cmocka_unit_test(test_dimension_bounds),
		cmocka_unit_test(test_vui),
		cmocka_unit_test(test_crop_units),
		cmocka_unit_test(test_cropped_to_nothing),
		cmocka_unit_test(test_bad_codes),
		cmocka_unit_test(test_no_sps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
