// SPDX-License-Identifier: LGPL-2.1-or-later
/* Devices whose drivers tell of controls what cannot be, or never stop. */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "v4l2/controls.h"
#include "v4l2/device.h"

#define ID V4L2_CID_BRIGHTNESS

/* Every id has the same control, `rises` after the one before. */
struct driver {
	struct v4l2_sys sys;
	struct v4l2_query_ext_ctrl control;
	uint32_t rises;
	int query_r, menu_r, get_r, set_r;
	unsigned int queried;
};

static int driver_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	struct driver *d = (struct driver *)(uintptr_t)sys;
	struct v4l2_query_ext_ctrl *q = arg;
	uint32_t id = q->id;

	switch (request) {
	case VIDIOC_QUERY_EXT_CTRL:
		d->queried++;
		*q = d->control;
		q->id = (id & ~V4L2_CTRL_FLAG_NEXT_CTRL) + d->rises;
		return d->query_r;
	case VIDIOC_QUERYMENU:
		((struct v4l2_querymenu *)arg)->value = -7;
		return d->menu_r;
	case VIDIOC_G_CTRL:
		return d->get_r;
	case VIDIOC_S_CTRL:
		return d->set_r;
	default:
		return -ENOTTY;
	}
}

static struct v4l2_device init(struct driver *d, uint32_t type, const char *name)
{
	*d = (struct driver){
		.sys.ioctl = driver_ioctl,
		.control = {.type = type, .minimum = 0, .maximum = 9, .step = 1, .elems = 1},
		.rises = 1,
	};
	memcpy(d->control.name, name, strnlen(name, sizeof(d->control.name)));
	return (struct v4l2_device){.sys = &d->sys};
}

static void lists_that_do_not_end_are_left(void **state)
{
	struct v4l2_control_info info;
	struct driver d;
	struct v4l2_device device = init(&d, V4L2_CTRL_TYPE_STRING, "Text");

	assert_int_equal(v4l2_controls_next(&device, 0, &info), 0);
	assert_true(d.queried <= 1024);
	d.rises = 0;
	assert_int_equal(v4l2_controls_next(&device, ID, &info), 0);
	d.query_r = -ENODEV;
	assert_int_equal(v4l2_controls_next(&device, 0, &info), -ENODEV);
	assert_int_equal(v4l2_controls_find(&device, "text", &info), -ENODEV);
	d.query_r = -EINVAL;
	assert_int_equal(v4l2_controls_find(&device, "text", &info), -ENOTTY);
}

static void what_no_number_sets_is_left_out(void **state)
{
	struct v4l2_control_info info;
	struct driver d;
	struct v4l2_device device = init(&d, V4L2_CTRL_TYPE_INTEGER, "Matrix");

	d.control.elems = 9;
	assert_int_equal(v4l2_controls_next(&device, 0, &info), 0);
	device = init(&d, V4L2_CTRL_TYPE_INTEGER, "--");
	assert_int_equal(v4l2_controls_next(&device, 0, &info), 0);
	device = init(&d, V4L2_CTRL_TYPE_INTEGER, "");
	assert_int_equal(v4l2_controls_next(&device, 0, &info), 0);
}

static void names_are_made_of_any_title(void **state)
{
	struct v4l2_control_info info;
	struct driver d;
	struct v4l2_device device = init(&d, V4L2_CTRL_TYPE_INTEGER, "\xc3\x84 Gain\n(dB)!");

	assert_int_equal(v4l2_controls_next(&device, 0, &info), 1);
	assert_string_equal(info.name, "gain_db");
	assert_string_equal(info.title, "?? Gain?(dB)!");
	device = init(&d, V4L2_CTRL_TYPE_INTEGER, "abcdefghijklmnopqrstuvwxyzabcdefghijkl");
	assert_int_equal(v4l2_controls_find(&device, "abcdefghijklmnopqrstuvwxyzabcd", &info), 0);
	assert_int_equal(strlen(info.title), V4L2_CONTROLS_NAME_SIZE - 1);
}

static void ranges_become_those_of_32_bits(void **state)
{
	struct v4l2_control_info info;
	struct driver d;
	struct v4l2_device device = init(&d, V4L2_CTRL_TYPE_INTEGER, "Range");

	d.control.minimum = INT64_MIN;
	d.control.maximum = INT64_MAX;
	d.control.step = UINT64_MAX;
	assert_int_equal(v4l2_controls_next(&device, 0, &info), 1);
	assert_int_equal(info.minimum, INT32_MIN);
	assert_int_equal(info.maximum, INT32_MAX);
	assert_int_equal(info.step, UINT32_MAX);

	d.control.type = V4L2_CTRL_TYPE_BITMASK;
	d.control.maximum = 0x80000001;
	assert_int_equal(v4l2_controls_next(&device, 0, &info), 1);
	assert_int_equal(info.minimum, INT32_MIN);
	assert_int_equal(v4l2_controls_nearest(&info, 7), 1);
	d.control.maximum = 0x6;
	assert_int_equal(v4l2_controls_next(&device, 0, &info), 1);
	assert_int_equal(info.minimum, 0);
	assert_int_equal(v4l2_controls_nearest(&info, 7), 6);
}

static void menus_of_numbers_say_them(void **state)
{
	char text[V4L2_CONTROLS_NAME_SIZE];
	struct v4l2_control_info info;
	struct driver d;
	struct v4l2_device device = init(&d, V4L2_CTRL_TYPE_INTEGER_MENU, "Focus");

	assert_int_equal(v4l2_controls_next(&device, 0, &info), 1);
	assert_int_equal(v4l2_controls_item(&device, &info, 3, text), 0);
	assert_string_equal(text, "-7");
	d.menu_r = -EINVAL;
	assert_int_equal(v4l2_controls_item(&device, &info, 4, text), -EINVAL);
}

static void errors_are_told(void **state)
{
	struct driver d;
	struct v4l2_device device = init(&d, V4L2_CTRL_TYPE_INTEGER, "Gain");
	int32_t value = 77;

	d.rises = 0;
	assert_int_equal(v4l2_controls_set_told(&device, ID, 100, &value), 0);
	assert_int_equal(value, 9);
	d.set_r = -EACCES;
	assert_int_equal(v4l2_controls_set_told(&device, ID, 1, &value), -EACCES);
	assert_int_equal(value, 9);
	d.get_r = -EIO;
	assert_int_equal(v4l2_controls_get(&device, ID, &value), -EIO);
	d.control.flags = V4L2_CTRL_FLAG_DISABLED;
	assert_int_equal(v4l2_controls_get(&device, ID, &value), -ENOTTY);
	assert_int_equal(v4l2_controls_set(&device, ID, 1), -ENOTTY);
	d.query_r = -ENODEV;
	assert_int_equal(v4l2_controls_get(&device, ID, &value), -ENODEV);
	assert_int_equal(v4l2_controls_set(&device, ID, 1), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_that_do_not_end_are_left),
		cmocka_unit_test(what_no_number_sets_is_left_out),
		cmocka_unit_test(names_are_made_of_any_title),
		cmocka_unit_test(ranges_become_those_of_32_bits),
		cmocka_unit_test(menus_of_numbers_say_them),
		cmocka_unit_test(errors_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
