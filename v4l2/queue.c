// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/queue.h"

#include <errno.h>
#include <sys/mman.h>

#include "v4l2/device.h"

/* The argument of the buffer ioctls for either API. */
struct request {
	struct v4l2_buffer buffer;
	struct v4l2_plane plane;
};

static void request_init(struct request *request, const struct v4l2_queue *queue, uint32_t index)
{
	*request = (struct request){
		.buffer = {.index = index, .type = queue->type, .memory = V4L2_MEMORY_MMAP},
	};
	if (V4L2_TYPE_IS_MULTIPLANAR(queue->type)) {
		request->buffer.m.planes = &request->plane;
		request->buffer.length = 1;
	}
}

static int map(struct v4l2_queue *queue, uint32_t index)
{
	const struct v4l2_device *device = queue->device;
	struct v4l2_queue_buffer *buffer = &queue->buffers[index];
	bool multiplanar = V4L2_TYPE_IS_MULTIPLANAR(queue->type);
	int prot = V4L2_TYPE_IS_OUTPUT(queue->type) ? PROT_READ | PROT_WRITE : PROT_READ;
	struct request request;
	size_t length;
	int r;

	request_init(&request, queue, index);
	r = v4l2_device_ioctl(device, VIDIOC_QUERYBUF, &request.buffer);
	if (r < 0)
		return r;
	length = multiplanar ? request.plane.length : request.buffer.length;
	r = device->sys->mmap(device->sys, length, prot, device->fd,
			      multiplanar ? request.plane.m.mem_offset : request.buffer.m.offset,
			      &buffer->start);
	if (r >= 0)
		buffer->length = length;
	return r;
}

static int request_buffers(struct v4l2_queue *queue, unsigned int count)
{
	struct v4l2_requestbuffers request = {
		.count = count,
		.type = queue->type,
		.memory = V4L2_MEMORY_MMAP,
	};
	int r = v4l2_device_ioctl(queue->device, VIDIOC_REQBUFS, &request);

	if (r < 0)
		return r;
	/* More than there is room for would be a driver gone wrong; fewer are the driver's right.
	 */
	return request.count > V4L2_QUEUE_BUFFERS_MAX ? -EIO : (int)request.count;
}

int v4l2_queue_allocate(struct v4l2_queue *queue, const struct v4l2_device *device, uint32_t type,
			unsigned int count)
{
	int r;

	*queue = (struct v4l2_queue){.device = device, .type = type};
	r = request_buffers(queue, count);
	if (r == 0)
		r = -ENOMEM;
	if (r < 0) {
		v4l2_queue_free(queue);
		return r;
	}
	for (uint32_t n = (uint32_t)r; queue->count < n; queue->count++) {
		r = map(queue, queue->count);
		if (r < 0) {
			v4l2_queue_free(queue);
			return r;
		}
	}
	return 0;
}

void v4l2_queue_free(struct v4l2_queue *queue)
{
	const struct v4l2_device *device = queue->device;

	if (!device)
		return;
	v4l2_queue_stop(queue);
	for (unsigned int i = 0; i < queue->count; i++)
		device->sys->munmap(device->sys, queue->buffers[i].start, queue->buffers[i].length);
	/* After the unmapping: drivers refuse to free what is mapped. */
	request_buffers(queue, 0);
	*queue = (struct v4l2_queue){};
}

int v4l2_queue_put(struct v4l2_queue *queue, uint32_t index)
{
	struct request request;
	int r;

	if (index >= queue->count || queue->buffers[index].queued)
		return -EINVAL;
	request_init(&request, queue, index);
	r = v4l2_device_ioctl(queue->device, VIDIOC_QBUF, &request.buffer);
	if (r < 0)
		return r;
	queue->buffers[index].queued = true;
	queue->queued++;
	return 0;
}

int v4l2_queue_get(struct v4l2_queue *queue, struct v4l2_queue_item *ret)
{
	struct request request;
	struct v4l2_queue_buffer *buffer;
	size_t offset = 0, end;
	int r;

	request_init(&request, queue, 0);
	r = v4l2_device_ioctl(queue->device, VIDIOC_DQBUF, &request.buffer);
	if (r < 0)
		return r;
	if (request.buffer.index >= queue->count || !queue->buffers[request.buffer.index].queued)
		return -EIO;
	buffer = &queue->buffers[request.buffer.index];
	buffer->queued = false;
	queue->queued--;

	end = request.buffer.bytesused;
	if (V4L2_TYPE_IS_MULTIPLANAR(queue->type)) {
		/* Counts from the start of the plane, headers included. */
		end = request.plane.bytesused;
		offset = request.plane.data_offset;
	}
	if (end > buffer->length || offset > end) {
		/* Not to be read, and not to be lost either: it comes as an empty faulty one. */
		request.buffer.flags |= V4L2_BUF_FLAG_ERROR;
		end = offset = 0;
	}
	*ret = (struct v4l2_queue_item){
		.index = request.buffer.index,
		.flags = request.buffer.flags,
		.sequence = request.buffer.sequence,
		.timestamp = request.buffer.timestamp,
		.data = (const uint8_t *)buffer->start + offset,
		.bytesused = end - offset,
	};
	return 0;
}

int v4l2_queue_start(struct v4l2_queue *queue)
{
	int type = (int)queue->type;
	int r = v4l2_device_ioctl(queue->device, VIDIOC_STREAMON, &type);

	if (r < 0)
		return r;
	queue->streaming = true;
	return 0;
}

int v4l2_queue_stop(struct v4l2_queue *queue)
{
	int type = (int)queue->type;
	int r = 0;

	/* Also before STREAMON: it takes queued buffers back. */
	if (queue->streaming || queue->queued)
		r = v4l2_device_ioctl(queue->device, VIDIOC_STREAMOFF, &type);
	for (unsigned int i = 0; i < queue->count; i++)
		queue->buffers[i].queued = false;
	queue->queued = 0;
	queue->streaming = false;
	return r < 0 ? r : 0;
}
