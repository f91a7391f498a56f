// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>

#include "v4l2/device.h"
#include "v4l2/dmabuf.h"

int v4l2_pool_export(struct v4l2_pool *pool, const struct v4l2_queue *queue)
{
	if (!queue->device)
		return -EINVAL;
	*pool = (struct v4l2_pool){.sys = queue->device->sys, .n_planes = queue->n_planes};
	for (; pool->count < queue->count; pool->count++) {
		for (unsigned int i = 0; i < pool->n_planes; i++) {
			int *fd = &pool->fds[pool->count][i];
			int r = v4l2_dmabuf_export(queue, pool->count, i, fd);

			if (r >= 0)
				continue;
			while (i-- > 0)
				pool->sys->close(pool->sys, pool->fds[pool->count][i]);
			v4l2_pool_release(pool);
			return r;
		}
	}
	return 0;
}

static int fill_planes(const struct v4l2_pool_need *need, const struct v4l2_sys *sys, int from,
		       v4l2_pool_give give, int fds[V4L2_QUEUE_PLANES_MAX])
{
	for (unsigned int i = 0; i < need->n_planes; i++) {
		int r = give(sys, from, need->size[i], &fds[i]);

		if (r >= 0)
			continue;
		while (i-- > 0)
			sys->close(sys, fds[i]);
		return r;
	}
	return 0;
}

int v4l2_pool_fill(struct v4l2_pool *pool, const struct v4l2_sys *sys, int from,
		   const struct v4l2_pool_need *need, v4l2_pool_give give)
{
	*pool = (struct v4l2_pool){.sys = sys, .n_planes = need->n_planes};
	for (; pool->count < need->count; pool->count++) {
		int r = fill_planes(need, sys, from, give, pool->fds[pool->count]);

		if (r < 0) {
			v4l2_pool_release(pool);
			return r;
		}
	}
	return 0;
}

static int give_of_heap(const struct v4l2_sys *sys, int heap, size_t size, int *ret)
{
	struct dma_heap_allocation_data data = {
		.len = size,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int r = sys->ioctl(sys, heap, DMA_HEAP_IOCTL_ALLOC, &data);

	*ret = (int)data.fd;
	return r;
}

int v4l2_pool_allocate(struct v4l2_pool *pool, const struct v4l2_sys *sys, const char *heap,
		       const struct v4l2_pool_need *need)
{
	int fd = sys->open(sys, heap, O_RDWR | O_CLOEXEC), r;

	if (fd < 0)
		return fd;
	r = v4l2_pool_fill(pool, sys, fd, need, give_of_heap);
	sys->close(sys, fd);
	return r;
}

void v4l2_pool_release(struct v4l2_pool *pool)
{
	while (pool->count > 0) {
		pool->count--;
		for (unsigned int i = 0; i < pool->n_planes; i++)
			pool->sys->close(pool->sys, pool->fds[pool->count][i]);
	}
}
