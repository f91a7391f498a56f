// SPDX-License-Identifier: LGPL-2.1-or-later
/* One JPEG of one picture, against an encoder that is played call by call. */
#include <errno.h>
#include <sys/epoll.h>

#include "tests/unit/m2m-bench.h"
#include "v4l2/still.h"

#define SIDE 64

/* As much of a JPEG as is looked at: its frame's header with height and width, its scan. */
#define SOF(height, width) "\xff\xc0\0\x11\x08\0" height "\0" width "\x03\1\x22\0\2\x11\1\3\x11\1"
#define SOS                "\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0"
#define SCAN               "picture"
#define WHOLE              "\xff\xd8" SOF("\x40", "\x40") SOS SCAN "\xff\xd9"
#define CUT                "\xff\xd8" SOF("\x40", "\x40") SOS SCAN
#define SMALLER            "\xff\xd8" SOF("\x20", "\x40") SOS SCAN "\xff\xd9"

static uint8_t samples[SIDE * SIDE * 3 / 2];

static struct v4l2_image picture(void)
{
	for (size_t i = 0; i < sizeof(samples); i++)
		samples[i] = (uint8_t)(i * 7 + i / SIDE);
	return (struct v4l2_image){
		.fourcc = V4L2_PIX_FMT_NV12,
		.width = SIDE,
		.height = SIDE,
		.plane = {samples, samples + SIDE * SIDE},
		.stride = {SIDE, SIDE},
	};
}

static void init(struct encoder_driver *d, const struct step *steps, unsigned int n_steps)
{
	encoder_driver_init(d, steps, n_steps);
	d->coded[0] = V4L2_PIX_FMT_JPEG;
	d->controls[3] = (struct played_control){.id = V4L2_CID_JPEG_COMPRESSION_QUALITY,
						 .min = 1,
						 .max = 100,
						 .step = 1,
						 .value = 50};
}

static struct v4l2_still *begin(struct encoder_driver *d, int32_t quality)
{
	const struct v4l2_image image = picture();
	struct v4l2_still *still = NULL;

	assert_int_equal(v4l2_still_begin(&d->sys, "encoder", &image, quality, &still), 0);
	return still;
}

static void end(struct encoder_driver *d, struct v4l2_still *still)
{
	assert_null(v4l2_still_free(still));
	assert_false(d->open);
	if (d->breach)
		fail_msg("%s", d->breach);
}

static void a_picture_becomes_one_jpeg(void **state)
{
	const struct step steps[] = {{BYTES(WHOLE)}};
	struct encoder_driver d;
	struct v4l2_still *still;
	const uint8_t *data;
	size_t size;

	init(&d, steps, 0);
	still = begin(&d, 200);
	assert_int_equal(d.controls[3].value, 100);
	assert_int_equal(d.n_put, 1);
	assert_memory_equal(d.memory[0][0][0], samples, sizeof(samples));
	assert_int_equal(v4l2_still_fd(still), ENCODER_FD);
	assert_true(v4l2_still_events(still) & EPOLLIN);
	assert_int_equal(v4l2_still_take(still, &data, &size), -EAGAIN);
	d.n_steps = 1;
	/* Again is the same. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(v4l2_still_take(still, &data, &size), 0);
		assert_int_equal(size, sizeof(WHOLE) - 1);
		assert_memory_equal(data, WHOLE, size);
	}
	end(&d, still);
}

static void what_is_no_whole_picture_of_this_size_is_refused(void **state)
{
	const struct step bad[] = {
		{BYTES(CUT)},
		{BYTES(SMALLER)},
		{BYTES("nonsense")},
		{BYTES(WHOLE), .flags = V4L2_BUF_FLAG_ERROR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct encoder_driver d;
		struct v4l2_still *still;
		const uint8_t *data;
		size_t size;

		init(&d, &bad[i], 1);
		still = begin(&d, 0);
		assert_int_equal(d.controls[3].sets, 0);
		assert_int_equal(v4l2_still_take(still, &data, &size), -EIO);
		assert_int_equal(v4l2_still_take(still, &data, &size), -EIO);
		end(&d, still);
	}
}

static void an_encoder_that_stalls_or_goes_is_left(void **state)
{
	const struct step gone[] = {{.r = -ENODEV}};
	struct encoder_driver d;
	struct v4l2_still *still;
	const uint8_t *data;
	size_t size;

	init(&d, NULL, 0);
	d.keeps_raw = true;
	still = begin(&d, 0);
	assert_int_equal(v4l2_still_take(still, &data, &size), -EAGAIN);
	assert_true(v4l2_still_deadline(still) == CLOCK + STALL_US);
	d.now += STALL_US;
	assert_int_equal(v4l2_still_take(still, &data, &size), -ETIMEDOUT);
	end(&d, still);

	init(&d, gone, 1);
	still = begin(&d, 0);
	assert_int_equal(v4l2_still_take(still, &data, &size), -ENODEV);
	end(&d, still);
}

static void what_cannot_begin_leaves_nothing_open(void **state)
{
	struct v4l2_image image = picture();
	struct v4l2_still *still = NULL;
	struct encoder_driver d;

	init(&d, NULL, 0);
	d.coded[0] = V4L2_PIX_FMT_H264;
	assert_int_equal(v4l2_still_begin(&d.sys, "encoder", &image, 0, &still), -EOPNOTSUPP);
	end(&d, still);

	init(&d, NULL, 0);
	d.faults[0] = (struct fault){VIDIOC_REQBUFS, 0, 1, -EBUSY};
	assert_int_equal(v4l2_still_begin(&d.sys, "encoder", &image, 0, &still), -EBUSY);
	end(&d, still);

	init(&d, NULL, 0);
	d.faults[0] = (struct fault){VIDIOC_QBUF, 4, 1, -EIO};
	assert_int_equal(v4l2_still_begin(&d.sys, "encoder", &image, 0, &still), -EIO);
	end(&d, still);

	init(&d, NULL, 0);
	image.fourcc = V4L2_PIX_FMT_GREY;
	assert_int_equal(v4l2_still_begin(&d.sys, "encoder", &image, 0, &still), -EOPNOTSUPP);
	end(&d, still);
	assert_null(v4l2_still_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_becomes_one_jpeg),
		cmocka_unit_test(what_is_no_whole_picture_of_this_size_is_refused),
		cmocka_unit_test(an_encoder_that_stalls_or_goes_is_left),
		cmocka_unit_test(what_cannot_begin_leaves_nothing_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
