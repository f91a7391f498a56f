// SPDX-License-Identifier: LGPL-2.1-or-later
/* MP4 files as ffmpeg writes them (the fuzzer's seeds), and what is done to them. */
#include <errno.h>

#include "view/media.h"
#include "wire.h"

#define FRAMES 5 /* of each seed */

/* Counts the access units that are whole; negative: how it ended. */
static int count(struct slice file)
{
	struct media_unit unit;
	struct media m;
	int r = media_init(&m, file), n = 0;

	while (r == 0 && (r = media_next(&m, &unit)) == 1) {
		n += unit.bytes.len > 0;
		r = 0;
	}
	media_release(&m);
	return r < 0 ? r : n;
}

static void test_seeds(void **state)
{
	static const struct {
		const char *name;
		enum seal_codec codec;
		size_t sets;
	} rows[] = {
		{"fuzz/corpus/media/h264.mp4", SEAL_CODEC_H264, 2},
		{"fuzz/corpus/media/h264-fragments.mp4", SEAL_CODEC_H264, 2},
		{"fuzz/corpus/media/with-sound.mp4", SEAL_CODEC_H264, 2},
		{"fuzz/corpus/media/hevc.mp4", SEAL_CODEC_HEVC, 3},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice file = wire_load(rows[i].name), set;
		uint64_t last = 0;
		struct media_unit unit;
		struct media m;

		assert_int_equal(media_init(&m, file), 0);
		assert_int_equal(m.codec, rows[i].codec);
		assert_int_equal(m.mp4.track.n_sets, rows[i].sets);
		assert_true(media_parameter_set(&m, rows[i].sets - 1, &set));
		assert_false(media_parameter_set(&m, rows[i].sets, &set));
		for (int k = 0; k < FRAMES; k++) {
			assert_int_equal(media_next(&m, &unit), 1);
			assert_true(unit.bytes.len > 4 && unit.bytes.data[3] == 1);
			assert_true(unit.has_time && (k == 0 || unit.time > last));
			last = unit.time;
		}
		assert_in_range(last, 800000, 830000); /* 5 a second */
		assert_int_equal(media_next(&m, &unit), 0);
		media_release(&m);
		wire_free(file);
	}
}

/* The progressive one has its tables at the end: nothing without them. */
static void test_cut(void **state)
{
	struct slice file = wire_load("fuzz/corpus/media/h264.mp4");
	struct slice fragments = wire_load("fuzz/corpus/media/h264-fragments.mp4");

	for (size_t n = 8; n < file.len; n++)
		assert_int_equal(count(slice_of(file.data, n)), -EBADMSG);
	for (size_t n = 8; n < fragments.len; n++)
		assert_true(count(slice_of(fragments.data, n)) <= FRAMES);
	wire_free(file);
	wire_free(fragments);
}

static uint8_t *find(struct slice file, const char *type)
{
	return memmem(file.data, file.len, type, 4);
}

/* Fields that contradict each other or the file. */
static void test_damaged(void **state)
{
	static const struct {
		const char *box;
		size_t at; /* after the type */
		uint32_t value;
		int result;
	} rows[] = {
		{"stsz", 8, 4, FRAMES - 1},         /* a frame less */
		{"stsz", 8, 6, -EBADMSG},           /* one more than sizes */
		{"stsz", 12, 0, -EBADMSG},          /* an empty one */
		{"stsz", 12, 0x7fffffff, -EBADMSG}, /* larger than the file */
		{"stsz", 4, 1, 0},                  /* of one byte each: no NAL unit */
		{"stco", 4, 0, -EBADMSG},           /* no chunk */
		{"stco", 4, 2, -EBADMSG},           /* more than there are */
		{"stco", 8, 0xffffffff, -EBADMSG},  /* behind the file */
		{"stsc", 8, 2, -EBADMSG},           /* nothing for the first chunk */
		{"stsc", 12, 0, -EBADMSG},          /* no samples in it */
		{"stsc", 16, 2, -EBADMSG},          /* another description */
		{"stsd", 4, 2, -ENOTSUP},           /* two descriptions */
		{"stsd", 12, 0x6d703476, -ENOTSUP}, /* mp4v */
		{"hdlr", 8, 0x736f756e, -ENOENT},   /* sound */
		{"mdhd", 12, 0, -EBADMSG},          /* no time scale */
		{"avcC", 0, 0x02420016, -EBADMSG},  /* another version */
		{"trak", 0, 0xffffffff, -EBADMSG},  /* a box that does not fit */
	};
	struct slice file = wire_load("fuzz/corpus/media/h264.mp4");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *p = find(file, rows[i].box), before[4];

		assert_non_null(p);
		p += 4 + rows[i].at;
		memcpy(before, p, 4);
		for (int k = 0; k < 4; k++)
			p[k] = (uint8_t)(rows[i].value >> (24 - 8 * k));
		if (count(file) != rows[i].result)
			fail_msg("%s+%zu: %d", rows[i].box, rows[i].at, count(file));
		memcpy(p, before, 4);
	}
	assert_int_equal(count(file), FRAMES);
	wire_free(file);
}

/* A length that spans a start code, and one that leaves a byte over. */
static void test_hidden_start_codes(void **state)
{
	struct slice file = wire_load("fuzz/corpus/media/h264.mp4");
	uint8_t *sample = find(file, "mdat") + 4;

	assert_int_equal(count(file), FRAMES);
	memcpy(sample + 20, "\0\0\1", 3);
	assert_int_equal(count(file), FRAMES - 1);
	memcpy(sample + 20, "\0\0\3", 3);
	assert_int_equal(count(file), FRAMES);
	sample[3]++;
	assert_int_equal(count(file), FRAMES - 1);
	wire_free(file);
}

static void test_byte_streams(void **state)
{
	static const uint8_t h264[] = {0,    0, 0,    1,    0x67, 1,    0,    0,    1,
				       0x68, 1, 0,    0,    1,    0x65, 0x88, 0,    0,
				       0,    1, 0x41, 0x9a, 0,    0,    1,    0x41, 0x9a};
	static const uint8_t hevc[] = {0, 0, 1, 0x40, 1, 9,    0, 0, 1, 0x26, 1, 0x80,
				       0, 0, 1, 0x02, 1, 0x80, 0, 0, 1, 0x02, 1, 0x40};
	struct media m;

	assert_int_equal(count(slice_of(h264, sizeof(h264))), 3);
	assert_int_equal(count(slice_of(hevc, sizeof(hevc))), 2);
	assert_int_equal(media_init(&m, slice_of(hevc, sizeof(hevc))), 0);
	assert_int_equal(m.codec, SEAL_CODEC_HEVC);
	media_release(&m);
	assert_int_equal(count(slice_text("hello, world")), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),        cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damaged),      cmocka_unit_test(test_hidden_start_codes),
		cmocka_unit_test(test_byte_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
