// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Buffers shared between devices as DMA-bufs (Documentation/driver-api/dma-buf.rst): exported from
 * the queue that allocated them, imported by another. Nobody can take a descriptor back that was
 * passed on, nor make it read-only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "v4l2/queue.h"

struct v4l2_sys;

enum v4l2_dmabuf_access {
	V4L2_DMABUF_READ = 1,
	V4L2_DMABUF_WRITE = 2,
	V4L2_DMABUF_READ_WRITE = 3,
};

/*
 * A memory plane of a buffer that the queue allocated (VIDIOC_EXPBUF), readable and writable. The
 * caller owns *ret_fd; the memory lives until the last descriptor is closed. -EINVAL: no such
 * plane, or a queue of imported buffers; -ENOTTY: the driver exports nothing.
 */
int v4l2_dmabuf_export(const struct v4l2_queue *queue, uint32_t index, unsigned int plane,
		       int *ret_fd);

/*
 * Binds buffer INDEX of a DMABUF queue to fds, one a plane, which stay the caller's and must
 * outlive the queue. least: the bytes that the format needs of each. -ENOSPC: a DMA-buf is smaller;
 * otherwise as v4l2_queue_bind(). Whether the driver can reach the memory shows at the first put.
 */
int v4l2_dmabuf_import(struct v4l2_queue *queue, uint32_t index, const int *fds,
		       const size_t *least);

/*
 * Brackets the CPU's access to a mapped DMA-buf (DMA_BUF_IOCTL_SYNC): without it caches may show
 * what was there before. Descriptors that are no DMA-buf: -ENOTTY.
 */
int v4l2_dmabuf_begin(const struct v4l2_sys *sys, int fd, enum v4l2_dmabuf_access access);
int v4l2_dmabuf_end(const struct v4l2_sys *sys, int fd, enum v4l2_dmabuf_access access);
