// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One buffer queue of an open node, streaming I/O: memory-mapped buffers, or DMA-bufs of others
 * that are imported. A node has one for capture; a memory-to-memory node has two, told apart by the
 * buffer type. A buffer has one memory plane or, with multi-buffer formats (NV12M), several.
 *
 * A buffer is either the driver's (queued) or ours. poll() on the node makes sense only while the
 * queue streams and v4l2_queue.queued is not 0.
 */
#pragma once

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct v4l2_device;

#define V4L2_QUEUE_BUFFERS_MAX VIDEO_MAX_FRAME
#define V4L2_QUEUE_PLANES_MAX  3 /* no YUV format has more */

struct v4l2_queue_plane {
	void *start; /* readable; writable too on an output queue; NULL: imported, not mapped */
	size_t length;
	int fd; /* imported: the DMA-buf, borrowed for as long as the queue lives */
};

struct v4l2_queue_buffer {
	struct v4l2_queue_plane planes[V4L2_QUEUE_PLANES_MAX];
	bool ready; /* mapped, or bound to DMA-bufs */
	bool queued;
};

struct v4l2_queue {
	const struct v4l2_device *device; /* NULL: no buffers */
	uint32_t type;                    /* enum v4l2_buf_type */
	uint32_t memory;                  /* V4L2_MEMORY_MMAP or V4L2_MEMORY_DMABUF */
	unsigned int n_planes;
	unsigned int count;
	unsigned int queued;
	bool streaming;
	struct v4l2_queue_buffer buffers[V4L2_QUEUE_BUFFERS_MAX];
};

/* What buffers to ask for. */
struct v4l2_queue_setup {
	uint32_t type, memory;
	unsigned int n_planes; /* 1 to V4L2_QUEUE_PLANES_MAX; more than 1: multi-planar API only */
	unsigned int count;    /* about as many; the driver decides */
};

/* A buffer that the driver gave back. */
struct v4l2_queue_item {
	uint32_t index, flags, sequence; /* flags: V4L2_BUF_FLAG_* */
	struct timeval timestamp;
	const uint8_t *data[V4L2_QUEUE_PLANES_MAX]; /* of each plane; NULL: imported, not mapped */
	size_t bytesused[V4L2_QUEUE_PLANES_MAX];    /* never more than the plane has */
	bool shifted; /* there is something before it in a plane, which others would read with it */
};

/* What goes with a buffer of an output queue. */
struct v4l2_queue_payload {
	size_t bytesused[V4L2_QUEUE_PLANES_MAX]; /* not 0: drivers take that for the end */
	struct timeval timestamp;
};

/*
 * Allocates and maps buffers of one plane: about COUNT, the driver decides. The device must outlive
 * the queue. -EBUSY: another program holds buffers; -ENOMEM.
 */
int v4l2_queue_allocate(struct v4l2_queue *queue, const struct v4l2_device *device, uint32_t type,
			unsigned int count);

/* The same, of any kind. -EINVAL also: a memory that the driver does not do. */
int v4l2_queue_setup(struct v4l2_queue *queue, const struct v4l2_device *device,
		     const struct v4l2_queue_setup *setup);

/*
 * Binds buffer INDEX of a DMABUF queue to its DMA-bufs, one a plane, for the queue's life: a driver
 * attaches them once. -EINVAL: no such buffer, or not a DMABUF queue; -EEXIST: bound already.
 */
int v4l2_queue_bind(struct v4l2_queue *queue, uint32_t index, const int *fds,
		    const size_t *lengths);

/*
 * Maps a bound buffer for the CPU to read, for the queue's life; see v4l2_dmabuf_begin(). Errors:
 * of mmap().
 */
int v4l2_queue_map_imported(struct v4l2_queue *queue, uint32_t index);

/* Stops if need be, unmaps and gives the buffers back. May be called twice. */
void v4l2_queue_free(struct v4l2_queue *queue);

/* Gives a buffer to the driver. -EINVAL: there is no such buffer or it is there already. */
int v4l2_queue_put(struct v4l2_queue *queue, uint32_t index);

/*
 * The same on an output queue. -EINVAL also: no payload, or more than the buffer holds. -EFAULT,
 * -EINVAL of an imported buffer: the driver cannot reach that memory.
 */
int v4l2_queue_put_filled(struct v4l2_queue *queue, uint32_t index,
			  const struct v4l2_queue_payload *payload);

/*
 * Takes the next finished buffer. -EAGAIN: none; -EPIPE: no more will come; -ENODEV: unplugged;
 * -EIO: the queue is broken, or the driver answered what cannot be.
 */
int v4l2_queue_get(struct v4l2_queue *queue, struct v4l2_queue_item *ret);

int v4l2_queue_start(struct v4l2_queue *queue);

/* All buffers are ours afterwards, finished or not. */
int v4l2_queue_stop(struct v4l2_queue *queue);
