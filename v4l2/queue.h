// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One buffer queue of an open node: memory-mapped streaming I/O, one memory plane a buffer. A node
 * has one for capture; a memory-to-memory node has two, told apart by the buffer type.
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

struct v4l2_queue_buffer {
	void *start; /* readable; writable too on an output queue */
	size_t length;
	bool queued;
};

struct v4l2_queue {
	const struct v4l2_device *device; /* NULL: no buffers */
	uint32_t type;                    /* enum v4l2_buf_type */
	unsigned int count;
	unsigned int queued;
	bool streaming;
	struct v4l2_queue_buffer buffers[V4L2_QUEUE_BUFFERS_MAX];
};

/* A buffer that the driver gave back. */
struct v4l2_queue_item {
	uint32_t index, flags, sequence; /* flags: V4L2_BUF_FLAG_* */
	struct timeval timestamp;
	const uint8_t *data;
	size_t bytesused; /* never more than the mapping */
};

/*
 * Allocates and maps buffers: about COUNT, the driver decides. The device must outlive the queue.
 * -EBUSY: another program holds buffers; -ENOMEM.
 */
int v4l2_queue_allocate(struct v4l2_queue *queue, const struct v4l2_device *device, uint32_t type,
			unsigned int count);

/* Stops if need be, unmaps and gives the buffers back. May be called twice. */
void v4l2_queue_free(struct v4l2_queue *queue);

/* Gives a buffer to the driver. -EINVAL: there is no such buffer or it is there already. */
int v4l2_queue_put(struct v4l2_queue *queue, uint32_t index);

/*
 * Takes the next finished buffer. -EAGAIN: none; -EPIPE: no more will come; -ENODEV: unplugged;
 * -EIO: the queue is broken, or the driver answered what cannot be.
 */
int v4l2_queue_get(struct v4l2_queue *queue, struct v4l2_queue_item *ret);

int v4l2_queue_start(struct v4l2_queue *queue);

/* All buffers are ours afterwards, finished or not. */
int v4l2_queue_stop(struct v4l2_queue *queue);
