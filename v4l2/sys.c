// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int sys_open(const struct v4l2_sys *sys, const char *path, int flags)
{
	int fd = open(path, flags);

	return fd < 0 ? -errno : fd;
}

static int sys_close(const struct v4l2_sys *sys, int fd)
{
	return close(fd) < 0 ? -errno : 0;
}

static int sys_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(fd, request, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

static int sys_mmap(const struct v4l2_sys *sys, size_t length, int prot, int fd, off_t offset,
		    void **ret)
{
	void *address = mmap(NULL, length, prot, MAP_SHARED, fd, offset);

	if (address == MAP_FAILED)
		return -errno;
	*ret = address;
	return 0;
}

static int sys_munmap(const struct v4l2_sys *sys, void *address, size_t length)
{
	return munmap(address, length) < 0 ? -errno : 0;
}

static int64_t sys_size(const struct v4l2_sys *sys, int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	return end < 0 ? -errno : end;
}

static uint64_t sys_now_us(const struct v4l2_sys *sys)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

const struct v4l2_sys v4l2_sys_kernel = {
	.open = sys_open,
	.close = sys_close,
	.ioctl = sys_ioctl,
	.mmap = sys_mmap,
	.munmap = sys_munmap,
	.size = sys_size,
	.now_us = sys_now_us,
};
