// SPDX-License-Identifier: LGPL-2.1-or-later
/* Agreeing with an encoder on formats and controls, and importing into it, against a played driver.
 */
#include <errno.h>

#include "tests/unit/m2m-bench.h"
#include "v4l2/dmabuf.h"

static int open_with(struct encoder_driver *d, const struct v4l2_m2m_want *want,
		     struct v4l2_m2m_format *ret)
{
	struct v4l2_m2m *m2m = NULL;
	int r = v4l2_m2m_open(&d->sys, "encoder", want, &m2m);

	if (r >= 0)
		*ret = *v4l2_m2m_format(m2m);
	bench_end(d, m2m);
	return r;
}

static void every_raw_format_by_either_api(void **state)
{
	const struct {
		uint32_t fourcc;
		unsigned int planes, components;
	} raws[] = {
		{V4L2_PIX_FMT_NV12, 1, 2},
		{V4L2_PIX_FMT_YUV420, 1, 3},
		{V4L2_PIX_FMT_NV12M, 2, 2},
		{V4L2_PIX_FMT_YUV420M, 3, 3},
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(raws); i++) {
		bool multiplanar = i % 2;
		struct v4l2_m2m_want want = bench_want;
		struct v4l2_m2m_format format;
		struct encoder_driver d;

		if (raws[i / 2].planes > 1 && !multiplanar)
			continue;
		encoder_driver_init(&d, NULL, 0);
		d.raws[0] = V4L2_PIX_FMT_YUYV;
		d.raws[1] = raws[i / 2].fourcc;
		d.caps = V4L2_CAP_STREAMING |
			 (multiplanar ? V4L2_CAP_VIDEO_M2M_MPLANE : V4L2_CAP_VIDEO_M2M);
		want.raw = i % 3 ? 0 : raws[i / 2].fourcc;
		assert_int_equal(open_with(&d, &want, &format), 0);
		assert_int_equal(format.raw.fourcc, raws[i / 2].fourcc);
		assert_int_equal(format.raw.n_planes, raws[i / 2].planes);
		assert_int_equal(format.raw.n_components, raws[i / 2].components);
		assert_int_equal(format.coded_size, 4096);
	}
}

static void the_preferred_raw_format_comes_first(void **state)
{
	struct v4l2_m2m_want want = bench_want;
	struct v4l2_m2m_format format;
	struct encoder_driver d;

	encoder_driver_init(&d, NULL, 0);
	d.raws[0] = V4L2_PIX_FMT_YUV420;
	d.raws[1] = V4L2_PIX_FMT_NV12;
	assert_int_equal(open_with(&d, &want, &format), 0);
	assert_int_equal(format.raw.fourcc, V4L2_PIX_FMT_NV12);
	want.raw = V4L2_PIX_FMT_YUV420;
	assert_int_equal(open_with(&d, &want, &format), 0);
	assert_int_equal(format.raw.fourcc, V4L2_PIX_FMT_YUV420);
	want.raw = V4L2_PIX_FMT_NV12M;
	assert_int_equal(open_with(&d, &want, &format), -EOPNOTSUPP);
	want.raw = V4L2_PIX_FMT_YUYV;
	assert_int_equal(open_with(&d, &want, &format), -EOPNOTSUPP);
}

static int open_sized(uint32_t align, bool no_crop, bool moves, bool planar_only,
		      struct v4l2_m2m_format *ret)
{
	struct v4l2_m2m_want want = bench_want;
	struct encoder_driver d;

	want.height = 36;
	encoder_driver_init(&d, NULL, 0);
	if (planar_only)
		d.caps = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING;
	d.align = align;
	d.no_crop = no_crop;
	d.crop_moves = moves;
	d.crop_planar_only = planar_only;
	return open_with(&d, &want, ret);
}

/* Padding is not for viewers: it must be cropped, or the encoder is not for this size. */
static void padding_is_cropped_or_refused(void **state)
{
	struct v4l2_m2m_format format;

	assert_int_equal(open_sized(16, false, false, false, &format), 0);
	assert_int_equal(format.raw.height, 48);
	assert_int_equal(format.raw.visible_height, 36);
	assert_int_equal(open_sized(16, false, false, true, &format), 0);
	assert_int_equal(format.raw.visible_height, 36);
	assert_int_equal(open_sized(16, true, false, false, &format), -ERANGE);
	assert_int_equal(open_sized(16, false, true, false, &format), -ERANGE);
	assert_int_equal(open_sized(2, true, false, false, &format), 0);
	assert_int_equal(format.raw.visible_height, 36);
}

static void too_large_is_told_before_there_is_no_format(void **state)
{
	struct v4l2_m2m_format format;
	struct encoder_driver d;

	encoder_driver_init(&d, NULL, 0);
	d.max_width = 32;
	assert_int_equal(open_with(&d, &bench_want, &format), -ERANGE);
}

static int open_codec(uint32_t offered, bool forgets, uint32_t coded_size, uint32_t caps)
{
	struct v4l2_m2m_format format;
	struct encoder_driver d;

	encoder_driver_init(&d, NULL, 0);
	d.coded[0] = offered;
	d.coded_now = V4L2_PIX_FMT_MPEG4;
	d.forgets_coded = forgets;
	d.coded_size = coded_size;
	d.caps = caps;
	return open_with(&d, &bench_want, &format);
}

static void nodes_that_are_no_such_encoder_are_refused(void **state)
{
	const uint32_t m2m = V4L2_CAP_VIDEO_M2M | V4L2_CAP_STREAMING;

	assert_int_equal(open_codec(V4L2_PIX_FMT_H264, false, 4096, m2m), 0);
	assert_int_equal(open_codec(V4L2_PIX_FMT_HEVC, false, 4096, m2m), -EOPNOTSUPP);
	assert_int_equal(open_codec(0, false, 4096, m2m), -EOPNOTSUPP);
	assert_int_equal(open_codec(V4L2_PIX_FMT_H264, true, 4096, m2m), -EOPNOTSUPP);
	assert_int_equal(open_codec(V4L2_PIX_FMT_H264, false, 0, m2m), -EOPNOTSUPP);
	assert_int_equal(open_codec(V4L2_PIX_FMT_H264, false, 4096, V4L2_CAP_VIDEO_M2M),
			 -EOPNOTSUPP);
	assert_int_equal(open_codec(V4L2_PIX_FMT_H264, false, 4096,
				    V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING),
			 -ENOTTY);
}

/* Each call of the negotiation, failing for good. */
static void errors_of_the_negotiation_are_told(void **state)
{
	const struct fault faults[] = {
		{VIDIOC_QUERYCAP, 0, 1, -ENODEV},   {VIDIOC_ENUM_FMT, 0, 1, -ENODEV},
		{VIDIOC_ENUM_FMT, 1, 1, -ENODEV},   {VIDIOC_S_FMT, 0, 1, -EBUSY},
		{VIDIOC_S_FMT, 1, 1, -EBUSY},       {VIDIOC_G_FMT, 0, 1, -EIO},
		{VIDIOC_S_SELECTION, 0, 1, -EBUSY}, {VIDIOC_S_PARM, 0, 1, -ENODEV},
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct v4l2_m2m_format format;
		struct encoder_driver d;

		encoder_driver_init(&d, NULL, 0);
		d.faults[0] = faults[i];
		assert_int_equal(open_with(&d, &bench_want, &format), faults[i].r);
	}
}

static void planes_that_cannot_be_are_refused(void **state)
{
	struct v4l2_m2m_format format;
	struct encoder_driver d;

	encoder_driver_init(&d, NULL, 0);
	d.caps = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING;
	d.odd_planes = true;
	assert_int_equal(open_with(&d, &bench_want, &format), -EOPNOTSUPP);
}

static void wants_that_cannot_be_are_refused(void **state)
{
	const struct v4l2_m2m_want wants[] = {
		{.width = 0, .height = 64, .fps_num = 1, .fps_den = 1},
		{.width = 64, .height = 0, .fps_num = 1, .fps_den = 1},
		{.width = 63, .height = 64, .fps_num = 1, .fps_den = 1},
		{.width = 64, .height = 63, .fps_num = 1, .fps_den = 1},
		{.width = 20000, .height = 64, .fps_num = 1, .fps_den = 1},
		{.width = 64, .height = 20000, .fps_num = 1, .fps_den = 1},
		{.width = 64, .height = 64, .fps_num = 0, .fps_den = 1},
		{.width = 64, .height = 64, .fps_num = 1, .fps_den = 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
		struct v4l2_m2m_format format;
		struct encoder_driver d;

		encoder_driver_init(&d, NULL, 0);
		assert_int_equal(open_with(&d, &wants[i], &format), -EINVAL);
	}
}

static void the_interval_is_what_the_driver_says(void **state)
{
	struct v4l2_m2m_format format;
	struct encoder_driver d;

	encoder_driver_init(&d, NULL, 0);
	assert_int_equal(open_with(&d, &bench_want, &format), 0);
	assert_int_equal(format.fps_num, 30);
	assert_int_equal(format.fps_den, 1);
	d.interval = (struct v4l2_fract){1001, 24000};
	assert_int_equal(open_with(&d, &bench_want, &format), 0);
	assert_int_equal(format.fps_num, 24000);
	d.interval = (struct v4l2_fract){0, 1};
	assert_int_equal(open_with(&d, &bench_want, &format), 0);
	assert_int_equal(format.fps_num, 0);
	d.no_interval = true;
	assert_int_equal(open_with(&d, &bench_want, &format), 0);
	assert_int_equal(format.fps_num, 0);
	assert_int_equal(format.fps_den, 1);
}

/* Notes of the controls that an encoder like this gets. */
static int open_controls(struct encoder_driver *d, const struct v4l2_m2m_want *want,
			 struct v4l2_m2m_controls *ret)
{
	struct v4l2_m2m *m2m = NULL;
	int r = v4l2_m2m_open(&d->sys, "encoder", want, &m2m);

	if (r >= 0)
		*ret = *v4l2_m2m_controls(m2m);
	bench_end(d, m2m);
	return r;
}

static const struct v4l2_m2m_note *note_of(const struct v4l2_m2m_controls *controls, uint32_t id)
{
	for (unsigned int i = 0; i < controls->n_notes; i++)
		if (controls->notes[i].id == id)
			return &controls->notes[i];
	fail_msg("no note of %#x", id);
	return NULL;
}

static void controls_are_set_one_by_one_and_told(void **state)
{
	struct v4l2_m2m_controls controls;
	struct v4l2_m2m_want want = bench_want;
	const struct v4l2_m2m_note *note;
	struct encoder_driver d;

	want.bitrate = 20000;
	want.gop = 60;
	encoder_driver_init(&d, NULL, 0);
	control_of(&d, V4L2_CID_MPEG_VIDEO_GOP_SIZE)->set_r = -EACCES;
	assert_int_equal(open_controls(&d, &want, &controls), 0);
	note = note_of(&controls, V4L2_CID_MPEG_VIDEO_BITRATE);
	assert_int_equal(note->asked, 20000);
	assert_int_equal(note->taken, 9000);
	assert_int_equal(note->error, 0);
	assert_int_equal(note_of(&controls, V4L2_CID_MPEG_VIDEO_GOP_SIZE)->error, -EACCES);
	assert_int_equal(note_of(&controls, V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER)->error, -ENOTTY);
	assert_true(controls.forces_keyframes);

	/* Switched off is not there; without the one for the GOP, the other. */
	control_of(&d, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME)->flags = V4L2_CTRL_FLAG_DISABLED;
	control_of(&d, V4L2_CID_MPEG_VIDEO_GOP_SIZE)->id = V4L2_CID_MPEG_VIDEO_H264_I_PERIOD;
	control_of(&d, V4L2_CID_MPEG_VIDEO_H264_I_PERIOD)->set_r = 0;
	assert_int_equal(open_controls(&d, &want, &controls), 0);
	assert_false(controls.forces_keyframes);
	assert_int_equal(note_of(&controls, V4L2_CID_MPEG_VIDEO_H264_I_PERIOD)->taken, 60);
}

static int open_reordering(int32_t min, int32_t value, int set_r, int get_r)
{
	struct v4l2_m2m_controls controls;
	struct encoder_driver d;

	encoder_driver_init(&d, NULL, 0);
	d.controls[3] = (struct played_control){.id = V4L2_CID_MPEG_VIDEO_B_FRAMES,
						.min = min,
						.max = 4,
						.step = 1,
						.value = value,
						.set_r = set_r,
						.get_r = get_r};
	return open_controls(&d, &bench_want, &controls);
}

static void an_encoder_that_must_reorder_is_refused(void **state)
{
	assert_int_equal(open_reordering(0, 2, 0, 0), 0);
	assert_int_equal(open_reordering(1, 2, 0, 0), -EOPNOTSUPP);
	assert_int_equal(open_reordering(0, 2, -EACCES, 0), -EOPNOTSUPP);
	assert_int_equal(open_reordering(0, 0, -EACCES, 0), 0);
	assert_int_equal(open_reordering(0, 2, -EACCES, -EIO), 0);
}

/* What the encoder needs, or the error where it does not get that: the driver has four. */
static int raw_buffers(int32_t least, unsigned int wanted, int reqbufs_r)
{
	struct v4l2_m2m_want want = bench_want;
	struct encoder_driver d;
	struct v4l2_m2m *m2m;
	int r;

	want.buffers = wanted;
	encoder_driver_init(&d, NULL, 0);
	d.controls[3] =
		(struct played_control){.id = V4L2_CID_MIN_BUFFERS_FOR_OUTPUT, .value = least};
	if (reqbufs_r < 0)
		d.faults[0] = (struct fault){VIDIOC_REQBUFS, 0, 1, reqbufs_r};
	assert_int_equal(v4l2_m2m_open(&d.sys, "encoder", &want, &m2m), 0);
	r = v4l2_m2m_start(m2m);
	if (r >= 0)
		r = (int)v4l2_m2m_controls(m2m)->least_raw;
	assert_true((d.mapped == 0) == (r < 0));
	bench_end(&d, m2m);
	return r;
}

static void an_encoder_gets_the_buffers_it_needs(void **state)
{
	assert_int_equal(raw_buffers(0, 0, 0), 1);
	assert_int_equal(raw_buffers(3, 0, 0), 3);
	assert_int_equal(raw_buffers(4, 2, 0), 4);
	/* Of fewer it would keep all, and wait. */
	assert_int_equal(raw_buffers(5, 0, 0), -ENOBUFS);
	assert_int_equal(raw_buffers(1000, 2, 0), -ENOBUFS);
	/* That it cannot be is no lack of memory. */
	assert_int_equal(raw_buffers(32, 0, -ENOMEM), -ENOMEM);
	assert_int_equal(raw_buffers(33, 0, -ENOMEM), -ENOBUFS);
}

static void imported_buffers_keep_their_index(void **state)
{
	const int fds[] = {DMABUF_FD, DMABUF_FD + 1};
	struct v4l2_m2m_want want = bench_want;
	const struct step steps[] = {STEP_KEY(0)};
	struct v4l2_m2m_raw raw;
	struct encoder_driver d;
	struct v4l2_m2m *m2m;

	want.import = true;
	for (int multi = 0; multi < 2; multi++) {
		encoder_driver_init(&d, steps, ARRAY_SIZE(steps));
		if (multi) {
			d.caps = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING;
			d.raws[0] = V4L2_PIX_FMT_NV12M;
		}
		m2m = bench_begin(&d, &want);
		assert_int_equal(d.mapped, BUFFERS);
		/* Nothing to give until somebody brings memory. */
		assert_int_equal(v4l2_m2m_take(m2m, &raw), -EAGAIN);
		assert_int_equal(v4l2_m2m_put(m2m, 1, CLOCK), -EINVAL);
		assert_int_equal(v4l2_m2m_import(m2m, 1, fds), 0);
		assert_int_equal(v4l2_m2m_import(m2m, 1, fds), -EEXIST);
		assert_int_equal(v4l2_m2m_import(m2m, BUFFERS, fds), -EINVAL);
		assert_int_equal(v4l2_m2m_take(m2m, &raw), 0);
		assert_int_equal(raw.index, 1);
		assert_null(raw.planes[0]);
		bench_put(m2m, 0, 1);
		EXPECT_KEY(m2m, 0, 0);
		d.dmabuf_size = 64 * 64 - 1;
		assert_int_equal(v4l2_m2m_import(m2m, 2, fds), -ENOSPC);
		d.dmabuf_size = (int64_t)UINT32_MAX + 1;
		assert_int_equal(v4l2_m2m_import(m2m, 2, fds), -ENOSPC);
		d.dmabuf_size = -EBADF;
		assert_int_equal(v4l2_m2m_import(m2m, 2, fds), -EBADF);
		d.dmabuf_size = PLANE;
		bench_end(&d, m2m);
	}
}

static void buffers_are_exported_plane_by_plane(void **state)
{
	const struct v4l2_queue *queue;
	struct encoder_driver d;
	struct v4l2_m2m *m2m;
	int fd = -1;

	encoder_driver_init(&d, NULL, 0);
	m2m = bench_begin(&d, &bench_want);
	queue = v4l2_m2m_raw_queue(m2m);
	assert_int_equal(v4l2_dmabuf_export(queue, 0, 0, &fd), 0);
	assert_int_equal(fd, DMABUF_FD);
	assert_int_equal(v4l2_dmabuf_export(queue, BUFFERS, 0, &fd), -EINVAL);
	assert_int_equal(v4l2_dmabuf_export(queue, 0, 1, &fd), -EINVAL);
	d.faults[0] = (struct fault){VIDIOC_EXPBUF, 0, 1, -ENOTTY};
	assert_int_equal(v4l2_dmabuf_export(queue, 0, 0, &fd), -ENOTTY);
	assert_int_equal(v4l2_m2m_import(m2m, 0, &fd), -EINVAL);
	assert_int_equal(v4l2_m2m_fd(m2m), ENCODER_FD);
	bench_end(&d, m2m);
}

static void access_by_the_cpu_is_told_to_the_exporter(void **state)
{
	struct encoder_driver d;

	encoder_driver_init(&d, NULL, 0);
	d.busy_syncs = 3;
	assert_int_equal(v4l2_dmabuf_begin(&d.sys, DMABUF_FD, V4L2_DMABUF_WRITE), 0);
	assert_int_equal(v4l2_dmabuf_end(&d.sys, DMABUF_FD, V4L2_DMABUF_WRITE), 0);
	assert_int_equal(d.n_synced, 2);
	assert_int_equal(v4l2_dmabuf_begin(&d.sys, 3, V4L2_DMABUF_READ), -ENOTTY);
	d.busy_syncs = 1000;
	assert_int_equal(v4l2_dmabuf_begin(&d.sys, DMABUF_FD, V4L2_DMABUF_READ), -EAGAIN);
	d.busy_syncs = 0;
	d.faults[0] = (struct fault){DMA_BUF_IOCTL_SYNC, 0, 1, -EINTR};
	assert_int_equal(v4l2_dmabuf_begin(&d.sys, DMABUF_FD, V4L2_DMABUF_READ), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_raw_format_by_either_api),
		cmocka_unit_test(the_preferred_raw_format_comes_first),
		cmocka_unit_test(padding_is_cropped_or_refused),
		cmocka_unit_test(too_large_is_told_before_there_is_no_format),
		cmocka_unit_test(nodes_that_are_no_such_encoder_are_refused),
		cmocka_unit_test(errors_of_the_negotiation_are_told),
		cmocka_unit_test(planes_that_cannot_be_are_refused),
		cmocka_unit_test(wants_that_cannot_be_are_refused),
		cmocka_unit_test(the_interval_is_what_the_driver_says),
		cmocka_unit_test(controls_are_set_one_by_one_and_told),
		cmocka_unit_test(an_encoder_that_must_reorder_is_refused),
		cmocka_unit_test(an_encoder_gets_the_buffers_it_needs),
		cmocka_unit_test(imported_buffers_keep_their_index),
		cmocka_unit_test(buffers_are_exported_plane_by_plane),
		cmocka_unit_test(access_by_the_cpu_is_told_to_the_exporter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
