// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an epoch makes of a source whose first frame decides what it gives. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ring-reader.h"
#include "camera/epoch.h"

#define SIZE 32

struct undecided {
	struct source source;
	struct source_format format; /* that the first frame brings */
	bool ready;                  /* a frame waits */
	uint8_t picture[SIZE * SIZE * 3 / 2];
};

static int undecided_open(struct source *s, const struct source_want *want,
			  struct source_format *ret)
{
	*ret = (struct source_format){.undecided = true, .fps_num = 10, .fps_den = 1};
	return 0;
}

static void undecided_close(struct source *s)
{
}

static int undecided_next(struct source *s, struct source_frame *ret)
{
	struct undecided *u = (struct undecided *)s;

	if (!u->ready)
		return -EAGAIN;
	source_stamp(ret, clock_monotonic());
	ret->format = &u->format;
	ret->y = ret->u = ret->v = u->picture;
	ret->y_stride = SIZE;
	ret->c_stride = SIZE / 2;
	ret->au = slice_of(u->picture, sizeof(u->picture));
	return 0;
}

static int undecided_release(struct source *s)
{
	return 0;
}

static const struct source_ops ops = {
	.open = undecided_open,
	.close = undecided_close,
	.next = undecided_next,
	.release = undecided_release,
};

static const struct ring_description description = {.camera_name = "front", .epoch = 1};

static void begin(struct epoch *e, struct undecided *u)
{
	const struct camera_configuration none = {};
	struct epoch_progress progress;

	u->source.ops = &ops;
	assert_int_equal(epoch_begin(e, &u->source, &description, &none), 0);
	assert_null(e->encoder);
	assert_int_equal(epoch_step(e, &progress), 0);
	assert_null(e->encoder);
	assert_false(progress.published);
	u->ready = true;
}

static void jpeg_pictures_go_into_the_ring_as_they_are(void **state)
{
	struct undecided u = {
		.format = {.encoded = true,
			   .codec = RING_CODEC_JPEG,
			   .width = SIZE,
			   .height = SIZE,
			   .fps_num = 10,
			   .fps_den = 1},
	};
	uint8_t bytes[sizeof(u.picture)];
	struct epoch_progress progress;
	struct ring_reader ring;
	struct ring_unit unit;
	struct epoch e;

	memset(u.picture, 0x5a, sizeof(u.picture));
	begin(&e, &u);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(epoch_step(&e, &progress), 0);
		assert_int_equal(progress.ring_ready, i == 0);
		assert_true(progress.published);
	}
	assert_int_equal(e.encoder->path, CAMERA_PATH_PASSTHROUGH);
	assert_int_equal(ring_reader_open(&ring, ring_writer_fd(e.ring), ring_writer_size(e.ring)),
			 0);
	ring.next = 0;
	assert_int_equal(ring.description.codec, RING_CODEC_JPEG);
	assert_int_equal(ring.description.width, SIZE);
	assert_int_equal(ring.description.parameter_sets_size, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ring_reader_peek(&ring, &unit), 0);
		assert_true(unit.flags & RING_UNIT_KEYFRAME);
		assert_int_equal(unit.length, sizeof(bytes));
		assert_int_equal(ring_reader_copy(&ring, &unit, bytes), 0);
		assert_memory_equal(bytes, u.picture, sizeof(bytes));
	}
	ring_reader_close(&ring);
	epoch_end(&e);
}

static void raw_pictures_are_encoded(void **state)
{
	struct undecided u = {
		.format = {.width = SIZE, .height = SIZE, .fps_num = 10, .fps_den = 1},
	};
	const struct camera_configuration later = {.bitrate = 300000, .gop = 5};
	struct epoch_progress progress;
	struct epoch e;

	begin(&e, &u);
	/* What is set before the decision counts. */
	assert_int_equal(epoch_configure(&e, &later), 0);
	assert_int_equal(epoch_step(&e, &progress), 0);
	assert_true(progress.published);
	assert_int_equal(e.encoder->path, CAMERA_PATH_SOFTWARE);
	assert_int_equal(e.config.gop, 5);
	assert_int_equal(e.config.bitrate, 300000);
	assert_int_equal(e.description.codec, RING_CODEC_H264);
	epoch_end(&e);
}

static void what_no_encoder_takes_loses_the_epoch(void **state)
{
	struct undecided u = {
		.format = {.width = SIZE - 1, .height = SIZE, .fps_num = 10, .fps_den = 1},
	};
	struct epoch_progress progress;
	struct epoch e;

	begin(&e, &u);
	assert_int_equal(epoch_step(&e, &progress), -EINVAL);
	assert_non_null(strstr(e.reason, "31x32"));
	assert_false(e.may_return);
	epoch_end(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jpeg_pictures_go_into_the_ring_as_they_are),
		cmocka_unit_test(raw_pictures_are_encoded),
		cmocka_unit_test(what_no_encoder_takes_loses_the_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
