// SPDX-License-Identifier: LGPL-2.1-or-later
/* One queue by itself, against a played driver. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/support/v4l2-encoder-driver.h"
#include "v4l2/device.h"
#include "v4l2/queue.h"

#define RAW_PLANAR V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE

static void begin(struct encoder_driver *d, struct v4l2_device *device, uint32_t caps,
		  const struct step *steps, unsigned int n_steps)
{
	encoder_driver_init(d, steps, n_steps);
	d->caps = caps | V4L2_CAP_STREAMING;
	d->raw_now = V4L2_PIX_FMT_YUV420M;
	assert_int_equal(v4l2_device_open(&d->sys, "node", device), 0);
}

static void end(struct encoder_driver *d, struct v4l2_device *device, struct v4l2_queue *queue)
{
	v4l2_queue_free(queue);
	v4l2_queue_free(queue);
	v4l2_device_close(device);
	if (d->breach)
		fail_msg("%s", d->breach);
	assert_int_equal(d->mapped, 0);
}

static int set_up(uint32_t caps, const struct v4l2_queue_setup *setup, struct fault fault)
{
	struct v4l2_device device;
	struct encoder_driver d;
	struct v4l2_queue queue;
	int r;

	begin(&d, &device, caps, NULL, 0);
	d.faults[0] = fault;
	r = v4l2_queue_setup(&queue, &device, setup);
	end(&d, &device, &queue);
	return r;
}

static void setups_that_cannot_be_are_refused(void **state)
{
	const uint32_t planar_caps = V4L2_CAP_VIDEO_M2M_MPLANE, single = V4L2_CAP_VIDEO_M2M;
	const struct fault none = {}, third_map = {1, 2, 1, -ENOMEM};
	struct v4l2_queue_setup setup = {RAW_PLANAR, V4L2_MEMORY_MMAP, 3, 2};

	assert_int_equal(set_up(planar_caps, &setup, none), 0);
	assert_int_equal(set_up(planar_caps, &setup, third_map), -ENOMEM);
	setup.n_planes = 4;
	assert_int_equal(set_up(planar_caps, &setup, none), -EINVAL);
	setup.n_planes = 0;
	assert_int_equal(set_up(planar_caps, &setup, none), -EINVAL);
	setup = (struct v4l2_queue_setup){V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_MEMORY_MMAP, 2, 2};
	assert_int_equal(set_up(single, &setup, none), -EINVAL);
	setup.n_planes = 1;
	assert_int_equal(set_up(single, &setup, none), 0);
	/* A driver that gives none at all. */
	setup.count = 0;
	assert_int_equal(set_up(single, &setup, none), -ENOMEM);
}

static void payloads_that_cannot_be_are_refused(void **state)
{
	const struct v4l2_queue_setup setup = {RAW_PLANAR, V4L2_MEMORY_MMAP, 3, BUFFERS};
	struct v4l2_queue_payload payload = {.bytesused = {16, 8, 8}};
	struct v4l2_device device;
	struct encoder_driver d;
	struct v4l2_queue queue;

	begin(&d, &device, V4L2_CAP_VIDEO_M2M_MPLANE, NULL, 0);
	assert_int_equal(v4l2_queue_setup(&queue, &device, &setup), 0);
	assert_int_equal(v4l2_queue_put_filled(&queue, BUFFERS, &payload), -EINVAL);
	payload.bytesused[1] = 0;
	assert_int_equal(v4l2_queue_put_filled(&queue, 0, &payload), -EINVAL);
	payload.bytesused[1] = PLANE + 1;
	assert_int_equal(v4l2_queue_put_filled(&queue, 0, &payload), -EINVAL);
	payload.bytesused[1] = PLANE;
	assert_int_equal(v4l2_queue_put_filled(&queue, 0, &payload), 0);
	assert_int_equal(v4l2_queue_put_filled(&queue, 0, &payload), -EINVAL);
	assert_int_equal(queue.queued, 1);
	end(&d, &device, &queue);
}

static void imported_planes_are_named_at_each_put(void **state)
{
	const struct v4l2_queue_setup setup = {RAW_PLANAR, V4L2_MEMORY_DMABUF, 3, BUFFERS};
	const struct v4l2_queue_payload payload = {.bytesused = {16, 8, 8}};
	const int fds[] = {DMABUF_FD, DMABUF_FD + 1, DMABUF_FD + 2};
	const size_t lengths[] = {16, 8, 8};
	struct v4l2_device device;
	struct encoder_driver d;
	struct v4l2_queue queue;
	struct v4l2_queue_item item;

	begin(&d, &device, V4L2_CAP_VIDEO_M2M_MPLANE, NULL, 0);
	assert_int_equal(v4l2_queue_setup(&queue, &device, &setup), 0);
	assert_int_equal(d.mapped, 0);
	assert_int_equal(v4l2_queue_put_filled(&queue, 0, &payload), -EINVAL);
	assert_int_equal(v4l2_queue_bind(&queue, 0, fds, lengths), 0);
	assert_int_equal(v4l2_queue_bind(&queue, 0, fds, lengths), -EEXIST);
	assert_int_equal(v4l2_queue_put_filled(&queue, 0, &payload), 0);
	assert_int_equal(v4l2_queue_start(&queue), 0);
	assert_int_equal(v4l2_queue_get(&queue, &item), 0);
	assert_null(item.data[0]);
	end(&d, &device, &queue);
}

static void a_start_that_fails_is_told(void **state)
{
	struct v4l2_device device;
	struct encoder_driver d;
	struct v4l2_queue queue;

	begin(&d, &device, V4L2_CAP_VIDEO_M2M, NULL, 0);
	assert_int_equal(v4l2_queue_allocate(&queue, &device, v4l2_device_capture_type(&device), 2),
			 0);
	d.faults[0] = (struct fault){VIDIOC_STREAMON, 0, 1, -EPIPE};
	assert_int_equal(v4l2_queue_put(&queue, 0), 0);
	assert_int_equal(v4l2_queue_start(&queue), -EPIPE);
	assert_false(queue.streaming);
	d.faults[0] = (struct fault){VIDIOC_STREAMOFF, 0, 1, -ENODEV};
	assert_int_equal(v4l2_queue_stop(&queue), -ENODEV);
	assert_int_equal(queue.queued, 0);
	end(&d, &device, &queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setups_that_cannot_be_are_refused),
		cmocka_unit_test(payloads_that_cannot_be_are_refused),
		cmocka_unit_test(imported_planes_are_named_at_each_put),
		cmocka_unit_test(a_start_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
