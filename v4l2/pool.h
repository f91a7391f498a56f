// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The memory of a set of raw buffers, held as DMA-bufs: entry i belongs to buffer i of each queue
 * that works on it, for good. The memory lives as long as anybody has it open.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "v4l2/queue.h"

struct v4l2_sys;

/* Zero-initialised: empty. */
struct v4l2_pool {
	const struct v4l2_sys *sys;
	unsigned int count, n_planes;
	int fds[V4L2_QUEUE_BUFFERS_MAX][V4L2_QUEUE_PLANES_MAX]; /* owned */
};

/* The buffers that a queue has allocated. -ENOTTY, -EINVAL: its driver exports nothing. */
int v4l2_pool_export(struct v4l2_pool *pool, const struct v4l2_queue *queue);

/*
 * COUNT buffers of SIZE bytes from a heap of the kernel's, "/dev/dma_heap/...", with a memory plane
 * each. -ENOENT, -EACCES: there is no such heap for us; -ENOMEM.
 */
int v4l2_pool_allocate(struct v4l2_pool *pool, const struct v4l2_sys *sys, const char *heap,
		       unsigned int count, size_t size);

/* Closes what is held. May be called twice. */
void v4l2_pool_release(struct v4l2_pool *pool);
