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

int v4l2_pool_allocate(struct v4l2_pool *pool, const struct v4l2_sys *sys, const char *heap,
		       unsigned int count, size_t size)
{
	int fd = sys->open(sys, heap, O_RDWR | O_CLOEXEC), r = 0;

	*pool = (struct v4l2_pool){.sys = sys, .n_planes = 1};
	if (fd < 0)
		return fd;
	for (; pool->count < count && r >= 0; pool->count += r >= 0) {
		struct dma_heap_allocation_data data = {
			.len = size,
			.fd_flags = O_RDWR | O_CLOEXEC,
		};

		r = sys->ioctl(sys, fd, DMA_HEAP_IOCTL_ALLOC, &data);
		pool->fds[pool->count][0] = (int)data.fd;
	}
	sys->close(sys, fd);
	if (r < 0)
		v4l2_pool_release(pool);
	return r < 0 ? r : 0;
}

void v4l2_pool_release(struct v4l2_pool *pool)
{
	while (pool->count > 0) {
		pool->count--;
		for (unsigned int i = 0; i < pool->n_planes; i++)
			pool->sys->close(pool->sys, pool->fds[pool->count][i]);
	}
}
