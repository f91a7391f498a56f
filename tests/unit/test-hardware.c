// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which nodes a camera's process takes for its helpers, of those that there are when it begins. */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "camera/hardware.h"
#include "v4l2/sys.h"

/* One answer for all nodes. */
static struct {
	struct v4l2_sys sys;
	int open_r;
	uint32_t caps;
	unsigned int open;
} kernel;

static int node_open(const struct v4l2_sys *sys, const char *path, int flags)
{
	if (kernel.open_r >= 0)
		kernel.open++;
	return kernel.open_r;
}

static int node_close(const struct v4l2_sys *sys, int fd)
{
	kernel.open--;
	return 0;
}

static int node_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	struct v4l2_capability *capability = arg;

	if (request != VIDIOC_QUERYCAP)
		return -ENOTTY;
	capability->capabilities = kernel.caps | V4L2_CAP_STREAMING;
	return 0;
}

static struct source choose(const struct options *o, struct arrival *arrival, int open_r,
			    uint32_t caps)
{
	struct source source = {};

	kernel.sys = (struct v4l2_sys){.open = node_open, .close = node_close, .ioctl = node_ioctl};
	kernel.open_r = open_r;
	kernel.caps = caps;
	hardware_choose(o, &kernel.sys, arrival, &source);
	assert_int_equal(kernel.open, 0);
	return source;
}

static void what_udev_shows_is_looked_at(void **state)
{
	const struct options o = {.encoder = OPTIONS_ENCODER, .converter = OPTIONS_CONVERTER};
	struct options pattern = {.encoder = OPTIONS_ENCODER, .source = OPTIONS_SOURCE_PATTERN};
	struct arrival none = {.fd = -EBADF};
	struct source s = choose(&o, &none, 5, V4L2_CAP_VIDEO_M2M);

	assert_string_equal(s.encoder, OPTIONS_ENCODER);
	assert_string_equal(s.converter, OPTIONS_CONVERTER);
	/* Another camera. */
	s = choose(&o, &none, 5, V4L2_CAP_VIDEO_CAPTURE);
	assert_null(s.encoder);
	assert_null(s.converter);
	s = choose(&o, &none, -ENOENT, 0);
	assert_null(s.encoder);
	/* What is not looked for is not touched. */
	s = choose(&pattern, &none, 5, V4L2_CAP_VIDEO_M2M);
	assert_null(s.encoder);
}

/* Another program has its last instance: it is asked at each epoch. */
static void one_that_is_busy_now_may_be_free_later(void **state)
{
	const struct options o = {.encoder = OPTIONS_ENCODER, .converter = OPTIONS_CONVERTER};
	struct arrival none = {.fd = -EBADF};
	struct source s = choose(&o, &none, -EBUSY, 0);

	assert_string_equal(s.encoder, OPTIONS_ENCODER);
	assert_string_equal(s.converter, OPTIONS_CONVERTER);
}

/* systemd had decided before it came what this process may open: only the next one may. */
static void one_that_is_named_may_come_too_late_as_well(void **state)
{
	char directory[32], node[64];
	struct options o = {.as_service = true, .encoder = node};
	struct arrival arrival;
	FILE *f;

	snprintf(directory, sizeof(directory), "/tmp/test-hardware-%d", (int)getpid());
	assert_int_equal(mkdir(directory, 0700), 0);
	snprintf(node, sizeof(node), "%s/video7", directory);
	for (unsigned int source = OPTIONS_SOURCE_V4L2; source <= OPTIONS_SOURCE_PATTERN;
	     source++) {
		o.source = (enum options_source)source;
		f = fopen(node, "we");
		assert_non_null(f);
		fclose(f);
		hardware_await(&o, &arrival);
		assert_true(arrival.fd >= 0);
		assert_ptr_equal(choose(&o, &arrival, 5, V4L2_CAP_VIDEO_M2M).encoder, node);
		assert_false(arrival_look(&arrival));
		assert_ptr_equal(choose(&o, &arrival, -EPERM, 0).encoder, node);
		assert_true(arrival_look(&arrival));
		arrival_end(&arrival);
	}
	/* Nobody follows a process that was given its link. */
	o.as_service = false;
	hardware_await(&o, &arrival);
	assert_int_equal(arrival.fd, -EBADF);
	unlink(node);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_udev_shows_is_looked_at),
		cmocka_unit_test(one_that_is_busy_now_may_be_free_later),
		cmocka_unit_test(one_that_is_named_may_come_too_late_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
