// SPDX-License-Identifier: LGPL-2.1-or-later
/* Formats whose planes lie apart: what they are, cameras that have them, and what is shared of
 * them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/support/v4l2-duet.h"
#include "v4l2/capture-image.h"
#include "v4l2/planes.h"
#include "v4l2/pool.h"
#include "v4l2/share.h"

static const struct v4l2_m2m_want want = {.codec = V4L2_PIX_FMT_H264, .fps_num = 30, .fps_den = 1};

static void formats_are_known_by_their_planes(void **state)
{
	const struct {
		uint32_t fourcc, joined;
		unsigned int planes;
		uint32_t chroma; /* bytes a line, of 64 of the luma */
	} known[] = {
		{V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_NV12, 2, 64},
		{V4L2_PIX_FMT_NV61M, V4L2_PIX_FMT_NV61, 2, 64},
		{V4L2_PIX_FMT_YVU420M, V4L2_PIX_FMT_YVU420, 3, 32},
		{V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_NV12, 1, 64},
		{V4L2_PIX_FMT_H264, V4L2_PIX_FMT_H264, 1, 64},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct v4l2_pix_format_mplane pix = {.pixelformat = known[i].fourcc};
		uint32_t strides[3] = {}, sizes[3] = {};

		assert_int_equal(v4l2_planes_count(known[i].fourcc), known[i].planes);
		assert_int_equal(v4l2_planes_joined(known[i].fourcc), known[i].joined);
		assert_int_equal(v4l2_planes_stride(known[i].fourcc, 0, 64), 64);
		assert_int_equal(v4l2_planes_stride(known[i].fourcc, 1, 64), known[i].chroma);
		v4l2_planes_ask(&pix, 64);
		assert_int_equal(pix.num_planes, known[i].planes);
		/* A driver that tells of the first plane's lines only. */
		pix.plane_fmt[1].bytesperline = 0;
		assert_int_equal(v4l2_planes_read(&pix, strides, sizes), 0);
		assert_int_equal(strides[0], 64);
		assert_int_equal(strides[1], known[i].planes > 1 ? known[i].chroma : 0);
		pix.num_planes++;
		assert_int_equal(v4l2_planes_read(&pix, strides, sizes), -EOPNOTSUPP);
	}
}

static void init(struct duet *d, uint32_t camera, uint32_t camera_also, uint32_t encoder)
{
	duet_init(d);
	d->camera.planar = d->encoder.planar = true;
	d->camera.formats[0] = camera;
	d->camera.formats[1] = camera_also;
	d->camera.formats[2] = 0;
	d->encoder.formats[0] = encoder;
}

static struct v4l2_capture *open_camera(struct duet *d)
{
	const struct v4l2_capture_want w = {.width = DUET_WIDTH, .height = DUET_HEIGHT, .fps = 30};
	struct v4l2_capture *camera;

	assert_int_equal(v4l2_capture_open(&d->sys, "camera", &w, &camera), 0);
	return camera;
}

static void close_both(struct duet *d, struct v4l2_capture *camera, struct v4l2_share *share)
{
	v4l2_capture_close(camera);
	v4l2_share_release(share);
	assert_int_equal(d->encoder.opened, d->encoder.closed);
	assert_int_equal(duet_dmabufs_open(d), 0);
	assert_int_equal(d->mapped, 0);
	assert_int_equal(d->reading, 0);
	if (d->breach)
		fail_msg("%s", d->breach);
}

static void pass_frames(struct duet *d, struct v4l2_capture *camera, struct v4l2_share *share)
{
	struct v4l2_frame frame;

	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(v4l2_capture_next(camera, &frame), 0);
		assert_true(v4l2_capture_image_is_whole(v4l2_capture_format(camera), &frame));
		assert_int_equal(v4l2_m2m_put(share->m2m, frame.index, d->now += 33333), 0);
		assert_false(v4l2_m2m_holds(share->m2m, frame.index));
		assert_int_equal(v4l2_capture_release(camera, &frame), 0);
	}
}

/* Each memory plane is the same DMA-buf for both, and another one than its neighbour. */
static void check_memory(const struct duet *d, unsigned int planes)
{
	const int *camera = d->camera.raw.fds[0], *encoder = d->encoder.raw.fds[0];

	for (unsigned int i = 0; i < planes; i++) {
		assert_true(encoder[i] >= DUET_DMABUF);
		if (d->camera.raw.memory == V4L2_MEMORY_DMABUF)
			assert_int_equal(encoder[i], camera[i]);
		for (unsigned int k = 0; k < i; k++)
			assert_int_not_equal(encoder[i], encoder[k]);
	}
}

static void check_shared(struct duet *d, enum v4l2_share_owner owner, uint32_t fourcc)
{
	struct v4l2_capture *camera = open_camera(d);
	unsigned int planes = v4l2_planes_count(fourcc);
	struct v4l2_share share;

	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), 0);
	assert_int_equal(share.owner, owner);
	assert_int_equal(d->camera.fourcc, fourcc);
	assert_int_equal(d->encoder.fourcc, fourcc);
	assert_int_equal(v4l2_capture_pool(camera)->n_planes, planes);
	assert_int_equal(v4l2_capture_start(camera), 0);
	pass_frames(d, camera, &share);
	assert_int_equal(v4l2_share_reopen(&share), 0);
	pass_frames(d, camera, &share);
	check_memory(d, planes);
	v4l2_share_release(&share);
	assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), 0);
	pass_frames(d, camera, &share);
	check_memory(d, planes);
	close_both(d, camera, &share);
}

static void planes_that_lie_apart_are_shared(void **state)
{
	const uint32_t formats[] = {V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_YUV420M};
	struct duet d;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		init(&d, formats[i], 0, formats[i]);
		check_shared(&d, V4L2_SHARE_ENCODER, formats[i]);
		init(&d, formats[i], 0, formats[i]);
		d.encoder.no_export = true;
		check_shared(&d, V4L2_SHARE_CAMERA, formats[i]);
		init(&d, formats[i], 0, formats[i]);
		d.camera.no_import = true;
		d.camera.stride_align = 96;
		check_shared(&d, V4L2_SHARE_CAMERA, formats[i]);
		init(&d, formats[i], 0, formats[i]);
		d.camera.no_export = d.encoder.no_export = d.has_heap = true;
		check_shared(&d, V4L2_SHARE_HEAP, formats[i]);
	}
}

static void what_saves_a_copy_is_preferred_else_one_buffer(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct duet d;

	init(&d, V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_NV12);
	d.encoder.formats[1] = V4L2_PIX_FMT_NV12M;
	check_shared(&d, V4L2_SHARE_ENCODER, V4L2_PIX_FMT_NV12);
	init(&d, V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_NV12M);
	check_shared(&d, V4L2_SHARE_ENCODER, V4L2_PIX_FMT_NV12M);
	init(&d, V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420M);
	camera = open_camera(&d);
	assert_int_equal(v4l2_capture_format(camera)->fourcc, V4L2_PIX_FMT_NV12);
	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), -EOPNOTSUPP);
	assert_non_null(strstr(share.obstacle, "the encoder does not take NV12 64x32"));
	assert_int_equal(v4l2_capture_format(camera)->fourcc, V4L2_PIX_FMT_NV12);
	close_both(&d, camera, &share);
}

/* Chroma begins with a buffer of its own: lines that nobody sees do not move it. */
static void only_lines_have_to_be_of_one_length(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct duet d;

	init(&d, V4L2_PIX_FMT_NV12M, 0, V4L2_PIX_FMT_NV12M);
	d.encoder.height_align = 48;
	d.encoder.stride_align = 128;
	check_shared(&d, V4L2_SHARE_ENCODER, V4L2_PIX_FMT_NV12M);
	assert_int_equal(d.camera.stride, 128);
	init(&d, V4L2_PIX_FMT_YUV420M, 0, V4L2_PIX_FMT_YUV420M);
	d.encoder.stride_align = 128;
	d.camera.fixed_stride = true;
	camera = open_camera(&d);
	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), -EOPNOTSUPP);
	assert_non_null(strstr(share.obstacle, "YM12: the camera has 32 lines of 64 bytes"));
	close_both(&d, camera, &share);
}

static void the_cpu_sees_all_planes_or_none(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct v4l2_frame frame;
	struct duet d;

	init(&d, V4L2_PIX_FMT_YUV420M, 0, V4L2_PIX_FMT_YUV420M);
	camera = open_camera(&d);
	assert_int_equal(v4l2_share_new(camera, "encoder", NULL, &want, &share), 0);
	assert_int_equal(v4l2_capture_start(camera), 0);
	assert_int_equal(v4l2_capture_next(camera, &frame), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_null(frame.data[i]);
	assert_int_equal(v4l2_capture_read_begin(camera, &frame), 0);
	assert_int_equal(d.reading, 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_non_null(frame.data[i]);
	assert_int_equal(v4l2_capture_read_end(camera, &frame), 0);
	assert_int_equal(d.reading, 0);
	d.sync_r = -EIO;
	d.sync_after = 2;
	assert_int_equal(v4l2_capture_read_begin(camera, &frame), -EIO);
	assert_int_equal(d.reading, 0);
	close_both(&d, camera, &share);
}

static void a_frame_that_lacks_a_plane_is_faulty(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_frame frame;
	struct duet d;

	init(&d, V4L2_PIX_FMT_NV12M, 0, 0);
	camera = open_camera(&d);
	assert_int_equal(v4l2_capture_start(camera), 0);
	d.camera.empty_plane = 1;
	assert_int_equal(v4l2_capture_next(camera, &frame), -EAGAIN);
	d.camera.empty_plane = 0;
	assert_int_equal(v4l2_capture_next(camera, &frame), 0);
	assert_true(frame.faulty_before > 0);
	assert_int_equal(frame.bytesused[1], DUET_WIDTH * DUET_HEIGHT / 2);
	v4l2_capture_close(camera);
	/* The other API has no such formats, whatever a driver lists. */
	init(&d, V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_YUYV, 0);
	d.camera.planar = false;
	camera = open_camera(&d);
	assert_int_equal(v4l2_capture_format(camera)->fourcc, V4L2_PIX_FMT_YUYV);
	v4l2_capture_close(camera);
}

/* Whoever works on the same memory knows nothing of what a driver puts before the picture. */
static void a_picture_that_begins_later_is_not_shared(void **state)
{
	struct v4l2_capture *camera;
	struct v4l2_share share;
	struct v4l2_frame frame;
	struct duet d;

	init(&d, V4L2_PIX_FMT_NV12M, 0, V4L2_PIX_FMT_NV12M);
	d.camera.offset = 128;
	camera = open_camera(&d);
	assert_int_equal(v4l2_capture_start(camera), 0);
	assert_int_equal(v4l2_capture_next(camera, &frame), 0);
	assert_ptr_equal(frame.data[0], d.memory + 128);
	assert_int_equal(frame.bytesused[0], DUET_WIDTH * DUET_HEIGHT);
	assert_int_equal(v4l2_capture_release(camera, &frame), 0);
	assert_int_equal(v4l2_share_join(camera, "encoder", &want, &share), 0);
	assert_int_equal(v4l2_capture_next(camera, &frame), -EAGAIN);
	d.camera.offset = 0;
	assert_int_equal(v4l2_capture_next(camera, &frame), 0);
	assert_true(frame.faulty_before > 0);
	close_both(&d, camera, &share);
}

static void a_picture_is_put_together_of_its_planes(void **state)
{
	static const uint8_t y[64 * 32], c[64 * 32];
	const struct v4l2_capture_format nm12 = {.fourcc = V4L2_PIX_FMT_NV12M,
						 .width = 64,
						 .height = 32,
						 .n_planes = 2,
						 .stride = {64, 64}};
	const struct v4l2_frame whole = {.data = {y, c}, .bytesused = {64 * 32, 64 * 16}};
	struct v4l2_frame unseen = {.bytesused = {64 * 32, 64 * 16}};
	struct v4l2_capture_format other = nm12;
	struct v4l2_image image;

	assert_int_equal(v4l2_capture_image(&nm12, &whole, &image), 0);
	assert_int_equal(image.fourcc, V4L2_PIX_FMT_NV12);
	assert_ptr_equal(image.plane[0], y);
	assert_ptr_equal(image.plane[1], c);
	assert_int_equal(image.stride[1], 64);
	assert_true(v4l2_capture_image_is_whole(&nm12, &unseen));
	unseen.bytesused[1]--;
	assert_false(v4l2_capture_image_is_whole(&nm12, &unseen));
	assert_int_equal(v4l2_capture_image(&nm12, &unseen, &image), -ENODATA);
	/* 4:2:2 has twice as much chroma. */
	other.fourcc = V4L2_PIX_FMT_NV16M;
	assert_int_equal(v4l2_capture_image(&other, &whole, &image), -ENODATA);
	other.stride[1] = 62;
	assert_int_equal(v4l2_capture_image(&other, &whole, &image), -EINVAL);
	other.width = 0;
	assert_int_equal(v4l2_capture_image(&other, &whole, &image), -EINVAL);
	/* What only a converter knows has lines at least. */
	other = (struct v4l2_capture_format){
		.fourcc = V4L2_PIX_FMT_SBGGR8, .height = 32, .n_planes = 1, .stride = {64}};
	assert_true(v4l2_capture_image_is_whole(&other, &whole));
	other.height++;
	assert_false(v4l2_capture_image_is_whole(&other, &whole));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_known_by_their_planes),
		cmocka_unit_test(planes_that_lie_apart_are_shared),
		cmocka_unit_test(what_saves_a_copy_is_preferred_else_one_buffer),
		cmocka_unit_test(only_lines_have_to_be_of_one_length),
		cmocka_unit_test(the_cpu_sees_all_planes_or_none),
		cmocka_unit_test(a_frame_that_lacks_a_plane_is_faulty),
		cmocka_unit_test(a_picture_that_begins_later_is_not_shared),
		cmocka_unit_test(a_picture_is_put_together_of_its_planes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
