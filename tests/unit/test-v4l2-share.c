// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera and an encoder that come to share memory, or do not, both played call by call. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/v4l2-duet.h"
#include "v4l2/device.h"
#include "v4l2/pool.h"
#include "v4l2/share.h"

static const struct v4l2_m2m_want want = {.codec = V4L2_PIX_FMT_H264, .fps_num = 30, .fps_den = 1};

static struct v4l2_capture *open_camera(struct duet *d)
{
	const struct v4l2_capture_want w = {.width = DUET_WIDTH, .height = DUET_HEIGHT, .fps = 30};
	struct v4l2_capture *camera;

	assert_int_equal(v4l2_capture_open(&d->sys, "camera", &w, &camera), 0);
	return camera;
}

/* Nothing of either is left, nor of the memory. */
static void close_both(struct duet *d, struct v4l2_capture *camera, struct v4l2_share *share)
{
	v4l2_capture_close(camera);
	v4l2_share_release(share);
	v4l2_share_release(share);
	assert_int_equal(d->camera.opened, d->camera.closed);
	assert_int_equal(d->encoder.opened, d->encoder.closed);
	assert_int_equal(duet_dmabufs_open(d), 0);
	assert_int_equal(d->mapped, 0);
	if (d->breach)
		fail_msg("%s", d->breach);
}

/* A frame goes from the one to the other by its index alone, and back. */
static void pass_frame(struct duet *d, struct v4l2_capture *camera, struct v4l2_share *share)
{
	struct v4l2_frame frame;
	uint32_t index;

	assert_int_equal(v4l2_capture_next(camera, &frame), 0);
	index = frame.index;
	if (share->owner != V4L2_SHARE_CAMERA)
		assert_null(frame.data[0]);
	assert_int_equal(v4l2_m2m_put(share->m2m, index, d->now += 33333), 0);
	assert_false(v4l2_m2m_holds(share->m2m, index));
	assert_int_equal(v4l2_capture_release(camera, &frame), 0);
	assert_int_equal(v4l2_capture_release(camera, &frame), -EINVAL);
	if (d->encoder.raw.memory == V4L2_MEMORY_DMABUF &&
	    d->camera.raw.memory == V4L2_MEMORY_DMABUF)
		assert_memory_equal(d->encoder.raw.fds[index], d->camera.raw.fds[index],
				    sizeof(d->camera.raw.fds[index]));
}

static void check_shared(struct duet *d, enum v4l2_share_owner owner)
{
	struct v4l2_capture *camera = open_camera(d);
	struct v4l2_share share;

	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), 0);
	assert_int_equal(share.owner, owner);
	assert_int_equal(v4l2_capture_format(camera)->fourcc, d->encoder.fourcc);
	assert_int_equal(v4l2_capture_start(camera), 0);
	assert_int_equal(v4l2_capture_start(camera), -EBUSY);
	for (unsigned int i = 0; i < 10; i++)
		pass_frame(d, camera, &share);
	assert_int_equal(v4l2_share_reopen(&share), 0);
	for (unsigned int i = 0; i < 10; i++)
		pass_frame(d, camera, &share);
	close_both(d, camera, &share);
}

static void whose_memory_it_is_follows_what_each_can_do(void **state)
{
	struct duet d;

	duet_init(&d);
	check_shared(&d, V4L2_SHARE_ENCODER);
	/* What it allocated is smaller than it said. */
	duet_init(&d);
	d.encoder.room = DUET_WIDTH;
	check_shared(&d, V4L2_SHARE_CAMERA);
	/* Neither that it exports nothing nor that the camera cannot reach it is the end. */
	duet_init(&d);
	d.encoder.no_export = true;
	check_shared(&d, V4L2_SHARE_CAMERA);
	duet_init(&d);
	d.camera.queue_r = -EFAULT;
	check_shared(&d, V4L2_SHARE_CAMERA);
	duet_init(&d);
	d.camera.no_import = true;
	check_shared(&d, V4L2_SHARE_CAMERA);
	duet_init(&d);
	d.encoder.no_export = d.camera.no_export = true;
	d.has_heap = true;
	check_shared(&d, V4L2_SHARE_HEAP);
}

/* expected: of the obstacle, "" if any will do. The camera is as it was, and can be used. */
static void check_refused(struct duet *d, int error, const char *expected)
{
	struct v4l2_capture *camera = open_camera(d);
	struct v4l2_capture_format before = *v4l2_capture_format(camera);
	struct v4l2_share share;

	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), error);
	if (!strstr(share.obstacle, expected))
		fail_msg("\"%s\" does not say \"%s\"", share.obstacle, expected);
	assert_memory_equal(&before, v4l2_capture_format(camera), sizeof(before));
	assert_int_equal(duet_dmabufs_open(d), 0);
	assert_int_equal(v4l2_capture_start(camera), 0);
	close_both(d, camera, &share);
}

static void what_cannot_be_shared_leaves_the_camera_as_it_was(void **state)
{
	struct duet d;

	duet_init(&d);
	d.encoder.no_export = d.camera.no_export = true;
	check_refused(&d, -EOPNOTSUPP, "cannot reach the same memory");
	/* The heap gives out after two of six. */
	duet_init(&d);
	d.encoder.no_export = d.camera.no_export = d.has_heap = true;
	d.heap_r = -ENOMEM;
	d.heap_after = 2;
	check_refused(&d, -EOPNOTSUPP, "cannot reach the same memory");
	/* Exports end in the middle. */
	duet_init(&d);
	d.exports_left = 3;
	check_refused(&d, -EOPNOTSUPP, "cannot reach the same memory");
	/* The encoder finds out only when it is given a buffer. */
	duet_init(&d);
	d.encoder.no_export = true;
	d.encoder.queue_r = -EINVAL;
	check_refused(&d, -EOPNOTSUPP, "cannot reach the same memory");
	/* DMA-bufs that are too small for the camera's pictures. */
	duet_init(&d);
	d.dmabuf_size = 100;
	check_refused(&d, -EOPNOTSUPP, "cannot reach the same memory");
	duet_init(&d);
	d.encoder_open_r = -EBUSY;
	check_refused(&d, -EBUSY, "");
	duet_init(&d);
	d.encoder.queue_r = -ENODEV;
	d.encoder.no_export = true;
	check_refused(&d, -ENODEV, "");
}

/* Whosever memory it is, there are enough for what the encoder keeps, and for the camera beside. */
static void an_encoder_may_keep_many_buffers(void **state)
{
	struct duet d;

	for (unsigned int camera = 0; camera < 2; camera++) {
		duet_init(&d);
		d.encoder.least = 4;
		d.encoder.no_export = camera;
		check_shared(&d, camera ? V4L2_SHARE_CAMERA : V4L2_SHARE_ENCODER);
		assert_int_equal(d.most, 7);
	}
	duet_init(&d);
	d.encoder.least = 4;
	d.encoder.no_export = d.camera.no_export = true;
	d.has_heap = true;
	check_shared(&d, V4L2_SHARE_HEAP);
	assert_int_equal(d.most, 7);
	/* It gives more than it is asked for: all are used. */
	duet_init(&d);
	d.encoder.gives = 8;
	check_shared(&d, V4L2_SHARE_ENCODER);
	assert_int_equal(d.most, 8);
	/* All that there are, or more. */
	duet_init(&d);
	d.encoder.least = 8;
	check_refused(&d, -EOPNOTSUPP, "keep more buffers than they can share");
	duet_init(&d);
	d.encoder.least = 1000;
	check_refused(&d, -EOPNOTSUPP, "keep more buffers than they can share");
	/* More than anybody can count with. */
	duet_init(&d);
	d.encoder.gives = 33;
	check_refused(&d, -EOPNOTSUPP, "");
}

/* Drivers give fewer buffers than they are asked for, or insist on more: what goes round is enough
 * for both, or the way is not taken. */
static void few_buffers_never_stall_the_two(void **state)
{
	struct duet d;

	/* The camera works with some of the encoder's: one goes round. */
	duet_init(&d);
	d.encoder.least = 2;
	d.camera.gives_most = 3;
	check_shared(&d, V4L2_SHARE_ENCODER);
	/* The encoder would have them all. */
	duet_init(&d);
	d.encoder.least = 3;
	d.camera.gives_most = 3;
	check_refused(&d, -EOPNOTSUPP, "keep more buffers than they can share");
	/* The camera has to have two of its own. */
	duet_init(&d);
	d.encoder.least = 2;
	d.camera.least = 2;
	d.camera.gives_most = 3;
	check_refused(&d, -EOPNOTSUPP, "keep more buffers than they can share");
	d.camera.gives_most = 4;
	check_shared(&d, V4L2_SHARE_ENCODER);
	/* The camera has to have more than the encoder gave: they come from the camera. */
	duet_init(&d);
	d.camera.gives = 7;
	check_shared(&d, V4L2_SHARE_CAMERA);
	duet_init(&d);
	d.camera.least = 1000;
	check_refused(&d, -EOPNOTSUPP, "keep more buffers than they can share");
	/* The encoder imports fewer than there are. */
	duet_init(&d);
	d.encoder.no_export = true;
	d.encoder.imports_most = 4;
	check_refused(&d, -EOPNOTSUPP, "keep more buffers than they can share");
}

/* That nothing has to be copied is not worth a frame. */
static void no_rate_is_given_up_for_sharing(void **state)
{
	struct duet d;

	for (uint32_t fps = 15; fps <= 30; fps += 15) {
		duet_init(&d);
		d.camera.formats[0] = V4L2_PIX_FMT_NV12;
		d.camera.formats[1] = V4L2_PIX_FMT_YUV420;
		d.camera.fps[0] = 30;
		d.camera.fps[1] = fps;
		d.encoder.formats[0] = V4L2_PIX_FMT_YUV420;
		if (fps < 30)
			check_refused(&d, -EOPNOTSUPP, "");
		else
			check_shared(&d, V4L2_SHARE_ENCODER);
	}
}

static void check_colours(const struct duet_node *camera, struct duet_node *encoder)
{
	assert_int_equal(encoder->colorspace, camera->colorspace);
	assert_int_equal(encoder->ycbcr_enc, camera->ycbcr_enc);
	assert_int_equal(encoder->quantization, camera->quantization);
	assert_int_equal(encoder->xfer_func, camera->xfer_func);
	encoder->colorspace = encoder->ycbcr_enc = encoder->quantization = encoder->xfer_func = 0;
}

/* It writes them into its stream: one that was opened anew has forgotten them. */
static void an_encoder_is_told_the_colours_again(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct duet d;

	duet_init(&d);
	d.camera.colorspace = V4L2_COLORSPACE_REC709;
	d.camera.ycbcr_enc = V4L2_YCBCR_ENC_709;
	d.camera.quantization = V4L2_QUANTIZATION_FULL_RANGE;
	d.camera.xfer_func = V4L2_XFER_FUNC_709;
	camera = open_camera(&d);
	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), 0);
	check_colours(&d.camera, &d.encoder);
	assert_int_equal(v4l2_capture_start(camera), 0);
	assert_int_equal(v4l2_share_reopen(&share), 0);
	check_colours(&d.camera, &d.encoder);
	v4l2_share_release(&share);
	assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), 0);
	check_colours(&d.camera, &d.encoder);
	close_both(&d, camera, &share);
}

static void layouts_are_agreed_on_exactly(void **state)
{
	struct duet d;

	/* The camera's lines are longer: the encoder follows, if it can. */
	duet_init(&d);
	d.camera.stride_align = 96;
	check_shared(&d, V4L2_SHARE_ENCODER);
	assert_int_equal(d.encoder.stride, 96);
	/* The encoder's are: the camera follows. */
	duet_init(&d);
	d.encoder.stride_align = 128;
	check_shared(&d, V4L2_SHARE_ENCODER);
	assert_int_equal(d.camera.stride, 128);
	duet_init(&d);
	d.encoder.stride_align = 128;
	d.camera.fixed_stride = true;
	check_refused(&d, -EOPNOTSUPP, "32 lines of 64 bytes, the encoder wants 32 of 128");
	/* Lines that are not there cannot be made up. */
	duet_init(&d);
	d.encoder.height_align = 48;
	check_refused(&d, -EOPNOTSUPP, "32 lines of 64 bytes, the encoder wants 48 of 64");
	/* The other format, where the first is not both's. */
	duet_init(&d);
	d.encoder.formats[0] = V4L2_PIX_FMT_YUV420;
	check_shared(&d, V4L2_SHARE_ENCODER);
	assert_int_equal(d.camera.fourcc, V4L2_PIX_FMT_YUV420);
	duet_init(&d);
	d.camera.formats[1] = d.camera.formats[2] = 0;
	check_refused(&d, -EOPNOTSUPP, "has no format that the encoder could read");
	duet_init(&d);
	d.encoder.formats[0] = V4L2_PIX_FMT_NV16;
	check_refused(&d, -EOPNOTSUPP, "the encoder does not take NV12 64x32");
}

static void an_encoder_that_comes_back_otherwise_is_closed(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct duet d;

	duet_init(&d);
	camera = open_camera(&d);
	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), 0);
	d.encoder.stride_align = 128;
	assert_int_equal(v4l2_share_reopen(&share), -EOPNOTSUPP);
	assert_null(share.m2m);
	close_both(&d, camera, &share);
	duet_init(&d);
	camera = open_camera(&d);
	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), 0);
	d.encoder_open_r = -ENODEV;
	assert_int_equal(v4l2_share_reopen(&share), -ENODEV);
	assert_null(share.m2m);
	close_both(&d, camera, &share);
}

/* An encoder that comes while the camera runs, goes, and comes again. */
static void an_encoder_may_come_later(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct duet d;

	duet_init(&d);
	d.camera.formats[0] = V4L2_PIX_FMT_NV12;
	camera = open_camera(&d);
	assert_int_equal(v4l2_capture_pool(camera)->count, 0);
	assert_int_equal(v4l2_capture_export(camera), -EINVAL);
	assert_int_equal(v4l2_capture_start(camera), 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), 0);
		assert_int_equal(v4l2_capture_pool(camera)->count, 4);
		for (unsigned int n = 0; n < 10; n++)
			pass_frame(&d, camera, &share);
		v4l2_share_release(&share);
	}
	/* One that waits for as many as there are would keep them all. */
	d.encoder.least = 4;
	assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), -EOPNOTSUPP);
	assert_string_equal(share.obstacle,
			    "camera and encoder keep more buffers than they can share");
	d.encoder.least = 3;
	assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), 0);
	v4l2_share_release(&share);
	/* It goes on without, whatever the next one says. */
	d.encoder.stride_align = 96;
	assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), -EOPNOTSUPP);
	d.encoder_open_r = -EBUSY;
	assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), -EBUSY);
	assert_int_equal(v4l2_capture_queued(camera), 4);
	close_both(&d, camera, &share);
}

static void the_memory_outlives_its_encoder(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct v4l2_frame frame;
	struct duet d;

	duet_init(&d);
	camera = open_camera(&d);
	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), 0);
	assert_int_equal(v4l2_capture_start(camera), 0);
	pass_frame(&d, camera, &share);
	v4l2_share_release(&share);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(v4l2_capture_next(camera, &frame), 0);
		assert_int_equal(v4l2_capture_release(camera, &frame), 0);
	}
	assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), 0);
	pass_frame(&d, camera, &share);
	close_both(&d, camera, &share);
}

static void the_cpu_sees_shared_memory_only_when_it_asks(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct v4l2_frame frame;
	unsigned int mapped;
	struct duet d;

	duet_init(&d);
	camera = open_camera(&d);
	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), 0);
	assert_int_equal(v4l2_capture_start(camera), 0);
	assert_int_equal(v4l2_capture_next(camera, &frame), 0);
	assert_null(frame.data[0]);
	mapped = d.mapped;
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(v4l2_capture_read_begin(camera, &frame), 0);
		assert_ptr_equal(frame.data[0], d.memory);
		assert_int_equal(d.mapped, mapped + 1);
		assert_int_equal(v4l2_capture_read_end(camera, &frame), 0);
	}
	close_both(&d, camera, &share);
	/* Its own it sees anyway. */
	duet_init(&d);
	camera = open_camera(&d);
	assert_int_equal(v4l2_capture_start(camera), 0);
	assert_int_equal(v4l2_capture_next(camera, &frame), 0);
	assert_non_null(frame.data[0]);
	assert_int_equal(v4l2_capture_read_begin(camera, &frame), 0);
	assert_int_equal(v4l2_capture_read_end(camera, &frame), 0);
	v4l2_capture_close(camera);
}

static void buffers_come_once(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_pool none = {.n_planes = 2};
	struct duet d;

	duet_init(&d);
	camera = open_camera(&d);
	assert_int_equal(v4l2_capture_import(camera, &none), -EINVAL);
	none.n_planes = 1;
	assert_int_equal(v4l2_capture_import(camera, &none), -ENOMEM);
	assert_int_equal(v4l2_capture_allocate(camera, 6), 0);
	assert_int_equal(v4l2_capture_allocate(camera, 6), -EBUSY);
	assert_int_equal(v4l2_capture_import(camera, &none), -EBUSY);
	assert_int_equal(v4l2_capture_reformat(camera, V4L2_PIX_FMT_NV12, 0), -EBUSY);
	v4l2_capture_free(camera);
	assert_int_equal(v4l2_capture_reformat(camera, V4L2_PIX_FMT_NV12, 0), 0);
	assert_int_equal(v4l2_capture_reformat(camera, V4L2_PIX_FMT_GREY, 0), -EOPNOTSUPP);
	v4l2_capture_close(camera);
}

/* It gives what its pipeline was set up for, and nothing else. */
static void a_camera_behind_a_pipeline_keeps_its_format(void **state)
{
	struct v4l2_capture *camera;
	struct duet d;

	duet_init(&d);
	camera = open_camera(&d);
	v4l2_capture_device(camera)->media_pipeline = true;
	assert_int_equal(v4l2_capture_reformat(camera, v4l2_capture_format(camera)->fourcc, 0), 0);
	assert_int_equal(v4l2_capture_reformat(camera, V4L2_PIX_FMT_YUV420, 0), -EOPNOTSUPP);
	v4l2_capture_close(camera);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_memory_it_is_follows_what_each_can_do),
		cmocka_unit_test(what_cannot_be_shared_leaves_the_camera_as_it_was),
		cmocka_unit_test(an_encoder_may_keep_many_buffers),
		cmocka_unit_test(few_buffers_never_stall_the_two),
		cmocka_unit_test(no_rate_is_given_up_for_sharing),
		cmocka_unit_test(an_encoder_is_told_the_colours_again),
		cmocka_unit_test(layouts_are_agreed_on_exactly),
		cmocka_unit_test(an_encoder_that_comes_back_otherwise_is_closed),
		cmocka_unit_test(an_encoder_may_come_later),
		cmocka_unit_test(the_memory_outlives_its_encoder),
		cmocka_unit_test(the_cpu_sees_shared_memory_only_when_it_asks),
		cmocka_unit_test(buffers_come_once),
		cmocka_unit_test(a_camera_behind_a_pipeline_keeps_its_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
