// SPDX-License-Identifier: LGPL-2.1-or-later
/* The stateful decoder's protocol against a driver that is played: formats, buffers, order, errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/support/v4l2-decoder-driver.h"
#include "v4l2/m2m-decode.h"

#define STALL_US 1000000
#define HELD     2

static const struct v4l2_m2m_decode_want want = {
	.codec = V4L2_PIX_FMT_H264,
	.width = 60,
	.height = 40,
	.formats = {V4L2_PIX_FMT_XBGR32, V4L2_PIX_FMT_NV12},
	.held = HELD,
};

static struct v4l2_m2m_decode *begin(struct decoder_driver *driver)
{
	struct v4l2_m2m_decode *d = NULL;

	assert_int_equal(v4l2_m2m_decode_open(&driver->sys, "decoder", &want, &d), 0);
	assert_string_equal(v4l2_m2m_decode_name(d), "played");
	assert_int_equal(v4l2_m2m_decode_fd(d), DECODER_FD);
	assert_int_equal(v4l2_m2m_decode_events(d), 0);
	assert_null(v4l2_m2m_decode_format(d));
	return d;
}

static void end(struct decoder_driver *driver, struct v4l2_m2m_decode *d)
{
	assert_null(v4l2_m2m_decode_close(d));
	assert_false(driver->open);
	if (driver->breach)
		fail_msg("%s", driver->breach);
}

static int put(struct v4l2_m2m_decode *d, uint64_t timestamp)
{
	return v4l2_m2m_decode_put(d, "sets", 4, "unit", 4, timestamp);
}

/* With its first unit in, and the size known. */
static struct v4l2_m2m_decode *begin_stream(struct decoder_driver *driver)
{
	struct v4l2_m2m_decode *d = begin(driver);

	assert_int_equal(put(d, CLOCK), 0);
	driver->changes = 1;
	return d;
}

static void expect(struct v4l2_m2m_decode *d, uint64_t timestamp, uint32_t *ret_index)
{
	struct v4l2_m2m_picture picture;

	assert_int_equal(v4l2_m2m_decode_next(d, &picture), 0);
	assert_int_equal(picture.timestamp_us, timestamp);
	*ret_index = picture.index;
}

static int next(struct v4l2_m2m_decode *d)
{
	struct v4l2_m2m_picture picture;

	return v4l2_m2m_decode_next(d, &picture);
}

static void test_pictures_come_with_their_timestamps(void **state)
{
	static const uint32_t apis[] = {V4L2_CAP_VIDEO_M2M, V4L2_CAP_VIDEO_M2M_MPLANE};

	for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
		struct decoder_driver driver;
		struct v4l2_m2m_decode *d;
		uint32_t index;
		int fd;

		decoder_driver_init(&driver);
		driver.caps = apis[i] | V4L2_CAP_STREAMING;
		d = begin(&driver);
		assert_int_equal(put(d, CLOCK + 1), 0);
		assert_memory_equal(driver.memory[0][0], "setsunit", 8);
		assert_int_equal(v4l2_m2m_decode_events(d), EPOLLIN | EPOLLPRI);
		assert_int_equal(next(d), -EAGAIN);
		driver.changes = 1;
		expect(d, CLOCK + 1, &index);
		assert_int_equal(v4l2_m2m_decode_export(d, index, &fd), 0);
		assert_int_equal(fd, EXPORTED_FD + (int)index);
		assert_int_equal(next(d), -EAGAIN);
		assert_int_equal(v4l2_m2m_decode_release(d, index), 0);
		assert_int_equal(v4l2_m2m_decode_release(d, index), -EINVAL);
		assert_int_equal(v4l2_m2m_decode_release(d, 99), -EINVAL);
		for (uint64_t n = 2; n < 30; n++) {
			assert_int_equal(v4l2_m2m_decode_put(d, NULL, 0, "unit", 4, CLOCK + n), 0);
			expect(d, CLOCK + n, &index);
			assert_int_equal(v4l2_m2m_decode_release(d, index), 0);
		}
		end(&driver, d);
	}
}

static void test_what_pictures_are_like_is_told(void **state)
{
	const struct v4l2_m2m_decode_format *format;
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;
	uint32_t index;

	for (int odd = 0; odd < 3; odd++) {
		decoder_driver_init(&driver);
		driver.no_selection = odd == 1;
		driver.odd_selection = odd == 2;
		d = begin_stream(&driver);
		expect(d, CLOCK, &index);
		format = v4l2_m2m_decode_format(d);
		assert_non_null(format);
		assert_int_equal(format->fourcc, V4L2_PIX_FMT_XBGR32);
		assert_int_equal(format->width, 64);
		assert_int_equal(format->height, 48);
		assert_int_equal(format->stride, 64);
		assert_int_equal(format->visible_width, odd ? 64 : 60);
		assert_int_equal(format->visible_height, odd ? 48 : 40);
		assert_int_equal(driver.pictures.count, 2 + HELD);
		end(&driver, d);
	}
}

/* What cannot be seen in such a buffer is not believed. */
static void test_a_visible_part_that_cannot_be_is_none(void **state)
{
	static const uint32_t sizes[][2] = {{0, 40}, {60, 0}, {65, 40}, {60, 49}};
	const struct v4l2_m2m_decode_format *format;
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;
	uint32_t index;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		decoder_driver_init(&driver);
		driver.visible_width = sizes[i][0];
		driver.visible_height = sizes[i][1];
		d = begin_stream(&driver);
		expect(d, CLOCK, &index);
		format = v4l2_m2m_decode_format(d);
		assert_int_equal(format->visible_width, 64);
		assert_int_equal(format->visible_height, 48);
		end(&driver, d);
	}
}

static void test_buffers_are_enough_whatever_the_driver_says(void **state)
{
	static const int32_t says[][2] = {{0, 4 + HELD}, {-3, 4 + HELD}, {1000, PICTURES}};
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;
	uint32_t index;

	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		decoder_driver_init(&driver);
		driver.least = says[i][0];
		d = begin_stream(&driver);
		expect(d, CLOCK, &index);
		assert_int_equal(driver.pictures.count, says[i][1]);
		end(&driver, d);
	}
}

static int open_with(const struct decoder_driver *driver)
{
	struct v4l2_m2m_decode *d = NULL;

	return v4l2_m2m_decode_open(&driver->sys, "decoder", &want, &d);
}

static void test_what_does_not_fit_is_refused(void **state)
{
	struct decoder_driver driver;

	decoder_driver_init(&driver);
	driver.caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
	assert_int_equal(open_with(&driver), -ENOTTY);
	decoder_driver_init(&driver);
	driver.codec = V4L2_PIX_FMT_HEVC;
	assert_int_equal(open_with(&driver), -EOPNOTSUPP);
	decoder_driver_init(&driver);
	driver.formats[0] = V4L2_PIX_FMT_NV12M;
	driver.formats[1] = 0;
	assert_int_equal(open_with(&driver), -EOPNOTSUPP);
	assert_null(driver.breach);
}

static void test_each_failure_at_the_beginning_is_told(void **state)
{
	static const unsigned long requests[] = {
		VIDIOC_QUERYCAP,        VIDIOC_ENUM_FMT, VIDIOC_S_FMT,   VIDIOC_REQBUFS,
		VIDIOC_SUBSCRIBE_EVENT, VIDIOC_STREAMON, VIDIOC_QUERYBUF};
	struct decoder_driver driver;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		decoder_driver_init(&driver);
		driver.fault.request = requests[i];
		driver.fault.r = -ENODEV;
		assert_int_equal(open_with(&driver), -ENODEV);
		assert_false(driver.open);
		assert_null(driver.breach);
	}
}

static void test_each_failure_of_the_pictures_is_told(void **state)
{
	static const struct {
		unsigned long request;
		unsigned int after;
	} faults[] = {{VIDIOC_G_FMT, 0},    {VIDIOC_S_FMT, 1}, {VIDIOC_REQBUFS, 1},
		      {VIDIOC_STREAMON, 1}, {VIDIOC_QBUF, 1},  {VIDIOC_DQBUF, 0},
		      {VIDIOC_DQBUF, 1}};
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		decoder_driver_init(&driver);
		driver.fault.request = faults[i].request;
		driver.fault.after = faults[i].after;
		driver.fault.r = -EIO;
		d = begin_stream(&driver);
		assert_int_equal(next(d), -EIO);
		driver.fault.r = 0;
		end(&driver, d);
	}
}

static void test_a_format_that_is_not_kept_is_none(void **state)
{
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;

	decoder_driver_init(&driver);
	driver.keeps_format = true;
	driver.format_now = V4L2_PIX_FMT_NV21;
	d = begin_stream(&driver);
	assert_int_equal(next(d), -EOPNOTSUPP);
	end(&driver, d);

	/* A memory plane for each component is not what is wanted. */
	decoder_driver_init(&driver);
	driver.caps = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING;
	driver.n_planes = 2;
	d = begin_stream(&driver);
	assert_int_equal(next(d), -EOPNOTSUPP);
	end(&driver, d);
	decoder_driver_init(&driver);
	driver.width = 0;
	d = begin_stream(&driver);
	assert_int_equal(next(d), -EIO);
	end(&driver, d);
}

/* Such a buffer goes back to the decoder, and the next one counts. */
static void test_a_faulty_picture_is_told_and_none(void **state)
{
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;
	uint32_t index;

	decoder_driver_init(&driver);
	driver.next_flags = V4L2_BUF_FLAG_ERROR;
	d = begin_stream(&driver);
	assert_int_equal(next(d), -EBADMSG);
	driver.next_flags = 0;
	driver.empty = true;
	assert_int_equal(put(d, CLOCK + 1), 0);
	assert_int_equal(next(d), -EBADMSG);
	driver.empty = false;
	assert_int_equal(put(d, CLOCK + 2), 0);
	expect(d, CLOCK + 2, &index);
	assert_int_equal(driver.pictures.n_fifo, 2 + HELD - 1);
	end(&driver, d);
}

static void test_another_size_is_another_decoders(void **state)
{
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;
	uint32_t index;

	decoder_driver_init(&driver);
	d = begin_stream(&driver);
	expect(d, CLOCK, &index);
	driver.changes = 1;
	assert_int_equal(next(d), -ESTALE);
	assert_int_equal(next(d), -ESTALE);
	end(&driver, d);
	decoder_driver_init(&driver);
	d = begin_stream(&driver);
	driver.fault.request = VIDIOC_DQBUF;
	driver.fault.after = 1;
	driver.fault.r = -EPIPE;
	assert_int_equal(next(d), -ESTALE);
	end(&driver, d);
}

static void test_too_much_is_not_taken(void **state)
{
	static const uint8_t large[UNIT_SIZE];
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;
	int r = 0;

	decoder_driver_init(&driver);
	d = begin(&driver);
	assert_int_equal(v4l2_m2m_decode_put(d, "x", 1, large, sizeof(large), CLOCK), -EMSGSIZE);
	for (int i = 0; r == 0 && i < UNITS; i++)
		r = put(d, CLOCK);
	assert_int_equal(r, -EAGAIN);
	end(&driver, d);
	decoder_driver_init(&driver);
	d = begin(&driver);
	driver.fault.request = VIDIOC_QBUF;
	driver.fault.r = -EIO;
	assert_int_equal(put(d, CLOCK), -EIO);
	end(&driver, d);

	/* Nor from one that is unplugged. */
	decoder_driver_init(&driver);
	d = begin(&driver);
	assert_int_equal(put(d, CLOCK), 0);
	driver.fault.request = VIDIOC_DQBUF;
	driver.fault.r = -ENODEV;
	assert_int_equal(put(d, CLOCK), -ENODEV);
	driver.fault.after = 0;
	assert_int_equal(next(d), -ENODEV);
	end(&driver, d);
	assert_null(v4l2_m2m_decode_close(NULL));
}

static void test_a_stall_is_noticed(void **state)
{
	struct decoder_driver driver;
	struct v4l2_m2m_decode *d;
	uint32_t index;

	/* No word of the stream's size. */
	decoder_driver_init(&driver);
	d = begin(&driver);
	assert_int_equal(v4l2_m2m_decode_deadline(d), UINT64_MAX);
	assert_int_equal(put(d, CLOCK), 0);
	assert_int_equal(v4l2_m2m_decode_deadline(d), CLOCK + STALL_US);
	driver.now += STALL_US - 1;
	assert_int_equal(next(d), -EAGAIN);
	driver.now += 1;
	assert_int_equal(next(d), -ETIMEDOUT);
	end(&driver, d);

	/* Or later; but what waits for nothing does not stall, nor what has no buffer to write to.
	 */
	decoder_driver_init(&driver);
	driver.least = 1;
	d = begin_stream(&driver);
	expect(d, CLOCK, &index);
	assert_int_equal(next(d), -EAGAIN);
	driver.now += 10 * STALL_US;
	assert_int_equal(next(d), -EAGAIN);
	assert_int_equal(v4l2_m2m_decode_deadline(d), UINT64_MAX);
	for (int i = 0; i < HELD; i++) {
		assert_int_equal(put(d, CLOCK), 0);
		expect(d, CLOCK, &index);
	}
	assert_int_equal(put(d, CLOCK), 0);
	driver.now += 10 * STALL_US;
	assert_int_equal(next(d), -EAGAIN);
	assert_int_equal(v4l2_m2m_decode_release(d, index), 0);
	driver.silent = true;
	assert_int_equal(next(d), -EAGAIN);
	driver.now += STALL_US;
	assert_int_equal(next(d), -ETIMEDOUT);
	end(&driver, d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures_come_with_their_timestamps),
		cmocka_unit_test(test_what_pictures_are_like_is_told),
		cmocka_unit_test(test_a_visible_part_that_cannot_be_is_none),
		cmocka_unit_test(test_buffers_are_enough_whatever_the_driver_says),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
		cmocka_unit_test(test_each_failure_at_the_beginning_is_told),
		cmocka_unit_test(test_each_failure_of_the_pictures_is_told),
		cmocka_unit_test(test_a_format_that_is_not_kept_is_none),
		cmocka_unit_test(test_a_faulty_picture_is_told_and_none),
		cmocka_unit_test(test_another_size_is_another_decoders),
		cmocka_unit_test(test_too_much_is_not_taken),
		cmocka_unit_test(test_a_stall_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
