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

/* How many buffers, and the bytes of each of their memory planes. */
struct v4l2_pool_need {
	unsigned int count, n_planes;
	size_t size[V4L2_QUEUE_PLANES_MAX];
};

/* Buffers from a heap of the kernel's, "/dev/dma_heap/...", into an empty pool. -ENOENT, -EACCES:
 * there is no such heap for us; -ENOMEM. The pool is empty after an error. */
int v4l2_pool_allocate(struct v4l2_pool *pool, const struct v4l2_sys *sys, const char *heap,
		       const struct v4l2_pool_need *need);

/* A DMA-buf of SIZE bytes or more out of an open device. */
typedef int (*v4l2_pool_give)(const struct v4l2_sys *sys, int from, size_t size, int *ret);

/* Buffers from whatever gives them; its first error ends it, and the pool is empty then. */
int v4l2_pool_fill(struct v4l2_pool *pool, const struct v4l2_sys *sys, int from,
		   const struct v4l2_pool_need *need, v4l2_pool_give give);

/* Closes what is held. May be called twice. */
void v4l2_pool_release(struct v4l2_pool *pool);
