// SPDX-License-Identifier: LGPL-2.1-or-later
/* A device's controls, with a driver that is played: what is told of them, and what is set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/v4l2-driver.h"
#include "base/cleanup.h"
#include "camera/v4l2-controls.h"
#include "v4l2/controls.h"
#include "v4l2/device.h"

#define CLASS  V4L2_CID_USER_CLASS
#define BRIGHT V4L2_CID_BRIGHTNESS
#define CONTROL(i, t, n, min, max, st, def, fl, ...)  \
	{                                             \
		.query = {.id = (i),                  \
			  .type = V4L2_CTRL_TYPE_##t, \
			  .name = n,                  \
			  .minimum = (min),           \
			  .maximum = (max),           \
			  .step = (st),               \
			  .default_value = (def),     \
			  .flags = (fl),              \
			  .elems = 1},                \
		.value = (def), ##__VA_ARGS__         \
	}

static const char *const exposures[] = {"Auto Mode", "Manual\tMode", NULL, "Aperture Mode"};

static struct bench {
	struct driver driver;
	struct played_control controls[8];
	struct v4l2_device device;
} bench;

static int setup(void **state)
{
	static const struct played_control controls[] = {
		CONTROL(CLASS, CTRL_CLASS, "User Controls", 0, 0, 0, 0, V4L2_CTRL_FLAG_READ_ONLY),
		CONTROL(BRIGHT, INTEGER, "Brightness", -10, 255, 5, 0, V4L2_CTRL_FLAG_SLIDER),
		CONTROL(BRIGHT + 1, INTEGER, "Contrast", 0, 9, 1, 3, V4L2_CTRL_FLAG_DISABLED),
		CONTROL(BRIGHT + 2, BOOLEAN, "White Balance, Automatic", 0, 1, 1, 1,
			V4L2_CTRL_FLAG_UPDATE),
		CONTROL(BRIGHT + 3, BUTTON, "Reset", 0, 0, 0, 0, V4L2_CTRL_FLAG_WRITE_ONLY),
		CONTROL(BRIGHT + 4, INTEGER, "Gain", 0, 9, 1, 2,
			V4L2_CTRL_FLAG_READ_ONLY | V4L2_CTRL_FLAG_INACTIVE),
		CONTROL(BRIGHT + 5, STRING, "Text", 0, 9, 1, 0, V4L2_CTRL_FLAG_HAS_PAYLOAD),
		CONTROL(BRIGHT + 6, MENU, "Auto Exposure", 0, 3, 1, 3, 0, .menu = exposures),
	};
	struct bench *b = &bench;

	driver_init(&b->driver, NULL, 0);
	memcpy(b->controls, controls, sizeof(controls));
	b->driver.controls = b->controls;
	b->driver.n_controls = ARRAY_SIZE(controls);
	assert_int_equal(v4l2_device_open(&b->driver.sys, "/dev/video0", &b->device), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	v4l2_device_close(&b->device);
	assert_null(b->driver.breach);
	return 0;
}

static void test_the_listing_leaves_out_what_cannot_be_set_by_a_number(void **state)
{
	static const char *const names[] = {"brightness", "white_balance_automatic", "reset",
					    "gain", "auto_exposure"};
	struct bench *b = *state;
	struct camera_control c;
	uint32_t cursor = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(v4l2_controls_tell(&b->device, &cursor, &c), 1);
		assert_string_equal(c.control, names[i]);
		c.count = 1;
		assert_true(camera_control_valid(&c));
	}
	assert_int_equal(v4l2_controls_tell(&b->device, &cursor, &c), 0);
}

static void tell(struct bench *b, const char *name, struct camera_control *ret)
{
	uint32_t cursor = 0;

	do
		assert_int_equal(v4l2_controls_tell(&b->device, &cursor, ret), 1);
	while (strcmp(ret->control, name) != 0);
}

static void test_ranges_values_and_flags_are_the_drivers(void **state)
{
	struct bench *b = *state;
	struct camera_control c;

	b->controls[1].value = 40;
	tell(b, "brightness", &c);
	assert_int_equal(c.type, CAMERA_CONTROL_INTEGER);
	assert_int_equal(c.minimum, -10);
	assert_int_equal(c.maximum, 255);
	assert_int_equal(c.step, 5);
	assert_int_equal(c.standard, 0);
	assert_int_equal(c.value, 40);
	assert_int_equal(c.flags, 0);
	tell(b, "white_balance_automatic", &c);
	assert_int_equal(c.type, CAMERA_CONTROL_BOOLEAN);
	assert_string_equal(c.title, "White Balance, Automatic");
	tell(b, "reset", &c);
	assert_int_equal(c.type, CAMERA_CONTROL_BUTTON);
	assert_int_equal(c.flags, CAMERA_CONTROL_WRITE_ONLY);
	tell(b, "gain", &c);
	assert_int_equal(c.flags, CAMERA_CONTROL_READ_ONLY | CAMERA_CONTROL_INACTIVE);
}

static void test_a_menu_tells_the_items_that_it_has(void **state)
{
	struct bench *b = *state;
	struct camera_control c;

	tell(b, "auto_exposure", &c);
	assert_int_equal(c.type, CAMERA_CONTROL_MENU);
	assert_int_equal(c.n_items, 3);
	assert_string_equal(c.items[1].text, "Manual?Mode");
	assert_int_equal(c.items[2].value, 3);
	assert_string_equal(c.items[2].text, "Aperture Mode");
}

static int choose(struct bench *b, const char *name, int32_t *value, bool exact)
{
	return v4l2_controls_choose(&b->device, name, value, exact);
}

static void test_what_is_asked_for_is_set_or_the_nearest_is_told(void **state)
{
	struct bench *b = *state;
	int32_t value = 100;

	assert_int_equal(choose(b, "brightness", &value, true), 0);
	assert_int_equal(b->controls[1].value, 100);
	value = 300;
	assert_int_equal(choose(b, "brightness", &value, true), -ERANGE);
	assert_int_equal(value, 255);
	value = 103;
	assert_int_equal(choose(b, "brightness", &value, true), -ERANGE);
	assert_int_equal(value, 100);
	value = -11;
	assert_int_equal(choose(b, "brightness", &value, true), -ERANGE);
	assert_int_equal(value, -10);
	assert_int_equal(b->controls[1].value, 100);
	value = 300;
	assert_int_equal(choose(b, "brightness", &value, false), 0);
	assert_int_equal(b->controls[1].value, 255);
}

static void test_the_drivers_own_error_is_told(void **state)
{
	struct bench *b = *state;
	int32_t value = 1;

	assert_int_equal(choose(b, "gain", &value, true), -EACCES);
	assert_int_equal(choose(b, "contrast", &value, true), -ENOTTY);
	assert_int_equal(choose(b, "nothing", &value, true), -ENOTTY);
	b->controls[7].set_r = -EBUSY;
	assert_int_equal(choose(b, "auto_exposure", &value, true), -EBUSY);
	b->driver.n_controls = 0;
	assert_int_equal(choose(b, "brightness", &value, true), -ENOTTY);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_the_listing_leaves_out_what_cannot_be_set_by_a_number),
		BENCH(test_ranges_values_and_flags_are_the_drivers),
		BENCH(test_a_menu_tells_the_items_that_it_has),
		BENCH(test_what_is_asked_for_is_set_or_the_nearest_is_told),
		BENCH(test_the_drivers_own_error_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
