// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera's JPEG picture is decoded within the real confinement of its process. */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "camera/confine.h"
#include "v4l2/convert-lib.h"

#define WIDTH    64
#define HEIGHT   48
#define FILE_MAX 16384

static uint8_t jpeg[FILE_MAX];
static size_t size;
static uint8_t picture[WIDTH * HEIGHT * 3 / 2];

static int load(void **state)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/unit/data/jpeg-64x48-422.jpg", getenv("TESTS"));
	f = fopen(path, "re");
	if (!f)
		return -1;
	size = fread(jpeg, 1, sizeof(jpeg), f);
	fclose(f);
	return size > 0 ? 0 : -1;
}

/* One epoch's decoder: the whole picture, then half of one. */
static int decode(void)
{
	const struct v4l2_i420 planes = {
		.y = picture,
		.u = picture + WIDTH * HEIGHT,
		.v = picture + WIDTH * HEIGHT * 5 / 4,
		.y_stride = WIDTH,
		.c_stride = WIDTH / 2,
	};
	struct v4l2_convert_lib *c = NULL;
	int whole, half;

	if (v4l2_convert_lib_new(V4L2_PIX_FMT_MJPEG, WIDTH, HEIGHT, 0, &c) < 0)
		return 2;
	whole = v4l2_convert_lib_to_i420(c, jpeg, size, WIDTH, HEIGHT, &planes);
	half = v4l2_convert_lib_to_i420(c, jpeg, size / 2, WIDTH, HEIGHT, &planes);
	v4l2_convert_lib_free(c);
	return whole == 0 && half == -EBADMSG ? 0 : 3;
}

static int confined(void)
{
	int settled;

	if (confine_settle(&(const char *){"/dev/null"}, 1, &settled) < 0 ||
	    confine(settled, true) < 0)
		return 4;
#ifndef SANDBOX_LOG
	/* Landlock holds: what follows is no walk in the open. */
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		return 5;
#endif
	for (int i = 0; i < 2; i++) {
		int r = decode();

		if (r)
			return r;
	}
	return 0;
}

static void jpeg_decodes_within_the_confinement(void **state)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(confined());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jpeg_decodes_within_the_confinement),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
