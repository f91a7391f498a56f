// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/queue.h"

#include <errno.h>
#include <sys/mman.h>

#include "v4l2/device.h"

/* The argument of the buffer ioctls for either API. */
struct request {
	struct v4l2_buffer buffer;
	struct v4l2_plane planes[V4L2_QUEUE_PLANES_MAX];
};

static void request_init(struct request *request, const struct v4l2_queue *queue, uint32_t index)
{
	*request = (struct request){
		.buffer = {.index = index, .type = queue->type, .memory = queue->memory},
	};
	if (V4L2_TYPE_IS_MULTIPLANAR(queue->type)) {
		request->buffer.m.planes = request->planes;
		request->buffer.length = queue->n_planes;
	}
}

static int map_plane(const struct v4l2_queue *queue, size_t length, off_t offset,
		     struct v4l2_queue_plane *ret)
{
	const struct v4l2_device *device = queue->device;
	int prot = V4L2_TYPE_IS_OUTPUT(queue->type) ? PROT_READ | PROT_WRITE : PROT_READ;
	int r = device->sys->mmap(device->sys, length, prot, device->fd, offset, &ret->start);

	if (r >= 0)
		ret->length = length;
	return r;
}

static int map(struct v4l2_queue *queue, uint32_t index)
{
	struct v4l2_queue_buffer *buffer = &queue->buffers[index];
	struct request request;
	int r;

	request_init(&request, queue, index);
	r = v4l2_device_ioctl(queue->device, VIDIOC_QUERYBUF, &request.buffer);
	if (r < 0)
		return r;
	if (!V4L2_TYPE_IS_MULTIPLANAR(queue->type))
		r = map_plane(queue, request.buffer.length, request.buffer.m.offset,
			      &buffer->planes[0]);
	else
		for (unsigned int i = 0; i < queue->n_planes && r >= 0; i++)
			r = map_plane(queue, request.planes[i].length,
				      request.planes[i].m.mem_offset, &buffer->planes[i]);
	buffer->ready = r >= 0;
	return r;
}

static void unmap(struct v4l2_queue *queue, struct v4l2_queue_buffer *buffer)
{
	const struct v4l2_sys *sys = queue->device->sys;

	for (unsigned int i = 0; i < queue->n_planes; i++)
		if (buffer->planes[i].start)
			sys->munmap(sys, buffer->planes[i].start, buffer->planes[i].length);
}

static int request_buffers(struct v4l2_queue *queue, unsigned int count)
{
	struct v4l2_requestbuffers request = {
		.count = count,
		.type = queue->type,
		.memory = queue->memory,
	};
	int r = v4l2_device_ioctl(queue->device, VIDIOC_REQBUFS, &request);

	if (r < 0)
		return r;
	/* Fewer, or more, are the driver's right; but not more than there is room for. */
	return request.count > V4L2_QUEUE_BUFFERS_MAX ? -ENOBUFS : (int)request.count;
}

static int allocate(struct v4l2_queue *queue, unsigned int count)
{
	int r = request_buffers(queue, count);

	if (r <= 0)
		return r < 0 ? r : -ENOMEM;
	queue->count = (unsigned int)r;
	for (uint32_t i = 0; i < queue->count && queue->memory == V4L2_MEMORY_MMAP; i++) {
		r = map(queue, i);
		if (r < 0)
			return r;
	}
	return 0;
}

int v4l2_queue_setup(struct v4l2_queue *queue, const struct v4l2_device *device,
		     const struct v4l2_queue_setup *setup)
{
	bool multiplanar = V4L2_TYPE_IS_MULTIPLANAR(setup->type);
	int r;

	*queue = (struct v4l2_queue){};
	if (setup->n_planes == 0 || setup->n_planes > V4L2_QUEUE_PLANES_MAX ||
	    (setup->n_planes > 1 && !multiplanar))
		return -EINVAL;
	*queue = (struct v4l2_queue){
		.device = device,
		.type = setup->type,
		.memory = setup->memory,
		.n_planes = setup->n_planes,
	};
	r = allocate(queue, setup->count);
	if (r < 0)
		v4l2_queue_free(queue);
	return r;
}

int v4l2_queue_allocate(struct v4l2_queue *queue, const struct v4l2_device *device, uint32_t type,
			unsigned int count)
{
	const struct v4l2_queue_setup setup = {
		.type = type,
		.memory = V4L2_MEMORY_MMAP,
		.n_planes = 1,
		.count = count,
	};

	return v4l2_queue_setup(queue, device, &setup);
}

int v4l2_queue_bind(struct v4l2_queue *queue, uint32_t index, const int *fds, const size_t *lengths)
{
	struct v4l2_queue_buffer *buffer;

	if (index >= queue->count || queue->memory != V4L2_MEMORY_DMABUF)
		return -EINVAL;
	buffer = &queue->buffers[index];
	if (buffer->ready)
		return -EEXIST;
	for (unsigned int i = 0; i < queue->n_planes; i++)
		buffer->planes[i] = (struct v4l2_queue_plane){.fd = fds[i], .length = lengths[i]};
	buffer->ready = true;
	return 0;
}

int v4l2_queue_map_imported(struct v4l2_queue *queue, uint32_t index)
{
	const struct v4l2_sys *sys = queue->device->sys;
	int r = 0;

	if (index >= queue->count || !queue->buffers[index].ready)
		return -EINVAL;
	for (unsigned int i = 0; i < queue->n_planes && r >= 0; i++) {
		struct v4l2_queue_plane *plane = &queue->buffers[index].planes[i];

		if (!plane->start)
			r = sys->mmap(sys, plane->length, PROT_READ, plane->fd, 0, &plane->start);
	}
	return r;
}

void v4l2_queue_free(struct v4l2_queue *queue)
{
	if (!queue->device)
		return;
	v4l2_queue_stop(queue);
	for (unsigned int i = 0; i < queue->count; i++)
		unmap(queue, &queue->buffers[i]);
	/* After the unmapping: drivers refuse to free what is mapped. */
	request_buffers(queue, 0);
	*queue = (struct v4l2_queue){};
}

/* VIDIOC_QBUF wants each DMA-buf named every time, and its length: all of it. */
static void name_dmabufs(const struct v4l2_queue *queue, struct request *request)
{
	const struct v4l2_queue_buffer *buffer = &queue->buffers[request->buffer.index];

	if (!V4L2_TYPE_IS_MULTIPLANAR(queue->type)) {
		request->buffer.m.fd = buffer->planes[0].fd;
		request->buffer.length = (uint32_t)buffer->planes[0].length;
		return;
	}
	for (unsigned int i = 0; i < queue->n_planes; i++) {
		request->planes[i].m.fd = buffer->planes[i].fd;
		request->planes[i].length = (uint32_t)buffer->planes[i].length;
	}
}

static int put(struct v4l2_queue *queue, struct request *request)
{
	struct v4l2_queue_buffer *buffer = &queue->buffers[request->buffer.index];
	int r;

	if (queue->memory == V4L2_MEMORY_DMABUF)
		name_dmabufs(queue, request);
	r = v4l2_device_ioctl(queue->device, VIDIOC_QBUF, &request->buffer);
	if (r < 0)
		return r;
	buffer->queued = true;
	queue->queued++;
	return 0;
}

static bool ours(const struct v4l2_queue *queue, uint32_t index)
{
	return index < queue->count && queue->buffers[index].ready && !queue->buffers[index].queued;
}

int v4l2_queue_put(struct v4l2_queue *queue, uint32_t index)
{
	struct request request;

	if (!ours(queue, index))
		return -EINVAL;
	request_init(&request, queue, index);
	return put(queue, &request);
}

int v4l2_queue_put_filled(struct v4l2_queue *queue, uint32_t index,
			  const struct v4l2_queue_payload *payload)
{
	struct request request;

	if (!ours(queue, index))
		return -EINVAL;
	request_init(&request, queue, index);
	request.buffer.field = V4L2_FIELD_NONE;
	request.buffer.timestamp = payload->timestamp;
	request.buffer.bytesused = (uint32_t)payload->bytesused[0];
	for (unsigned int i = 0; i < queue->n_planes; i++) {
		if (payload->bytesused[i] == 0 ||
		    payload->bytesused[i] > queue->buffers[index].planes[i].length)
			return -EINVAL;
		request.planes[i].bytesused = (uint32_t)payload->bytesused[i];
	}
	return put(queue, &request);
}

/* What the driver says is in a plane. False: it cannot be. */
static bool measure(const struct v4l2_queue *queue, const struct request *request,
		    unsigned int plane, struct v4l2_queue_item *item)
{
	const struct v4l2_queue_plane *p = &queue->buffers[item->index].planes[plane];
	const uint8_t *start = p->start;
	size_t offset = 0, end = request->buffer.bytesused;

	if (V4L2_TYPE_IS_MULTIPLANAR(queue->type)) {
		/* Counts from the start of the plane, headers included. */
		end = request->planes[plane].bytesused;
		offset = request->planes[plane].data_offset;
	}
	if (end > p->length || offset > end)
		return false;
	item->shifted |= offset > 0;
	item->data[plane] = start ? start + offset : NULL;
	item->bytesused[plane] = end - offset;
	return true;
}

int v4l2_queue_get(struct v4l2_queue *queue, struct v4l2_queue_item *ret)
{
	struct request request;
	struct v4l2_queue_buffer *buffer;
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
	*ret = (struct v4l2_queue_item){
		.index = request.buffer.index,
		.flags = request.buffer.flags,
		.sequence = request.buffer.sequence,
		.timestamp = request.buffer.timestamp,
	};
	/* Not to be read, and not to be lost either: it comes as a faulty one, empty there. */
	for (unsigned int i = 0; i < queue->n_planes; i++)
		if (!measure(queue, &request, i, ret))
			ret->flags |= V4L2_BUF_FLAG_ERROR;
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
