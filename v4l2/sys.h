// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The only way this library reaches the kernel. A table given at open, so that a test can play a
 * driver call by call: errors, unplugging and faulty drivers included.
 *
 * Every entry returns its result or -errno. The table must outlive whatever was opened with it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct v4l2_sys {
	int (*open)(const struct v4l2_sys *sys, const char *path, int flags);
	int (*close)(const struct v4l2_sys *sys, int fd);
	int (*ioctl)(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg);
	/* -errno; on success *ret is the mapping. */
	int (*mmap)(const struct v4l2_sys *sys, size_t length, int prot, int fd, off_t offset,
		    void **ret);
	int (*munmap)(const struct v4l2_sys *sys, void *address, size_t length);
	/* Bytes behind a descriptor: what a DMA-buf holds. */
	int64_t (*size)(const struct v4l2_sys *sys, int fd);
	/* CLOCK_MONOTONIC in microseconds, the clock of V4L2 timestamps. */
	uint64_t (*now_us)(const struct v4l2_sys *sys);
};

/* The kernel itself; ioctl repeats on EINTR. */
extern const struct v4l2_sys v4l2_sys_kernel;
