// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each answer of the broker has a sentence of its own on the bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/control.h"
#include "dbus/errors.h"

static void none_is_left_to_the_device(void **state)
{
	const struct errors_about about = {.client = "hub", .camera = "front"};

	for (int code = CONTROL_INVALID_NAME; code < CONTROL_DEVICE; code++) {
		sd_bus_error error = SD_BUS_ERROR_NULL;

		assert_true(errors_set(&error, code, &about) < 0);
		if (strstr(error.message, "The device does not set"))
			fail_msg("%d: %s", code, error.message);
		sd_bus_error_free(&error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_is_left_to_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
