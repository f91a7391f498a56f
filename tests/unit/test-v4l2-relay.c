// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera, a converter and an encoder that come to share memory, or do not, all played. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/support/v4l2-trio.h"
#include "v4l2/device.h"
#include "v4l2/relay.h"

#define STALL_US 1000000

static const struct v4l2_m2m_want want = {
	.codec = V4L2_PIX_FMT_H264,
	.width = DUET_WIDTH,
	.height = DUET_HEIGHT,
	.fps_num = 30,
	.fps_den = 1,
};

static struct v4l2_capture *open_camera(struct trio *t)
{
	const struct v4l2_capture_want w = {.width = DUET_WIDTH, .height = DUET_HEIGHT, .fps = 30};
	struct v4l2_capture *camera;

	assert_int_equal(v4l2_capture_open(&t->duet.sys, "camera", &w, &camera), 0);
	return camera;
}

static void close_all(struct trio *t, struct v4l2_capture *camera, struct v4l2_relay *relay)
{
	v4l2_relay_release(relay);
	v4l2_relay_release(relay);
	v4l2_capture_close(camera);
	assert_int_equal(t->opened, t->closed);
	assert_int_equal(t->duet.camera.opened, t->duet.camera.closed);
	assert_int_equal(t->duet.encoder.opened, t->duet.encoder.closed);
	assert_int_equal(duet_dmabufs_open(&t->duet), 0);
	assert_int_equal(t->duet.mapped, 0);
	if (t->duet.breach)
		fail_msg("%s", t->duet.breach);
}

/* From the camera through both; nothing is read meanwhile, and each buffer goes back in time. */
static void pass_frame(struct trio *t, struct v4l2_capture *camera, struct v4l2_relay *relay)
{
	struct v4l2_m2m_coded coded;
	struct v4l2_frame frame;
	uint64_t put = v4l2_m2m_counts(relay->m2m)->put;
	uint32_t index;

	assert_int_equal(v4l2_capture_next(camera, &frame), 0);
	index = frame.index;
	assert_int_equal(v4l2_relay_put(relay, index, t->duet.now += 33333), 0);
	assert_true(v4l2_relay_deadline(relay) < UINT64_MAX);
	assert_int_equal(v4l2_relay_next(relay, &coded), -EAGAIN);
	assert_int_equal(v4l2_m2m_counts(relay->m2m)->put, put + 1);
	assert_false(v4l2_relay_holds(relay, index));
	assert_int_equal(v4l2_capture_release(camera, &frame), 0);
}

static void check_passes(struct trio *t, uint32_t memory)
{
	struct v4l2_capture *camera = open_camera(t);
	struct v4l2_relay relay;

	assert_int_equal(v4l2_relay_new(camera, "converter", "encoder", &want, &relay), 0);
	assert_int_equal(t->from.memory, memory);
	assert_int_equal(t->to.memory, V4L2_MEMORY_DMABUF);
	assert_int_equal(v4l2_capture_start(camera), 0);
	for (unsigned int i = 0; i < 20; i++)
		pass_frame(t, camera, &relay);
	/* Another one joins the camera while it runs. */
	v4l2_relay_release(&relay);
	assert_int_equal(v4l2_relay_new(camera, "converter", "encoder", &want, &relay), 0);
	assert_int_equal(t->from.memory, V4L2_MEMORY_DMABUF);
	for (unsigned int i = 0; i < 20; i++)
		pass_frame(t, camera, &relay);
	close_all(t, camera, &relay);
}

static void whose_memory_it_is_follows_what_each_can_do(void **state)
{
	struct trio t;

	trio_init(&t);
	check_passes(&t, V4L2_MEMORY_MMAP);
	trio_init(&t);
	t.no_export = true;
	check_passes(&t, V4L2_MEMORY_DMABUF);
	trio_init(&t);
	t.duet.camera.no_import = true;
	check_passes(&t, V4L2_MEMORY_DMABUF);
	/* More between them, if the encoder keeps many. */
	trio_init(&t);
	t.duet.encoder.least = DUET_BUFFERS - 1;
	check_passes(&t, V4L2_MEMORY_MMAP);
}

static void check_refused(struct trio *t, int error, const char *expected)
{
	struct v4l2_capture *camera = open_camera(t);
	struct v4l2_capture_format before = *v4l2_capture_format(camera);
	struct v4l2_relay relay;

	assert_int_equal(v4l2_relay_new(camera, "converter", "encoder", &want, &relay), error);
	if (!strstr(relay.obstacle, expected))
		fail_msg("\"%s\" does not say \"%s\"", relay.obstacle, expected);
	assert_memory_equal(&before, v4l2_capture_format(camera), sizeof(before));
	assert_int_equal(duet_dmabufs_open(&t->duet), 0);
	assert_int_equal(v4l2_capture_start(camera), 0);
	close_all(t, camera, &relay);
}

static void what_cannot_be_done_leaves_the_camera_as_it_was(void **state)
{
	struct trio t;

	trio_init(&t);
	t.open_r = -EBUSY;
	check_refused(&t, -EOPNOTSUPP, "cannot be used");
	trio_init(&t);
	t.inputs[0] = V4L2_PIX_FMT_UYVY;
	check_refused(&t, -EOPNOTSUPP, "does not take YUYV 64x32 in lines of 128 bytes");
	trio_init(&t);
	t.outputs[0] = t.outputs[1] = V4L2_PIX_FMT_RGB24;
	check_refused(&t, -EOPNOTSUPP, "does not make NV12 64x32");
	trio_init(&t);
	t.duet.encoder.formats[0] = V4L2_PIX_FMT_NV16;
	check_refused(&t, -EOPNOTSUPP, "the encoder does not take NV12 64x32");
	trio_init(&t);
	t.duet.encoder_open_r = -ENODEV;
	check_refused(&t, -ENODEV, "");
	trio_init(&t);
	t.duet.encoder.no_export = true;
	check_refused(&t, -EOPNOTSUPP, "memory cannot be shared");
	trio_init(&t);
	t.no_import = t.no_export = true;
	check_refused(&t, -EOPNOTSUPP, "cannot reach the same memory");
	trio_init(&t);
	t.duet.encoder.least = DUET_BUFFERS;
	check_refused(&t, -EOPNOTSUPP, "the encoder keeps all of its 8 buffers");
	trio_init(&t);
	t.duet.encoder.least = DUET_BUFFERS + 1;
	check_refused(&t, -ENOBUFS, "");
	trio_init(&t);
	t.to.queue_r = -EFAULT;
	check_refused(&t, -EOPNOTSUPP, "cannot reach the same memory");
}

static void the_converter_follows_the_encoders_layout(void **state)
{
	struct trio t;

	trio_init(&t);
	t.duet.encoder.stride_align = 128;
	t.duet.encoder.height_align = 48;
	check_passes(&t, V4L2_MEMORY_MMAP);
	assert_int_equal(t.out.bytesperline, 128);
	assert_int_equal(t.out.height, 48);
	trio_init(&t);
	t.duet.encoder.height_align = 48;
	t.no_compose = true;
	check_refused(&t, -EOPNOTSUPP, "no 48 lines of 64 bytes");
	trio_init(&t);
	t.stride_align = 96;
	t.duet.encoder.stride_align = 64;
	check_refused(&t, -EOPNOTSUPP, "lines of");
	/* The other format. */
	trio_init(&t);
	t.duet.encoder.formats[0] = V4L2_PIX_FMT_YUV420;
	check_passes(&t, V4L2_MEMORY_MMAP);
	assert_int_equal(t.out.pixelformat, V4L2_PIX_FMT_YUV420);
}

/* Pictures that lack a part of their last plane never come to the encoder. */
static void check_short(struct trio *t)
{
	struct v4l2_capture *camera = open_camera(t);
	struct v4l2_m2m_coded coded;
	struct v4l2_relay relay;

	assert_int_equal(v4l2_relay_new(camera, "converter", "encoder", &want, &relay), 0);
	assert_int_equal(v4l2_capture_start(camera), 0);
	for (unsigned int i = 0; i < 9; i++) {
		assert_int_equal(v4l2_relay_put(&relay, 0, 100 + i), 0);
		assert_int_equal(v4l2_relay_next(&relay, &coded), -EAGAIN);
	}
	assert_int_equal(v4l2_m2m_counts(relay.m2m)->put, 0);
	close_all(t, camera, &relay);
}

static void init_planes(struct trio *t, uint32_t encoder)
{
	trio_init(t);
	t->planar = t->duet.camera.planar = t->duet.encoder.planar = true;
	t->duet.camera.formats[0] = t->inputs[0] = V4L2_PIX_FMT_NV12M;
	t->duet.encoder.formats[0] = t->outputs[1] = encoder;
}

/* A DMA-buf for each, on either side. */
static void planes_that_lie_apart_pass(void **state)
{
	const uint32_t encoders[] = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_YUV420M};
	struct trio t;

	for (size_t i = 0; i < ARRAY_SIZE(encoders); i++) {
		init_planes(&t, encoders[i]);
		t.duet.encoder.stride_align = 128;
		check_passes(&t, V4L2_MEMORY_MMAP);
		assert_int_equal(t.out.pixelformat, encoders[i]);
		init_planes(&t, encoders[i]);
		t.no_export = true;
		check_passes(&t, V4L2_MEMORY_DMABUF);
	}
	init_planes(&t, V4L2_PIX_FMT_YUV420M);
	t.script = "hhhhhhhhh";
	check_short(&t);
	init_planes(&t, V4L2_PIX_FMT_NV12);
	t.inputs[0] = V4L2_PIX_FMT_YUYV;
	check_refused(&t, -EOPNOTSUPP, "does not take NM12 64x32 in lines of 128 bytes");
}

/* Faulty ones are left out; a converter that stalls is told from an encoder that does. */
static void failures_are_told_apart(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_m2m_coded coded;
	struct v4l2_relay relay;
	struct trio t;

	trio_init(&t);
	t.script = "fpw";
	camera = open_camera(&t);
	assert_int_equal(v4l2_relay_new(camera, "converter", "encoder", &want, &relay), 0);
	assert_int_equal(v4l2_capture_start(camera), 0);
	assert_int_equal(v4l2_relay_put(&relay, 0, 100), 0);
	assert_int_equal(v4l2_relay_next(&relay, &coded), -EAGAIN);
	assert_int_equal(v4l2_m2m_counts(relay.m2m)->put, 0);
	assert_int_equal(v4l2_relay_put(&relay, 0, 200), 0);
	assert_int_equal(v4l2_relay_next(&relay, &coded), -EAGAIN);
	assert_int_equal(v4l2_m2m_counts(relay.m2m)->put, 1);
	assert_int_equal(v4l2_relay_put(&relay, 1, 300), 0);
	assert_int_equal(v4l2_relay_next(&relay, &coded), -EAGAIN);
	assert_true(v4l2_relay_holds(&relay, 1));
	assert_false(relay.converter_failed);
	/* There is no room for more than there are buffers between. */
	for (uint32_t i = 2; i < V4L2_RELAY_BUFFERS; i++)
		assert_int_equal(v4l2_relay_put(&relay, i, 300 + i), 0);
	assert_int_equal(v4l2_relay_put(&relay, 0, 400), 0);
	assert_int_equal(v4l2_relay_put(&relay, 0, 401), -EAGAIN);
	assert_false(relay.converter_failed);
	t.duet.now += STALL_US;
	assert_int_equal(v4l2_relay_next(&relay, &coded), -ETIMEDOUT);
	assert_true(relay.converter_failed);
	close_all(&t, camera, &relay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_memory_it_is_follows_what_each_can_do),
		cmocka_unit_test(what_cannot_be_done_leaves_the_camera_as_it_was),
		cmocka_unit_test(the_converter_follows_the_encoders_layout),
		cmocka_unit_test(planes_that_lie_apart_pass),
		cmocka_unit_test(failures_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
