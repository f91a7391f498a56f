// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/dmabuf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>

#include "v4l2/device.h"

/* The exporter may ask to be asked again; one that never stops does not hold us. */
#define SYNC_TRIES 100

int v4l2_dmabuf_export(const struct v4l2_queue *queue, uint32_t index, unsigned int plane,
		       int *ret_fd)
{
	struct v4l2_exportbuffer export = {
		.type = queue->type,
		.index = index,
		.plane = plane,
		.flags = O_RDWR | O_CLOEXEC,
	};
	int r;

	if (queue->memory != V4L2_MEMORY_MMAP || index >= queue->count || plane >= queue->n_planes)
		return -EINVAL;
	r = v4l2_device_ioctl(queue->device, VIDIOC_EXPBUF, &export);
	if (r < 0)
		return r;
	*ret_fd = export.fd;
	return 0;
}

int v4l2_dmabuf_import(struct v4l2_queue *queue, uint32_t index, const int *fds,
		       const size_t *least)
{
	size_t lengths[V4L2_QUEUE_PLANES_MAX] = {};

	for (unsigned int i = 0; i < queue->n_planes; i++) {
		const struct v4l2_sys *sys = queue->device->sys;
		int64_t size = sys->size(sys, fds[i]);

		if (size < 0)
			return (int)size;
		/* The field for the length has 32 bits. */
		if ((uint64_t)size < least[i] || size > UINT32_MAX)
			return -ENOSPC;
		lengths[i] = (size_t)size;
	}
	return v4l2_queue_bind(queue, index, fds, lengths);
}

static int sync_cpu(const struct v4l2_sys *sys, int fd, uint64_t flags)
{
	struct dma_buf_sync sync = {.flags = flags};
	int r = -EAGAIN;

	for (unsigned int i = 0; i < SYNC_TRIES && (r == -EAGAIN || r == -EINTR); i++)
		r = sys->ioctl(sys, fd, DMA_BUF_IOCTL_SYNC, &sync);
	return r < 0 ? r : 0;
}

int v4l2_dmabuf_begin(const struct v4l2_sys *sys, int fd, enum v4l2_dmabuf_access access)
{
	return sync_cpu(sys, fd, DMA_BUF_SYNC_START | (uint64_t)access);
}

int v4l2_dmabuf_end(const struct v4l2_sys *sys, int fd, enum v4l2_dmabuf_access access)
{
	return sync_cpu(sys, fd, DMA_BUF_SYNC_END | (uint64_t)access);
}

_Static_assert(V4L2_DMABUF_READ == DMA_BUF_SYNC_READ && V4L2_DMABUF_WRITE == DMA_BUF_SYNC_WRITE,
	       "as the kernel numbers them");
