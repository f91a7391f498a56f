// SPDX-License-Identifier: LGPL-2.1-or-later
/* The software encoder, its output decoded by OpenH264's decoder, and the pattern's code read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wels/codec_api.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "camera/access-unit.h"
#include "camera/encoder.h"
#include "camera/pattern.h"
#include "coded-picture-reader.h"
#include "wire/h264-sps.h"

#define FPS        30
#define FRAME_USEC (1000000 / FPS)
#define TAG        0xcafe1234

static const uint8_t uuid[UUID_SIZE] = {0xca, 0xfe, 0x12, 0x34, 1};

struct bench {
	uint32_t width, height;
	struct pattern *pattern;
	struct encoder *encoder;
	ISVCDecoder *decoder;
	struct parameter_sets sets;
	struct access_unit unit;
	bool noisy; /* the lower half is noise, so that bits are scarce */
	uint32_t n; /* frames encoded */
	uint64_t bytes;
};

static void open_bench(struct bench *b, uint32_t width, uint32_t height, uint32_t bitrate,
		       uint32_t gop)
{
	struct source_format format = {
		.width = width, .height = height, .fps_num = FPS, .fps_den = 1};
	struct camera_configuration wanted = {.bitrate = bitrate, .gop = gop};
	struct encoder_config config = encoder_config_of(&format, &wanted);
	SDecodingParam decoding = {.sVideoProperty = {.eVideoBsType = VIDEO_BITSTREAM_AVC}};

	*b = (struct bench){.width = width, .height = height};
	assert_int_equal(pattern_new("front", uuid, width, height, &b->pattern), 0);
	assert_int_equal(encoder_new(NULL, &format, &config, &b->encoder), 0);
	assert_int_equal(b->encoder->path, CAMERA_PATH_SOFTWARE);
	assert_int_equal(WelsCreateDecoder(&b->decoder), 0);
	assert_int_equal((*b->decoder)->Initialize(b->decoder, &decoding), 0);
}

static void close_bench(struct bench *b)
{
	pattern_free(b->pattern);
	encoder_free(b->encoder);
	(*b->decoder)->Uninitialize(b->decoder);
	WelsDestroyDecoder(b->decoder);
}

static void gather(const struct access_unit *unit, uint8_t *bytes, size_t room, size_t *ret_size)
{
	*ret_size = 0;
	for (size_t i = 0; i < unit->n_pieces; i++) {
		if (!unit->pieces[i].iov_len)
			continue; /* the seal's place */
		assert_true(*ret_size + unit->pieces[i].iov_len <= room);
		memcpy(bytes + *ret_size, unit->pieces[i].iov_base, unit->pieces[i].iov_len);
		*ret_size += unit->pieces[i].iov_len;
	}
}

/* Decodes what would stand in the ring and compares the picture's code. */
static void check_decoded(struct bench *b, uint32_t counter)
{
	static uint8_t bytes[4 << 20];
	unsigned char *planes[3] = {};
	SBufferInfo info = {};
	struct code_found found;
	size_t size;

	gather(&b->unit, bytes, sizeof(bytes), &size);
	b->bytes += size;
	assert_int_equal(
		(*b->decoder)->DecodeFrameNoDelay(b->decoder, bytes, (int)size, planes, &info),
		dsErrorFree);
	assert_int_equal(info.iBufferStatus, 1);
	assert_int_equal(info.UsrData.sSystemBuffer.iWidth, b->width);
	assert_true(code_read(planes[0], (uint32_t)info.UsrData.sSystemBuffer.iStride[0], b->width,
			      &found));
	assert_int_equal(found.tag, TAG);
	assert_int_equal(found.counter, counter);
}

static const uint8_t *with_noise(const struct bench *b, const uint8_t *luma)
{
	static uint8_t picture[640 * 360];
	uint32_t random = b->n + 1;
	size_t size = (size_t)b->width * b->height;

	assert_true(size <= sizeof(picture));
	memcpy(picture, luma, size);
	for (size_t i = size / 2; i < size; i++) {
		random = random * 1664525 + 1013904223;
		picture[i] = (uint8_t)(64 + (random >> 26));
	}
	return picture;
}

/* One frame through it all; returns whether it is a keyframe. */
static bool frame(struct bench *b, bool force)
{
	struct source_frame f = {.captured_monotonic = (uint64_t)b->n * FRAME_USEC};
	struct pattern_planes p;
	struct encoder_unit unit;

	pattern_draw(b->pattern, b->n, UINT64_C(1700000000000000) + f.captured_monotonic);
	p = pattern_planes(b->pattern);
	f.y = b->noisy ? with_noise(b, p.y) : p.y;
	f.u = p.u;
	f.v = p.v;
	f.y_stride = p.y_stride;
	f.c_stride = p.c_stride;
	assert_int_equal(encoder_submit(b->encoder, &f, b->n, force), 0);
	assert_false(encoder_holds(b->encoder, f.id));
	assert_int_equal(encoder_next(b->encoder, &unit), 0);
	assert_int_equal(unit.key, b->n);
	assert_int_equal(access_unit_parse(&b->sets, unit.bytes, &b->unit), 0);
	check_decoded(b, b->n++);
	assert_int_equal(encoder_next(b->encoder, &unit), -EAGAIN);
	return b->unit.idr;
}

static void the_code_survives(void **state)
{
	const uint32_t cases[][3] = {{1280, 720, 4000000}, {640, 360, 300000}, {322, 242, 100000}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench b;

		open_bench(&b, cases[i][0], cases[i][1], cases[i][2], 0);
		for (unsigned n = 0; n < 70; n++)
			assert_int_equal(frame(&b, false), n == 0 || n == 60);
		close_bench(&b);
	}
}

static void it_is_constrained_baseline_of_its_size(void **state)
{
	struct h264_parameter_sets sets;
	struct h264_sps sps;
	struct bench b;

	open_bench(&b, 322, 242, 0, 0);
	frame(&b, false);
	h264_find_parameter_sets(slice_of(b.sets.bytes, b.sets.size), &sets);
	assert_int_equal(h264_sps_parse(&sps, sets.sps), 0);
	assert_int_equal(sps.profile_idc, 66);
	assert_int_equal(sps.constraints & 0x40, 0x40);
	assert_int_equal(sps.width, 322);
	assert_int_equal(sps.height, 242);
	close_bench(&b);
}

static void keyframes_come_when_forced_and_by_gop(void **state)
{
	struct bench b;

	open_bench(&b, 320, 240, 0, 20);
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(frame(&b, false), n == 0);
	assert_true(frame(&b, true));
	/* The GOP begins anew with it. */
	for (unsigned n = 1; n < 20; n++)
		assert_false(frame(&b, false));
	assert_true(frame(&b, false));
	close_bench(&b);
}

/* Up and down again; the parameter sets stay what they were (access_unit_parse() sees to it). */
static void bitrate_follows_while_running(void **state)
{
	uint64_t low, high;
	struct bench b;

	open_bench(&b, 640, 360, 200000, 60);
	b.noisy = true;
	for (unsigned n = 0; n < 120; n++)
		frame(&b, false);
	low = b.bytes;
	assert_int_equal(encoder_adjust(b.encoder, 6000000, 30), 0);
	b.bytes = 0;
	for (unsigned n = 0; n < 120; n++)
		frame(&b, false);
	high = b.bytes;
	assert_true(high > 2 * low);
	assert_int_equal(encoder_adjust(b.encoder, 200000, 60), 0);
	for (unsigned n = 0; n < 60; n++)
		frame(&b, false);
	b.bytes = 0;
	for (unsigned n = 0; n < 120; n++)
		frame(&b, false);
	assert_true(b.bytes < high / 2);
	close_bench(&b);
}

static void the_reason_says_what_the_camera_gave(void **state)
{
	struct source_format format = {.width = 64, .height = 48, .fps_num = FPS, .fps_den = 1};
	const struct camera_configuration none = {};
	struct encoder_config c = encoder_config_of(&format, &none);
	struct encoder *e;

	assert_int_equal(encoder_new(NULL, &format, &c, &e), 0);
	assert_string_equal(e->reason, "raw pictures, encoded by software");
	encoder_free(e);
	format.pictures = "JPEG pictures, decoded";
	assert_int_equal(encoder_new(NULL, &format, &c, &e), 0);
	assert_int_equal(e->path, CAMERA_PATH_SOFTWARE);
	assert_string_equal(e->reason, "JPEG pictures, decoded, encoded by software");
	encoder_free(e);
}

static void a_camera_that_encodes_is_left_alone(void **state)
{
	static const uint8_t bytes[] = {0xff, 0xd8, 0xff, 0xd9};
	const struct source_frame frame = {.id = 3, .au = slice_of(bytes, sizeof(bytes))};
	struct source_format format = {.encoded = true, .codec = RING_CODEC_JPEG};
	struct encoder_unit unit;
	struct encoder *e;

	assert_int_equal(encoder_new(NULL, &format, NULL, &e), 0);
	assert_int_equal(e->path, CAMERA_PATH_PASSTHROUGH);
	assert_string_equal(e->reason, "the camera encodes JPEG itself");
	assert_true(e->forces_keyframes);
	assert_int_equal(encoder_next(e, &unit), -EAGAIN);
	assert_int_equal(encoder_submit(e, &frame, 7, true), 0);
	assert_int_equal(encoder_next(e, &unit), 0);
	assert_int_equal(unit.key, 7);
	assert_ptr_equal(unit.bytes.data, bytes);
	assert_int_equal(unit.bytes.len, sizeof(bytes));
	/* What was given lies in the frame. */
	assert_true(encoder_holds(e, 3));
	assert_false(encoder_holds(e, 2));
	assert_int_equal(encoder_next(e, &unit), -EAGAIN);
	assert_false(encoder_holds(e, 3));
	assert_int_equal(encoder_submit(e, &(struct source_frame){}, 8, false), -ENODATA);
	encoder_free(e);
	format.codec = RING_CODEC_H264;
	assert_int_equal(encoder_new(NULL, &format, NULL, &e), 0);
	assert_string_equal(e->reason, "the camera encodes H.264 itself");
	assert_false(e->forces_keyframes);
	encoder_free(e);
}

static void configuration_is_kept_in_bounds(void **state)
{
	const struct source_format format = {
		.width = 1280, .height = 720, .fps_num = 30000, .fps_den = 1001};
	struct camera_configuration wanted = {};
	struct encoder_config c = encoder_config_of(&format, &wanted);

	assert_int_equal(c.gop, 59);
	assert_in_range(c.bitrate, 4000000, 4200000);
	wanted.bitrate = 1;
	wanted.gop = UINT32_MAX;
	c = encoder_config_of(&format, &wanted);
	assert_int_equal(c.bitrate, ENCODER_BITRATE_MIN);
	assert_int_equal(c.gop, ENCODER_GOP_MAX);
	wanted.bitrate = UINT32_MAX;
	assert_int_equal(encoder_config_of(&format, &wanted).bitrate, ENCODER_BITRATE_MAX);
}

static void sizes_it_cannot_do_are_refused(void **state)
{
	const uint32_t sizes[][2] = {{0, 0}, {14, 16}, {321, 240}, {320, 241}, {3842, 2160}};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct encoder_config c = {.width = sizes[i][0],
					   .height = sizes[i][1],
					   .fps_num = 30,
					   .fps_den = 1,
					   .bitrate = 1000000,
					   .gop = 60};
		struct encoder *e = NULL;

		assert_int_equal(encoder_software_new(&c, &e), -EINVAL);
		assert_null(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_survives),
		cmocka_unit_test(it_is_constrained_baseline_of_its_size),
		cmocka_unit_test(keyframes_come_when_forced_and_by_gop),
		cmocka_unit_test(bitrate_follows_while_running),
		cmocka_unit_test(the_reason_says_what_the_camera_gave),
		cmocka_unit_test(a_camera_that_encodes_is_left_alone),
		cmocka_unit_test(configuration_is_kept_in_bounds),
		cmocka_unit_test(sizes_it_cannot_do_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
