// SPDX-License-Identifier: LGPL-2.1-or-later
/* How pictures lie in memory, and which encoder takes them so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/v4l2-duet.h"
#include "v4l2/device.h"
#include "v4l2/layout.h"
#include "v4l2/m2m-format.h"

static void a_layout_is_the_same_in_all_or_not_at_all(void **state)
{
	const struct v4l2_capture_format camera = {.fourcc = V4L2_PIX_FMT_NV12,
						   .width = 64,
						   .height = 32,
						   .n_planes = 1,
						   .stride = {64}};
	const struct v4l2_raw encoder = {.fourcc = V4L2_PIX_FMT_NV12,
					 .width = 80,
					 .height = 32,
					 .visible_width = 64,
					 .visible_height = 32,
					 .n_planes = 1,
					 .components[0].stride = 64};
	struct v4l2_raw other = encoder;

	assert_true(v4l2_layout_same(&camera, &encoder));
	other.n_planes = 2;
	assert_false(v4l2_layout_same(&camera, &other));
	other = encoder;
	other.fourcc = V4L2_PIX_FMT_YUV420;
	assert_false(v4l2_layout_same(&camera, &other));
	other = encoder;
	other.components[0].stride = 80;
	assert_false(v4l2_layout_same(&camera, &other));
	other = encoder;
	other.height = 48;
	assert_false(v4l2_layout_same(&camera, &other));
	other = encoder;
	other.visible_width = 62;
	assert_false(v4l2_layout_same(&camera, &other));
	other = encoder;
	other.visible_height = 30;
	assert_false(v4l2_layout_same(&camera, &other));
}

static void an_encoder_is_known_by_what_it_makes_of_what(void **state)
{
	struct v4l2_device device;
	struct duet d;

	duet_init(&d);
	assert_int_equal(v4l2_device_open(&d.sys, "encoder", &device), 0);
	assert_true(v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_H264));
	assert_false(v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_HEVC));
	d.encoder.formats[0] = V4L2_PIX_FMT_NV16;
	assert_false(v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_H264));
	device.streaming = false;
	assert_false(v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_H264));
	v4l2_device_close(&device);
	assert_int_equal(v4l2_device_open(&d.sys, "camera", &device), 0);
	assert_false(v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_H264));
	v4l2_device_close(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_layout_is_the_same_in_all_or_not_at_all),
		cmocka_unit_test(an_encoder_is_known_by_what_it_makes_of_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
