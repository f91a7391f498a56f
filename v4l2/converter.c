// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/converter.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "v4l2/capture.h"
#include "v4l2/device.h"
#include "v4l2/dmabuf.h"
#include "v4l2/m2m-pending.h"
#include "v4l2/m2m-watch.h"
#include "v4l2/pool.h"
#include "v4l2/queue.h"

/* In a row. A converter that makes nothing else is broken. */
#define FAULTY_MAX 10
#define STRAYS_MAX 3
/* Pictures that may be lost without a word before it counts as stalled. */
#define SILENT_MAX 3

struct v4l2_converter {
	struct v4l2_device device;
	struct v4l2_capture_format camera;
	size_t from_size[V4L2_QUEUE_PLANES_MAX];
	struct v4l2_raw raw;
	struct v4l2_queue from, to; /* the kernel's OUTPUT and CAPTURE */
	struct v4l2_m2m_pending pending;
	struct v4l2_m2m_watch works, gives;
	unsigned int faulty, strays; /* in a row */
	int spare; /* buffers with the driver that belong to no job: of pictures that were lost */
};

static void converter_free(struct v4l2_converter *c)
{
	v4l2_converter_close(c);
}

DEFINE_CLEANUP(struct v4l2_converter *, converter_free)

int v4l2_converter_open(const struct v4l2_sys *sys, const char *path,
			const struct v4l2_capture_format *camera, struct v4l2_converter **ret)
{
	_cleanup_(converter_freep) struct v4l2_converter *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->device.fd = -EBADF;
	c->camera = *camera;
	r = v4l2_device_open(sys, path, &c->device);
	if (r < 0)
		return r;
	if (c->device.kind != V4L2_DEVICE_M2M || !c->device.streaming)
		return -ENOTTY;
	r = v4l2_converter_format_input(&c->device, camera, c->from_size);
	if (r < 0)
		return r;
	*ret = steal_pointer(&c);
	return 0;
}

struct v4l2_converter *v4l2_converter_close(struct v4l2_converter *c)
{
	if (!c)
		return NULL;
	v4l2_converter_stop(c);
	v4l2_device_close(&c->device);
	free(c);
	return NULL;
}

int v4l2_converter_set_output(struct v4l2_converter *c, const struct v4l2_converter_want *want)
{
	return v4l2_converter_format_output(&c->device, &c->camera, want, &c->raw);
}

const struct v4l2_raw *v4l2_converter_raw(const struct v4l2_converter *c)
{
	return &c->raw;
}

const struct v4l2_queue *v4l2_converter_input(const struct v4l2_converter *c)
{
	return &c->from;
}

const struct v4l2_device *v4l2_converter_device(const struct v4l2_converter *c)
{
	return &c->device;
}

int v4l2_converter_fd(const struct v4l2_converter *c)
{
	return c->device.fd;
}

static int put_from(struct v4l2_converter *c, uint32_t index, uint64_t key)
{
	struct v4l2_queue_payload payload = {
		.timestamp = {.tv_sec = (time_t)(key / 1000000),
			      .tv_usec = (suseconds_t)(key % 1000000)},
	};

	memcpy(payload.bytesused, c->from_size, sizeof(payload.bytesused));
	return v4l2_queue_put_filled(&c->from, index, &payload);
}

/* Whether the driver can reach what was imported shows when it is given all that: a stopped queue
 * takes a buffer, and prepares it, but does nothing. */
static int try_all(struct v4l2_converter *c, struct v4l2_queue *queue)
{
	int r = 0, stopped;

	for (uint32_t i = 0; i < queue->count && r >= 0; i++)
		if (queue->buffers[i].ready)
			r = queue == &c->from ? put_from(c, i, 0) : v4l2_queue_put(queue, i);
	stopped = v4l2_queue_stop(queue);
	return r < 0 ? r : stopped;
}

static int bind_all(struct v4l2_converter *c, struct v4l2_queue *queue,
		    const struct v4l2_pool *pool, const size_t *least)
{
	int r = 0;

	/* Buffer i of the one is buffer i of the other. */
	if (pool->n_planes != queue->n_planes || queue->count < pool->count)
		return -EINVAL;
	for (uint32_t i = 0; i < pool->count && r >= 0; i++)
		r = v4l2_dmabuf_import(queue, i, pool->fds[i], least);
	return r < 0 ? r : try_all(c, queue);
}

static int set_up(struct v4l2_converter *c, struct v4l2_queue *queue, uint32_t type,
		  unsigned int n_planes, const struct v4l2_pool *pool, unsigned int count)
{
	const struct v4l2_queue_setup setup = {
		.type = type,
		.memory = pool ? V4L2_MEMORY_DMABUF : V4L2_MEMORY_MMAP,
		.n_planes = n_planes,
		.count = pool ? pool->count : count,
	};

	return v4l2_queue_setup(queue, &c->device, &setup);
}

static int start(struct v4l2_converter *c, const struct v4l2_pool *from, unsigned int count,
		 const struct v4l2_pool *to)
{
	int r = set_up(c, &c->from, v4l2_device_output_type(&c->device), c->camera.n_planes, from,
		       count);

	if (r >= 0)
		r = set_up(c, &c->to, v4l2_device_capture_type(&c->device), c->raw.n_planes, to, 0);
	if (r >= 0 && from)
		r = bind_all(c, &c->from, from, c->from_size);
	if (r >= 0)
		r = bind_all(c, &c->to, to, c->raw.size);
	if (r >= 0)
		r = v4l2_queue_start(&c->from);
	return r < 0 ? r : v4l2_queue_start(&c->to);
}

int v4l2_converter_start(struct v4l2_converter *c, const struct v4l2_pool *from, unsigned int count,
			 const struct v4l2_pool *to)
{
	int r = start(c, from, count, to);

	if (r < 0)
		v4l2_converter_stop(c);
	return r;
}

void v4l2_converter_stop(struct v4l2_converter *c)
{
	v4l2_queue_free(&c->from);
	v4l2_queue_free(&c->to);
	v4l2_m2m_pending_clear(&c->pending);
	c->works = c->gives = (struct v4l2_m2m_watch){};
	c->faulty = c->strays = 0;
	c->spare = 0;
}

uint32_t v4l2_converter_events(const struct v4l2_converter *c)
{
	/* Without buffers the node would report EPOLLERR without end. */
	if (c->to.queued == 0 && c->from.queued == 0)
		return 0;
	return (c->to.queued ? EPOLLIN : 0) | (c->from.queued ? EPOLLOUT : 0);
}

uint64_t v4l2_converter_deadline(const struct v4l2_converter *c)
{
	uint64_t works = v4l2_m2m_watch_deadline(&c->works);
	uint64_t gives = v4l2_m2m_watch_deadline(&c->gives);

	return works < gives ? works : gives;
}

/*
 * Each job ends by itself: there is one as long as both queues have buffers. And something has to
 * come of them: a picture or two that never come out are no stall, unless no buffer is left for
 * others.
 */
static void update_watches(struct v4l2_converter *c)
{
	uint64_t now = c->device.sys->now_us(c->device.sys);

	v4l2_m2m_watch_set(&c->works, c->from.queued > 0 && c->to.queued > 0, now);
	v4l2_m2m_watch_set(&c->gives,
			   c->pending.count > SILENT_MAX ||
				   (c->pending.count > 0 && c->to.queued == c->to.count),
			   now);
}

static void progress(struct v4l2_converter *c, bool given)
{
	uint64_t now = c->device.sys->now_us(c->device.sys);

	v4l2_m2m_watch_progress(&c->works, now);
	if (given)
		v4l2_m2m_watch_progress(&c->gives, now);
}

bool v4l2_converter_fills(const struct v4l2_converter *c, uint32_t to)
{
	return to < c->to.count && c->to.buffers[to].queued;
}

int v4l2_converter_put(struct v4l2_converter *c, uint32_t from, uint32_t to, uint64_t key)
{
	uint64_t stamp;
	int r;

	if (from >= c->from.count || to >= c->to.count || c->from.buffers[from].queued ||
	    c->to.buffers[to].queued)
		return -EINVAL;
	r = v4l2_m2m_pending_add(&c->pending, key, &stamp);
	if (r < 0)
		return r;
	/* First where it goes: a job begins with what comes in. */
	if (c->spare > 0)
		c->spare--;
	else
		r = v4l2_queue_put(&c->to, to);
	if (r >= 0)
		r = put_from(c, from, stamp);
	if (r < 0)
		v4l2_m2m_pending_undo(&c->pending);
	update_watches(c);
	return r;
}

/* Collects what it has read. 0 or -errno. */
static int reclaim(struct v4l2_converter *c)
{
	struct v4l2_queue_item item;
	int r = 0;

	for (unsigned int i = 0; i < c->from.count && c->from.queued > 0 && r >= 0; i++) {
		r = v4l2_queue_get(&c->from, &item);
		if (r >= 0)
			progress(c, false);
	}
	update_watches(c);
	return r == -EAGAIN || r == -EPIPE ? 0 : r;
}

bool v4l2_converter_holds(struct v4l2_converter *c, uint32_t from)
{
	reclaim(c);
	return from < c->from.count && c->from.buffers[from].queued;
}

static bool is_whole(const struct v4l2_raw *raw, const struct v4l2_queue_item *item)
{
	for (unsigned int i = 0; i < raw->n_components; i++) {
		uint32_t lines = i == 0 ? raw->height : raw->height / 2;

		if (raw->components[i].offset + (size_t)raw->components[i].stride * lines >
		    item->bytesused[raw->components[i].plane])
			return false;
	}
	return true;
}

/* -ENOENT: it belongs to none that was put. */
static int judge(struct v4l2_converter *c, const struct v4l2_queue_item *item,
		 struct v4l2_converted *ret)
{
	uint64_t stamp =
		(uint64_t)item->timestamp.tv_sec * 1000000 + (uint64_t)item->timestamp.tv_usec;
	unsigned int lost;
	int r = v4l2_m2m_pending_take(&c->pending, stamp, &ret->key, &lost);

	if (r < 0) {
		c->spare--;
		return ++c->strays >= STRAYS_MAX ? -EPROTO : r;
	}
	c->strays = 0;
	c->spare += (int)lost;
	ret->to = item->index;
	ret->faulty = item->flags & V4L2_BUF_FLAG_ERROR || !is_whole(&c->raw, item);
	c->faulty = ret->faulty ? c->faulty + 1 : 0;
	return c->faulty >= FAULTY_MAX ? -EIO : 0;
}

int v4l2_converter_next(struct v4l2_converter *c, struct v4l2_converted *ret)
{
	struct v4l2_queue_item item;
	int r = reclaim(c);

	while (r >= 0 && c->to.queued > 0) {
		r = v4l2_queue_get(&c->to, &item);
		if (r < 0)
			break;
		progress(c, true);
		r = judge(c, &item, ret);
		update_watches(c);
		if (r != -ENOENT)
			return r;
		r = 0;
	}
	if (r < 0 && r != -EAGAIN)
		return r == -EPIPE ? -EIO : r;
	return c->device.sys->now_us(c->device.sys) >= v4l2_converter_deadline(c) ? -ETIMEDOUT
										  : -EAGAIN;
}
