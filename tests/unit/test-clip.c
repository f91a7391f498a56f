// SPDX-License-Identifier: LGPL-2.1-or-later
/* Clips: data/clip-x264.h264 has 50 pictures of two slices at 25 a second, an IDR each second;
 * data/clip-b-pictures.h264 has B pictures. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "camera/clip.h"
#include "camera/source.h"
#include "wire/h264.h"

#define N_UNITS      50
#define GOP          25
#define PICTURES_MAX 32768
#define FRAME_USEC   40000
#define LATE_USEC    200000 /* of a loaded machine */

static char path[4096];
static struct clip whole;

static int load(void **state)
{
	snprintf(path, sizeof(path), "%s/unit/data/clip-x264.h264", getenv("TESTS"));
	return clip_load(path, &whole);
}

static int release(void **state)
{
	clip_release(&whole);
	return 0;
}

/* A clip of units from..to-1 of the whole one; data of which the caller may change before. */
static uint8_t *copy(size_t from, size_t to, size_t *ret_size)
{
	const uint8_t *begin = whole.units[from].data;
	const uint8_t *end = whole.units[to - 1].data + whole.units[to - 1].len;
	uint8_t *data = malloc((size_t)(end - begin));

	assert_non_null(data);
	*ret_size = (size_t)(end - begin);
	return memcpy(data, begin, *ret_size);
}

static int cut(size_t from, size_t to, struct clip *ret)
{
	size_t size;
	uint8_t *data = copy(from, to, &size);

	return clip_cut(data, size, ret);
}

static int cut_text(const char *text, size_t size)
{
	struct clip c;
	uint8_t *data = malloc(size + 1);

	assert_non_null(data);
	memcpy(data, text, size);
	return clip_cut(data, size, &c);
}

static void units_are_pictures_and_leave_no_byte_out(void **state)
{
	const uint8_t *next = whole.data;

	assert_int_equal(whole.n_units, N_UNITS);
	for (size_t i = 0; i < whole.n_units; i++) {
		assert_ptr_equal(whole.units[i].data, next);
		assert_memory_equal(next, "\0\0\0\1", 4);
		assert_int_equal(h264_is_idr(whole.units[i]), i % GOP == 0);
		next += whole.units[i].len;
	}
	assert_int_equal(whole.width, 192);
	assert_int_equal(whole.height, 128);
	assert_int_equal(whole.fps_num, 25 * whole.fps_den);
}

static void it_begins_at_the_first_idr(void **state)
{
	struct clip c;

	assert_int_equal(cut(10, N_UNITS, &c), 0);
	assert_int_equal(c.n_units, GOP);
	assert_true(h264_is_idr(c.units[0]));
	clip_release(&c);
}

static void without_a_beginning_it_is_refused(void **state)
{
	struct h264_parameter_sets sets;
	struct clip c;
	uint8_t *data;
	size_t size;

	assert_int_equal(cut(1, GOP, &c), -ENODATA);
	/* The IDR is there and its PPS is not. */
	data = copy(0, 2, &size);
	h264_find_parameter_sets(slice_of(data, size), &sets);
	data[sets.pps.data - data] = H264_NAL_FILLER;
	assert_int_equal(clip_cut(data, size, &c), -ENODATA);
}

static void parameter_sets_may_not_change(void **state)
{
	struct h264_parameter_sets sets;
	struct clip c;
	size_t size;
	uint8_t *data = copy(0, N_UNITS, &size);
	size_t second = (size_t)(whole.units[GOP].data - whole.units[0].data);

	h264_find_parameter_sets(slice_of(data + second, size - second), &sets);
	data[sets.sps.data - data + 3] ^= 1; /* the level */
	assert_int_equal(clip_cut(data, size, &c), -ESTALE);
}

static void b_pictures_are_refused(void **state)
{
	struct clip c;

	snprintf(path, sizeof(path), "%s/unit/data/clip-b-pictures.h264", getenv("TESTS"));
	assert_int_equal(clip_load(path, &c), -EOPNOTSUPP);
}

/* The pictures of these files, one after the other. */
static int cut_pictures(const char *const *names, size_t n, struct clip *ret)
{
	uint8_t *data = malloc(PICTURES_MAX);
	size_t size = 0;

	assert_non_null(data);
	for (size_t i = 0; i < n; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/unit/data/%s", getenv("TESTS"), names[i]);
		f = fopen(path, "r");
		assert_non_null(f);
		size += fread(data + size, 1, PICTURES_MAX - size, f);
		fclose(f);
	}
	return clip_cut(data, size, ret);
}

static void jpeg_pictures_of_one_size_are_a_clip(void **state)
{
	const char *const one_size[] = {"jpeg-64x48-420.jpg", "jpeg-64x48-420-restart.jpg",
					"jpeg-64x48-422.jpg"};
	const char *const two_sizes[] = {"jpeg-64x48-420.jpg", "jpeg-160x96-420.jpg"};
	const char *const not_for_rtp[] = {"jpeg-64x48-420.jpg", "jpeg-64x48-444.jpg"};
	const char *const not_only[] = {"jpeg-64x48-420.jpg", "clip-x264.h264"};
	struct clip c;

	assert_int_equal(cut_pictures(one_size, ARRAY_SIZE(one_size), &c), 0);
	assert_int_equal(c.codec, RING_CODEC_JPEG);
	assert_int_equal(c.width, 64);
	assert_int_equal(c.height, 48);
	assert_int_equal(c.n_units, 3);
	for (size_t i = 0; i < c.n_units; i++) {
		assert_memory_equal(c.units[i].data, "\xff\xd8", 2);
		assert_memory_equal(c.units[i].data + c.units[i].len - 2, "\xff\xd9", 2);
	}
	assert_ptr_equal(c.units[1].data, c.units[0].data + c.units[0].len);
	clip_release(&c);
	assert_int_equal(cut_pictures(two_sizes, ARRAY_SIZE(two_sizes), &c), -ESTALE);
	assert_int_equal(cut_pictures(not_for_rtp, ARRAY_SIZE(not_for_rtp), &c), -EPROTONOSUPPORT);
	assert_int_equal(cut_pictures(not_only, ARRAY_SIZE(not_only), &c), -EBADMSG);
}

static void what_is_no_clip_is_refused(void **state)
{
	struct clip c;

	assert_int_equal(cut_text("RIFF....AVI LIST", 16), -EBADMSG);
	assert_int_equal(cut_text("\0\0\0\0\0\0", 6), -EBADMSG);
	assert_int_equal(cut_text("", 0), -EBADMSG);
	assert_int_equal(clip_load("/nonexistent", &c), -ENOENT);
	assert_int_equal(clip_load("/", &c), -EINVAL);
	assert_int_equal(clip_load("/dev/zero", &c), -EINVAL);
}

/* Every cut of a clip is a clip or an error, never a crash (the sanitizer's run sees it). */
static void truncation_is_survived(void **state)
{
	const size_t size = (size_t)(whole.units[1].data - whole.units[0].data);

	for (size_t n = 1; n < size; n += 3) {
		struct clip c;
		uint8_t *data = malloc(n);

		assert_non_null(data);
		memcpy(data, whole.data, n);
		if (clip_cut(data, n, &c) == 0)
			clip_release(&c);
	}
}

static void wait_for(struct source *s, struct source_frame *f)
{
	struct pollfd p = {.fd = source_fd(s), .events = POLLIN};

	while (source_next(s, f) == -EAGAIN)
		assert_int_equal(poll(&p, 1, 5000), 1);
}

/* The whole clip and its beginning again, each picture 40 ms after the one before. */
static void it_loops_in_real_time(void **state)
{
	_cleanup_(source_freep) struct source *s = NULL;
	const struct source_want want = {.fps = 7}; /* the clip knows better */
	struct source_format format;
	uint64_t first = 0;

	snprintf(path, sizeof(path), "%s/unit/data/clip-x264.h264", getenv("TESTS"));
	assert_int_equal(source_clip_new(path, &s), 0);
	assert_int_equal(source_open(s, &want, &format), 0);
	assert_true(format.encoded);
	assert_int_equal(format.fps_num, 25 * format.fps_den);
	for (unsigned i = 0; i < N_UNITS + 10; i++) {
		uint64_t now = clock_monotonic();
		struct source_frame f;

		wait_for(s, &f);
		if (i == 0)
			first = f.captured_monotonic;
		assert_memory_equal(f.au.data, whole.units[i % N_UNITS].data, f.au.len);
		assert_int_equal(f.au.len, whole.units[i % N_UNITS].len);
		/* Without drift; who comes late misses whole pictures' times. */
		assert_int_equal((f.captured_monotonic - first) % FRAME_USEC, 0);
		assert_in_range((f.captured_monotonic - first) / FRAME_USEC, i, i + 5);
		assert_true(f.captured_monotonic + LATE_USEC > now);
		assert_int_equal(source_release(s, f.id), 0);
	}
	assert_in_range(clock_monotonic() - first, (N_UNITS + 9) * FRAME_USEC,
			(N_UNITS + 9) * FRAME_USEC + LATE_USEC);
	source_close(s);
	/* The next epoch begins with the clip's first picture. */
	assert_int_equal(source_open(s, &want, &format), 0);
	{
		struct source_frame f;

		wait_for(s, &f);
		assert_true(h264_is_idr(f.au));
		assert_int_equal(f.au.len, whole.units[0].len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_pictures_and_leave_no_byte_out),
		cmocka_unit_test(it_begins_at_the_first_idr),
		cmocka_unit_test(without_a_beginning_it_is_refused),
		cmocka_unit_test(parameter_sets_may_not_change),
		cmocka_unit_test(b_pictures_are_refused),
		cmocka_unit_test(jpeg_pictures_of_one_size_are_a_clip),
		cmocka_unit_test(what_is_no_clip_is_refused),
		cmocka_unit_test(truncation_is_survived),
		cmocka_unit_test(it_loops_in_real_time),
	};

	return cmocka_run_group_tests(tests, load, release);
}
