// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "v4l2/controls.h"
#include "v4l2/device.h"
#include "v4l2/dmabuf.h"
#include "v4l2/format.h"
#include "v4l2/pool.h"
#include "v4l2/queue.h"

/* Beyond what the driver keeps for itself: one held by the caller, two to bridge its pauses. */
#define BUFFERS_EXTRA 3
#define BUFFERS_LEAST 4

/*
 * Frames left over from before the start can come once for each buffer. If more of them seem older
 * than the start, the driver's clock is not the monotonic one that it claims.
 */
#define STALE_MAX V4L2_QUEUE_BUFFERS_MAX

/*
 * A driver that promises nothing about its clock (v4l2loopback) mostly has the monotonic one all
 * the same: a time so shortly before the start is one left over. No other clock comes so near.
 */
#define STALE_NEAR_USEC 500000

/* A sequence that leaps further was begun anew by the driver: that says nothing about losses. */
#define SEQUENCE_GAP_MAX 10000

struct v4l2_capture {
	struct v4l2_device device;
	struct v4l2_capture_format format;
	bool astray; /* the driver may have another format */
	struct v4l2_queue queue;
	struct v4l2_pool pool; /* of the queue's buffers, if shared */
	uint64_t started_us;
	unsigned int stale;
	bool has_sequence;
	uint32_t sequence;
	uint32_t dropped, faulty; /* since the last frame that was handed out */
};

static void capture_free(struct v4l2_capture *capture)
{
	v4l2_capture_close(capture);
}

DEFINE_CLEANUP(struct v4l2_capture *, capture_free)

static int open_device(const struct v4l2_sys *sys, const char *path, struct v4l2_device *ret)
{
	int r = v4l2_device_open(sys, path, ret);

	if (r < 0)
		return r;
	if (ret->kind == V4L2_DEVICE_CAPTURE && ret->streaming)
		return 0;
	v4l2_device_close(ret);
	return ret->kind == V4L2_DEVICE_CAPTURE ? -EOPNOTSUPP : -ENOTTY;
}

int v4l2_capture_probe(const struct v4l2_sys *sys, const char *path)
{
	struct v4l2_requestbuffers none = {.memory = V4L2_MEMORY_MMAP};
	struct v4l2_device device;
	int r = open_device(sys, path, &device);

	if (r < 0)
		return r;
	/* Frees no buffers, as we have none, and is refused if somebody else has some. */
	none.type = v4l2_device_capture_type(&device);
	r = v4l2_device_ioctl(&device, VIDIOC_REQBUFS, &none);
	v4l2_device_close(&device);
	return r < 0 ? r : 0;
}

int v4l2_capture_offers(const struct v4l2_sys *sys, const char *path, char *ret, size_t size)
{
	struct v4l2_device device;
	int r = open_device(sys, path, &device);

	*ret = '\0';
	if (r < 0)
		return r;
	/* What stands there is set up elsewhere. */
	r = device.media_pipeline ? -ENODATA : v4l2_format_offers(&device, ret, size);
	v4l2_device_close(&device);
	return r;
}

int v4l2_capture_open(const struct v4l2_sys *sys, const char *path,
		      const struct v4l2_capture_want *want, struct v4l2_capture **ret)
{
	_cleanup_(capture_freep) struct v4l2_capture *capture = NULL;
	int r;

	if (want->width == 0 || want->height == 0 || want->fps == 0)
		return -EINVAL;
	capture = calloc(1, sizeof(*capture));
	if (!capture)
		return -ENOMEM;
	capture->device.fd = -EBADF;
	r = open_device(sys, path, &capture->device);
	if (r < 0)
		return r;
	r = v4l2_format_negotiate(&capture->device, want, &capture->format);
	if (r < 0)
		return r;
	*ret = steal_pointer(&capture);
	return 0;
}

struct v4l2_capture *v4l2_capture_close(struct v4l2_capture *capture)
{
	if (!capture)
		return NULL;
	v4l2_capture_free(capture);
	v4l2_device_close(&capture->device);
	free(capture);
	return NULL;
}

const struct v4l2_capture_format *v4l2_capture_format(const struct v4l2_capture *capture)
{
	return &capture->format;
}

struct v4l2_device *v4l2_capture_device(struct v4l2_capture *capture)
{
	return &capture->device;
}

int v4l2_capture_fd(const struct v4l2_capture *capture)
{
	return capture->device.fd;
}

const struct v4l2_pool *v4l2_capture_pool(const struct v4l2_capture *capture)
{
	return &capture->pool;
}

/* Than what was agreed on: another size, or fewer frames a second. */
static bool is_less(const struct v4l2_capture_format *now, const struct v4l2_capture_format *former)
{
	uint64_t rate = (uint64_t)now->fps_num * former->fps_den,
		 rate_before = (uint64_t)former->fps_num * now->fps_den;

	return now->width != former->width || now->height != former->height ||
	       rate * 100 < rate_before * 99;
}

int v4l2_capture_reformat(struct v4l2_capture *capture, uint32_t fourcc, uint32_t stride)
{
	const struct v4l2_capture_format former = capture->format;
	const struct v4l2_format_mode mode = {
		.fourcc = fourcc,
		.width = former.width,
		.height = former.height,
		.interval = {former.fps_den, former.fps_num},
		.stride = stride,
	};
	int r;

	if (capture->queue.device)
		return -EBUSY;
	if (!capture->astray && former.fourcc == fourcc &&
	    (stride == 0 || stride == former.stride[0]))
		return 0;
	if (capture->device.media_pipeline)
		return -EOPNOTSUPP;
	r = v4l2_format_set(&capture->device, &mode, &capture->format);
	if (r >= 0 && is_less(&capture->format, &former))
		r = -EOPNOTSUPP;
	if (r < 0)
		capture->format = former;
	capture->astray = r < 0;
	return r;
}

unsigned int v4l2_capture_least(const struct v4l2_capture *capture)
{
	int32_t least;

	if (v4l2_controls_get(&capture->device, V4L2_CID_MIN_BUFFERS_FOR_CAPTURE, &least) < 0 ||
	    least < 1)
		return 1;
	return (unsigned int)least;
}

static unsigned int buffers_wanted(const struct v4l2_capture *capture)
{
	unsigned int least = v4l2_capture_least(capture);

	if (least > V4L2_QUEUE_BUFFERS_MAX - BUFFERS_EXTRA)
		return V4L2_QUEUE_BUFFERS_MAX;
	return least + BUFFERS_EXTRA > BUFFERS_LEAST ? least + BUFFERS_EXTRA : BUFFERS_LEAST;
}

/* Not every driver has such events; without them a changed source shows as an error or a stall. */
static void subscribe_source_change(const struct v4l2_device *device)
{
	struct v4l2_event_subscription subscription = {.type = V4L2_EVENT_SOURCE_CHANGE};

	v4l2_device_ioctl(device, VIDIOC_SUBSCRIBE_EVENT, &subscription);
}

static int stream(struct v4l2_capture *capture)
{
	const struct v4l2_sys *sys = capture->device.sys;
	int r;

	for (uint32_t i = 0; i < capture->queue.count; i++) {
		const struct v4l2_queue_buffer *buffer = &capture->queue.buffers[i];

		r = buffer->ready && !buffer->queued ? v4l2_queue_put(&capture->queue, i) : 0;
		if (r < 0)
			return r;
	}
	capture->started_us = sys->now_us(sys);
	return v4l2_queue_start(&capture->queue);
}

static int set_up(struct v4l2_capture *capture, uint32_t memory, unsigned int count)
{
	const struct v4l2_queue_setup setup = {
		.type = v4l2_device_capture_type(&capture->device),
		.memory = memory,
		.n_planes = capture->format.n_planes,
		.count = count,
	};

	return v4l2_queue_setup(&capture->queue, &capture->device, &setup);
}

int v4l2_capture_allocate(struct v4l2_capture *capture, unsigned int least)
{
	unsigned int count = buffers_wanted(capture);

	if (capture->queue.device)
		return -EBUSY;
	return set_up(capture, V4L2_MEMORY_MMAP, count > least ? count : least);
}

/* Queued at once: only then does it show whether the driver can reach the memory. */
static int bind_all(struct v4l2_queue *queue, const struct v4l2_pool *pool, const uint32_t *size)
{
	const size_t least[V4L2_QUEUE_PLANES_MAX] = {size[0], size[1], size[2]};
	int r = queue->count > 0 ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < pool->count && i < queue->count && r >= 0; i++) {
		r = v4l2_dmabuf_import(queue, i, pool->fds[i], least);
		if (r >= 0)
			r = v4l2_queue_put(queue, i);
	}
	return r;
}

int v4l2_capture_import(struct v4l2_capture *capture, struct v4l2_pool *pool)
{
	int r;

	if (capture->queue.device)
		return -EBUSY;
	if (pool->n_planes != capture->format.n_planes)
		return -EINVAL;
	r = set_up(capture, V4L2_MEMORY_DMABUF, pool->count);
	/* It asked for more, and would wait for them. */
	if (r >= 0 && capture->queue.count > pool->count)
		r = -ENOBUFS;
	if (r >= 0)
		r = bind_all(&capture->queue, pool, capture->format.size);
	if (r < 0) {
		v4l2_queue_free(&capture->queue);
		return r;
	}
	capture->pool = *pool;
	*pool = (struct v4l2_pool){};
	return 0;
}

int v4l2_capture_export(struct v4l2_capture *capture)
{
	return capture->pool.count ? 0 : v4l2_pool_export(&capture->pool, &capture->queue);
}

unsigned int v4l2_capture_count(const struct v4l2_capture *capture)
{
	return capture->queue.count;
}

bool v4l2_capture_has_buffers(const struct v4l2_capture *capture)
{
	return capture->queue.device;
}

void v4l2_capture_free(struct v4l2_capture *capture)
{
	v4l2_queue_free(&capture->queue);
	v4l2_pool_release(&capture->pool);
}

int v4l2_capture_start(struct v4l2_capture *capture)
{
	int r = capture->queue.device ? 0 : v4l2_capture_allocate(capture, 0);

	if (capture->queue.streaming)
		return -EBUSY;
	if (capture->astray)
		return -EIO;
	if (r < 0)
		return r;
	subscribe_source_change(&capture->device);
	r = stream(capture);
	if (r < 0)
		v4l2_queue_free(&capture->queue);
	return r;
}

unsigned int v4l2_capture_queued(const struct v4l2_capture *capture)
{
	return capture->queue.streaming ? capture->queue.queued : 0;
}

/* Takes all events; true if the source now gives something else. */
static bool source_changed(const struct v4l2_device *device)
{
	struct v4l2_event event = {};
	bool changed = false;

	for (unsigned int i = 0; i < V4L2_QUEUE_BUFFERS_MAX; i++) {
		if (v4l2_device_ioctl(device, VIDIOC_DQEVENT, &event) < 0)
			break;
		changed |= event.type == V4L2_EVENT_SOURCE_CHANGE &&
			   (event.u.src_change.changes & V4L2_EVENT_SRC_CH_RESOLUTION);
	}
	return changed;
}

static void count_gap(struct v4l2_capture *capture, uint32_t sequence)
{
	uint32_t gap = sequence - capture->sequence - 1;

	if (capture->has_sequence && gap <= SEQUENCE_GAP_MAX)
		capture->dropped += gap;
	capture->has_sequence = true;
	capture->sequence = sequence;
}

/* When the picture was taken, or false if that was before the start. */
static bool judge_time(struct v4l2_capture *capture, const struct v4l2_queue_item *item,
		       uint64_t *ret)
{
	const struct v4l2_sys *sys = capture->device.sys;
	uint64_t now = sys->now_us(sys);
	uint64_t taken =
		(uint64_t)item->timestamp.tv_sec * 1000000 + (uint64_t)item->timestamp.tv_usec;

	*ret = now;
	if ((item->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) != V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC)
		return taken >= capture->started_us ||
		       capture->started_us - taken > STALE_NEAR_USEC ||
		       capture->stale++ >= STALE_MAX;
	if (taken < capture->started_us)
		return capture->stale++ >= STALE_MAX;
	/* Some drivers state the end of the frame, a little ahead of now. */
	if (taken < now)
		*ret = taken;
	return true;
}

/* Who shares the memory reads it from its beginning. */
static bool is_faulty(const struct v4l2_capture *capture, const struct v4l2_queue_item *item)
{
	bool none = item->shifted && capture->pool.count > 0;

	for (unsigned int i = 0; i < capture->queue.n_planes; i++)
		none |= item->bytesused[i] == 0;
	return none || (item->flags & V4L2_BUF_FLAG_ERROR);
}

/* Fills the frame, or returns false if nobody should see this one. */
static bool judge(struct v4l2_capture *capture, const struct v4l2_queue_item *item,
		  struct v4l2_frame *ret)
{
	uint64_t taken;

	count_gap(capture, item->sequence);
	if (!judge_time(capture, item, &taken)) {
		capture->dropped = capture->faulty = 0;
		return false;
	}
	if (is_faulty(capture, item)) {
		capture->faulty++;
		return false;
	}
	*ret = (struct v4l2_frame){
		.timestamp_us = taken,
		.sequence = item->sequence,
		.dropped_before = capture->dropped,
		.faulty_before = capture->faulty,
		.index = item->index,
	};
	memcpy(ret->data, item->data, sizeof(ret->data));
	memcpy(ret->bytesused, item->bytesused, sizeof(ret->bytesused));
	capture->dropped = capture->faulty = 0;
	return true;
}

int v4l2_capture_next(struct v4l2_capture *capture, struct v4l2_frame *ret)
{
	struct v4l2_queue_item item;
	int r;

	/* Once round the buffers at most: a driver that gives only faulty ones does not hold us. */
	for (unsigned int i = 0; i < capture->queue.count; i++) {
		r = v4l2_queue_get(&capture->queue, &item);
		if (r == -EAGAIN || r == -EIO || r == -EPIPE)
			return source_changed(&capture->device) ? -ESTALE : r;
		if (r < 0)
			return r;
		if (judge(capture, &item, ret))
			return 0;
		r = v4l2_queue_put(&capture->queue, item.index);
		if (r < 0)
			return r;
	}
	return -EAGAIN;
}

/* Of the first N planes; the first error. */
static int end_reading(struct v4l2_capture *capture, const struct v4l2_frame *frame, unsigned int n)
{
	const struct v4l2_queue_plane *planes = capture->queue.buffers[frame->index].planes;
	int result = 0;

	for (unsigned int i = 0; i < n; i++) {
		int r = v4l2_dmabuf_end(capture->device.sys, planes[i].fd, V4L2_DMABUF_READ);

		result = result < 0 ? result : r;
	}
	return result;
}

int v4l2_capture_read_begin(struct v4l2_capture *capture, struct v4l2_frame *frame)
{
	const struct v4l2_queue_plane *planes = capture->queue.buffers[frame->index].planes;
	int r;

	if (capture->queue.memory != V4L2_MEMORY_DMABUF)
		return 0;
	r = v4l2_queue_map_imported(&capture->queue, frame->index);
	for (unsigned int i = 0; i < capture->queue.n_planes && r >= 0; i++) {
		r = v4l2_dmabuf_begin(capture->device.sys, planes[i].fd, V4L2_DMABUF_READ);
		if (r < 0)
			end_reading(capture, frame, i);
		frame->data[i] = planes[i].start;
	}
	return r;
}

int v4l2_capture_read_end(struct v4l2_capture *capture, struct v4l2_frame *frame)
{
	if (capture->queue.memory != V4L2_MEMORY_DMABUF)
		return 0;
	return end_reading(capture, frame, capture->queue.n_planes);
}

int v4l2_capture_release(struct v4l2_capture *capture, struct v4l2_frame *frame)
{
	uint32_t index = frame->index;

	if (!frame->bytesused[0])
		return -EINVAL;
	*frame = (struct v4l2_frame){};
	return v4l2_queue_put(&capture->queue, index);
}
