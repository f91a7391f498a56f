// SPDX-License-Identifier: LGPL-2.1-or-later
/* A converter that is played call by call: what it says, does, and does not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "tests/support/v4l2-trio.h"
#include "v4l2/capture.h"
#include "v4l2/converter.h"
#include "v4l2/device.h"
#include "v4l2/pool.h"

#define BUFFERS 4
#define KEY     5000000

static const struct v4l2_capture_format yuyv = {
	.fourcc = V4L2_PIX_FMT_YUYV,
	.width = 64,
	.height = 32,
	.n_planes = 1,
	.stride = {128},
};
static const struct v4l2_converter_want nv12 = {
	.fourcc = V4L2_PIX_FMT_NV12,
	.width = 64,
	.height = 32,
};

/* Memory for both sides, as somebody else's. */
struct bench {
	struct trio trio;
	struct v4l2_converter *converter;
	struct v4l2_pool from, to;
};

static void fill(struct bench *b, struct v4l2_pool *pool)
{
	*pool = (struct v4l2_pool){.sys = &b->trio.duet.sys, .n_planes = 1, .count = BUFFERS};
	for (unsigned int i = 0; i < BUFFERS; i++)
		pool->fds[i][0] = duet_new_dmabuf(&b->trio.duet);
}

/* What the driver is like is set between init and open. */
static void init(struct bench *b)
{
	*b = (struct bench){};
	trio_init(&b->trio);
	fill(b, &b->from);
	fill(b, &b->to);
}

static void open_bench(struct bench *b)
{
	assert_int_equal(v4l2_converter_open(&b->trio.duet.sys, "converter", &yuyv, &b->converter),
			 0);
	assert_int_equal(v4l2_converter_set_output(b->converter, &nv12), 0);
	assert_int_equal(v4l2_converter_fd(b->converter), TRIO_CONVERTER);
	assert_int_equal(v4l2_converter_device(b->converter)->fd, TRIO_CONVERTER);
}

static void begin(struct bench *b)
{
	open_bench(b);
	assert_int_equal(v4l2_converter_events(b->converter), 0);
	assert_int_equal(v4l2_converter_start(b->converter, &b->from, 0, &b->to), 0);
	assert_int_equal(v4l2_converter_events(b->converter), 0);
	assert_true(v4l2_converter_deadline(b->converter) == UINT64_MAX);
}

static void end(struct bench *b)
{
	assert_null(v4l2_converter_close(b->converter));
	assert_null(v4l2_converter_close(NULL));
	v4l2_pool_release(&b->from);
	v4l2_pool_release(&b->to);
	assert_int_equal(duet_dmabufs_open(&b->trio.duet), 0);
	assert_int_equal(b->trio.opened, b->trio.closed);
	assert_int_equal(b->trio.duet.mapped, 0);
	if (b->trio.duet.breach)
		fail_msg("%s", b->trio.duet.breach);
}

static void expect(struct bench *b, uint32_t to, uint64_t key, bool faulty)
{
	struct v4l2_converted c;

	assert_int_equal(v4l2_converter_next(b->converter, &c), 0);
	assert_int_equal(c.to, to);
	assert_int_equal(c.key, key);
	assert_int_equal(c.faulty, faulty);
}

static void expect_error(struct bench *b, int error)
{
	struct v4l2_converted c;

	assert_int_equal(v4l2_converter_next(b->converter, &c), error);
}

static void pictures_come_out_as_they_went_in(void **state)
{
	struct bench b;

	init(&b);
	begin(&b);
	for (unsigned int n = 0; n < 20; n++) {
		assert_int_equal(v4l2_converter_put(b.converter, n % 4, (n + 1) % 4, KEY + n), 0);
		assert_true(v4l2_converter_fills(b.converter, (n + 1) % 4));
		assert_int_equal(v4l2_converter_events(b.converter), EPOLLIN | EPOLLOUT);
		assert_true(v4l2_converter_deadline(b.converter) < UINT64_MAX);
		expect(&b, (n + 1) % 4, KEY + n, false);
		assert_false(v4l2_converter_holds(b.converter, n % 4));
		assert_false(v4l2_converter_fills(b.converter, (n + 1) % 4));
		expect_error(&b, -EAGAIN);
	}
	/* What is not ours, or not there. */
	b.trio.script = "ww";
	assert_int_equal(v4l2_converter_put(b.converter, 0, 1, KEY + 100), 0);
	assert_true(v4l2_converter_holds(b.converter, 0));
	assert_int_equal(v4l2_converter_put(b.converter, 0, 2, KEY + 101), -EINVAL);
	assert_int_equal(v4l2_converter_put(b.converter, 1, 1, KEY + 101), -EINVAL);
	assert_int_equal(v4l2_converter_put(b.converter, 9, 2, KEY + 101), -EINVAL);
	assert_int_equal(v4l2_converter_put(b.converter, 1, 9, KEY + 101), -EINVAL);
	assert_false(v4l2_converter_holds(b.converter, 9));
	assert_false(v4l2_converter_fills(b.converter, 9));
	end(&b);
}

/* Those that never come out leave a buffer behind, in which the next one comes. */
static void lost_pictures_leak_no_buffers(void **state)
{
	struct bench b;

	init(&b);
	b.trio.script = "dpdpddpppp";
	begin(&b);
	assert_int_equal(v4l2_converter_put(b.converter, 0, 0, KEY), 0);
	expect_error(&b, -EAGAIN);
	assert_int_equal(v4l2_converter_put(b.converter, 1, 1, KEY + 1), 0);
	expect(&b, 0, KEY + 1, false);
	assert_true(v4l2_converter_fills(b.converter, 1));
	/* The one that it has is used: the other stays ours. */
	assert_int_equal(v4l2_converter_put(b.converter, 0, 2, KEY + 2), 0);
	assert_false(v4l2_converter_fills(b.converter, 2));
	expect_error(&b, -EAGAIN);
	assert_int_equal(v4l2_converter_put(b.converter, 1, 2, KEY + 3), 0);
	expect(&b, 1, KEY + 3, false);
	for (unsigned int n = 4; n < 6; n++)
		assert_int_equal(v4l2_converter_put(b.converter, n % 2, n % 2 ? 0 : 3, KEY + n), 0);
	expect_error(&b, -EAGAIN);
	assert_int_equal(v4l2_converter_put(b.converter, 2, 1, KEY + 6), 0);
	expect(&b, 2, KEY + 6, false);
	end(&b);
}

static void faulty_pictures_are_told_until_there_is_nothing_else(void **state)
{
	struct bench b;
	unsigned int n;

	init(&b);
	b.trio.script = "fhpffffffffff";
	begin(&b);
	for (n = 0; n < 12; n++) {
		assert_int_equal(v4l2_converter_put(b.converter, 0, 0, KEY + n), 0);
		expect(&b, 0, KEY + n, n != 2);
	}
	assert_int_equal(v4l2_converter_put(b.converter, 0, 0, KEY + n), 0);
	expect_error(&b, -EIO);
	end(&b);
}

static void pictures_that_cannot_be_told_apart_are_none(void **state)
{
	struct bench b;

	init(&b);
	b.trio.script = "spssss";
	begin(&b);
	/* A stray one passes, and its buffer is ours again. */
	assert_int_equal(v4l2_converter_put(b.converter, 0, 0, KEY), 0);
	expect_error(&b, -EAGAIN);
	assert_false(v4l2_converter_fills(b.converter, 0));
	assert_int_equal(v4l2_converter_put(b.converter, 0, 0, KEY + 1), 0);
	expect(&b, 0, KEY + 1, false);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(v4l2_converter_put(b.converter, 0, 0, KEY + 2 + i), 0);
		expect_error(&b, -EAGAIN);
	}
	assert_int_equal(v4l2_converter_put(b.converter, 0, 0, KEY + 4), 0);
	expect_error(&b, -EPROTO);
	end(&b);
}

static void a_stall_and_a_failure_are_told(void **state)
{
	struct bench b;

	init(&b);
	b.trio.script = "pw";
	begin(&b);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(v4l2_converter_put(b.converter, i, i, KEY + i), 0);
	expect(&b, 0, KEY, false);
	expect_error(&b, -EAGAIN);
	b.trio.duet.now += 999999;
	expect_error(&b, -EAGAIN);
	b.trio.duet.now = v4l2_converter_deadline(b.converter);
	expect_error(&b, -ETIMEDOUT);
	b.trio.dequeue_r = -ENODEV;
	expect_error(&b, -ENODEV);
	b.trio.dequeue_r = -EPIPE;
	expect_error(&b, -EIO);
	b.trio.dequeue_r = 0;
	b.trio.to.queue_r = -EIO;
	assert_int_equal(v4l2_converter_put(b.converter, 2, 2, KEY + 2), -EIO);
	b.trio.to.queue_r = 0;
	b.trio.from.queue_r = -EIO;
	assert_int_equal(v4l2_converter_put(b.converter, 2, 2, KEY + 2), -EIO);
	end(&b);
}

/* It takes pictures, and never gives one: no buffer is left to try with, or too many were lost. */
static void a_converter_that_gives_nothing_has_stalled(void **state)
{
	struct bench b;

	init(&b);
	b.trio.script = "dddddddd";
	begin(&b);
	for (unsigned int i = 0; i < BUFFERS; i++) {
		assert_true(v4l2_converter_deadline(b.converter) == UINT64_MAX);
		assert_int_equal(v4l2_converter_put(b.converter, i, i, KEY + i), 0);
		expect_error(&b, -EAGAIN);
		assert_false(v4l2_converter_holds(b.converter, i));
	}
	assert_int_equal(v4l2_converter_put(b.converter, 0, 0, KEY + 9), -EINVAL);
	b.trio.duet.now = v4l2_converter_deadline(b.converter);
	expect_error(&b, -ETIMEDOUT);
	end(&b);
}

static void memory_that_it_cannot_reach_is_told_at_the_start(void **state)
{
	struct bench b;

	init(&b);
	open_bench(&b);
	b.trio.from.queue_r = -EFAULT;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), -EFAULT);
	b.trio.from.queue_r = 0;
	b.trio.to.queue_r = -EINVAL;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), -EINVAL);
	b.trio.to.queue_r = 0;
	b.trio.no_import = true;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), -EINVAL);
	/* But of its own. */
	assert_int_equal(v4l2_converter_start(b.converter, NULL, 5, &b.to), 0);
	assert_int_equal(v4l2_converter_input(b.converter)->count, 5);
	v4l2_converter_stop(b.converter);
	b.trio.no_import = false;
	b.trio.duet.dmabuf_size = 100;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), -ENOSPC);
	b.trio.duet.dmabuf_size = DUET_ROOM;
	b.trio.most_buffers = 3;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), -EINVAL);
	b.trio.most_buffers = 0;
	b.from.n_planes = 2;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), -EINVAL);
	b.from.n_planes = 1;
	b.trio.reqbufs_r = -ENOMEM;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), -ENOMEM);
	b.trio.reqbufs_r = 0;
	b.trio.stream_r = -EIO;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), -EIO);
	b.trio.stream_r = 0;
	assert_int_equal(v4l2_converter_start(b.converter, &b.from, 0, &b.to), 0);
	end(&b);
}

static int open_as(struct trio *t, const struct v4l2_capture_format *camera)
{
	struct v4l2_converter *converter = NULL;
	int r = v4l2_converter_open(&t->duet.sys, "converter", camera, &converter);

	v4l2_converter_close(converter);
	assert_int_equal(t->opened, t->closed);
	return r;
}

static void what_comes_in_is_taken_exactly_so(void **state)
{
	struct v4l2_capture_format other = yuyv;
	struct trio t;

	trio_init(&t);
	assert_int_equal(open_as(&t, &yuyv), 0);
	other.fourcc = V4L2_PIX_FMT_UYVY;
	assert_int_equal(open_as(&t, &other), -EOPNOTSUPP);
	other = yuyv;
	other.stride[0] = 100;
	assert_int_equal(open_as(&t, &other), -ERANGE);
	other.stride[0] = 0;
	assert_int_equal(open_as(&t, &other), -EOPNOTSUPP);
	other = yuyv;
	other.height = 31;
	assert_int_equal(open_as(&t, &other), -EOPNOTSUPP);
	t.in_height_align = 48;
	assert_int_equal(open_as(&t, &yuyv), -ERANGE);
	t.in_height_align = 0;
	t.open_r = -EBUSY;
	assert_int_equal(open_as(&t, &yuyv), -EBUSY);
	t.open_r = 0;
	t.capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
	assert_int_equal(open_as(&t, &yuyv), -ENOTTY);
	t.capabilities = V4L2_CAP_VIDEO_M2M;
	assert_int_equal(open_as(&t, &yuyv), -ENOTTY);
	t.capabilities = 0;
	t.planar = true;
	assert_int_equal(open_as(&t, &yuyv), 0);
	t.in_planes = 2;
	assert_int_equal(open_as(&t, &yuyv), -EOPNOTSUPP);
}

static int ask(struct bench *b, struct v4l2_converter_want want)
{
	return v4l2_converter_set_output(b->converter, &want);
}

static void what_comes_out_is_agreed_on(void **state)
{
	const struct v4l2_raw *raw;
	struct v4l2_converter_want want = nv12;
	struct bench b;

	for (unsigned int planar = 0; planar < 2; planar++) {
		init(&b);
		b.trio.planar = planar;
		open_bench(&b);
		raw = v4l2_converter_raw(b.converter);
		want = nv12;
		want.width = 32;
		want.height = 16;
		want.stride = 48;
		want.lines = 24;
		assert_int_equal(ask(&b, want), 0);
		assert_int_equal(raw->components[0].stride, 48);
		assert_int_equal(raw->height, 24);
		assert_int_equal(raw->visible_width, 32);
		assert_int_equal(raw->visible_height, 16);
		b.trio.old_compose = true;
		assert_int_equal(ask(&b, want), planar ? 0 : -ERANGE);
		b.trio.old_compose = false;
		b.trio.shifts = true;
		assert_int_equal(ask(&b, want), -ERANGE);
		b.trio.shifts = false;
		b.trio.compose_r = -EIO;
		assert_int_equal(ask(&b, want), -EIO);
		b.trio.no_compose = true;
		assert_int_equal(ask(&b, want), -ERANGE);
		want.lines = 0;
		assert_int_equal(ask(&b, want), 0);
		b.trio.stride_align = 64;
		assert_int_equal(ask(&b, want), 0);
		assert_int_equal(raw->components[0].stride, 64);
		b.trio.out_size = 100;
		assert_int_equal(ask(&b, want), -EOPNOTSUPP);
		want.fourcc = V4L2_PIX_FMT_NV16;
		assert_int_equal(ask(&b, want), -EOPNOTSUPP);
		end(&b);
	}
}

static bool converts(struct trio *t)
{
	struct v4l2_device device;
	bool r;

	assert_int_equal(v4l2_device_open(&t->duet.sys, "converter", &device), 0);
	r = v4l2_converter_format_converts(&device);
	v4l2_device_close(&device);
	return r;
}

static void converters_are_known_by_their_formats(void **state)
{
	struct trio t;

	trio_init(&t);
	assert_true(converts(&t));
	t.lists_coded = true;
	assert_false(converts(&t));
	t.lists_coded = false;
	t.outputs[0] = V4L2_PIX_FMT_YUV420M;
	t.outputs[1] = 0;
	assert_true(converts(&t));
	t.outputs[0] = V4L2_PIX_FMT_RGB24;
	assert_false(converts(&t));
	trio_init(&t);
	t.inputs[0] = V4L2_PIX_FMT_NV12;
	assert_false(converts(&t));
	trio_init(&t);
	t.capabilities = V4L2_CAP_VIDEO_M2M;
	assert_false(converts(&t));
	t.capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
	assert_false(converts(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_come_out_as_they_went_in),
		cmocka_unit_test(lost_pictures_leak_no_buffers),
		cmocka_unit_test(faulty_pictures_are_told_until_there_is_nothing_else),
		cmocka_unit_test(pictures_that_cannot_be_told_apart_are_none),
		cmocka_unit_test(a_stall_and_a_failure_are_told),
		cmocka_unit_test(a_converter_that_gives_nothing_has_stalled),
		cmocka_unit_test(memory_that_it_cannot_reach_is_told_at_the_start),
		cmocka_unit_test(what_comes_in_is_taken_exactly_so),
		cmocka_unit_test(what_comes_out_is_agreed_on),
		cmocka_unit_test(converters_are_known_by_their_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
