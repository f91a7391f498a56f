// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel itself, with what every machine has: files that are no V4L2 devices. */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "v4l2/device.h"
#include "v4l2/dmabuf.h"

static const struct v4l2_sys *const sys = &v4l2_sys_kernel;

static void errors_are_results(void **state)
{
	struct v4l2_capability capability;
	void *address;

	assert_int_equal(sys->open(sys, "/nowhere", O_RDWR), -ENOENT);
	assert_int_equal(sys->close(sys, -1), -EBADF);
	assert_int_equal(sys->ioctl(sys, -1, VIDIOC_QUERYCAP, &capability), -EBADF);
	assert_int_equal(sys->mmap(sys, 4096, PROT_READ, -1, 0, &address), -EBADF);
	assert_int_equal(sys->munmap(sys, (void *)1, 4096), -EINVAL);
	assert_int_equal(sys->size(sys, -1), -EBADF);
}

static void memory_is_mapped_and_measured(void **state)
{
	_cleanup_close_ int fd = memfd_create("memory", MFD_CLOEXEC);
	void *address = NULL;

	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_int_equal(sys->size(sys, fd), 8192);
	assert_int_equal(sys->mmap(sys, 8192, PROT_READ | PROT_WRITE, fd, 0, &address), 0);
	memset(address, 7, 8192);
	assert_int_equal(sys->munmap(sys, address, 8192), 0);
	/* Memory, but no DMA-buf. */
	assert_int_equal(v4l2_dmabuf_begin(sys, fd, V4L2_DMABUF_READ), -ENOTTY);
}

static void time_goes_on(void **state)
{
	uint64_t before = sys->now_us(sys);

	usleep(1000);
	assert_true(sys->now_us(sys) >= before + 1000);
}

static void other_files_are_no_devices(void **state)
{
	struct v4l2_device device;

	assert_int_equal(v4l2_device_open(NULL, "/dev/null", &device), -ENOTTY);
	assert_true(device.fd < 0);
	v4l2_device_close(&device);
	assert_int_equal(v4l2_device_open(NULL, "/nowhere", &device), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_results),
		cmocka_unit_test(memory_is_mapped_and_measured),
		cmocka_unit_test(time_goes_on),
		cmocka_unit_test(other_files_are_no_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
