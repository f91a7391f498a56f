// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/m2m.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "v4l2/dmabuf.h"
#include "v4l2/m2m-internal.h"

/* Beyond what the encoder works with: two are filled, or read, meanwhile, and one is on its way. */
#define BUFFERS_EXTRA 3
#define CODED_BUFFERS 4

/* Pictures that an encoder may have dropped without a word before it counts as stalled. */
#define SILENT_MAX 3

/* Events that wait are few; a driver that never runs out does not hold us. */
#define EVENTS_MAX 64

static void m2m_free(struct v4l2_m2m *m2m)
{
	v4l2_m2m_close(m2m);
}

DEFINE_CLEANUP(struct v4l2_m2m *, m2m_free)

static int open_device(struct v4l2_m2m *m2m, const struct v4l2_sys *sys, const char *path)
{
	int r = v4l2_device_open(sys, path, &m2m->device);

	if (r < 0)
		return r;
	if (m2m->device.kind != V4L2_DEVICE_M2M)
		return -ENOTTY;
	return m2m->device.streaming ? 0 : -EOPNOTSUPP;
}

int v4l2_m2m_open(const struct v4l2_sys *sys, const char *path, const struct v4l2_m2m_want *want,
		  struct v4l2_m2m **ret)
{
	_cleanup_(m2m_freep) struct v4l2_m2m *m2m = calloc(1, sizeof(*m2m));
	int r;

	if (!m2m)
		return -ENOMEM;
	m2m->device.fd = -EBADF;
	m2m->want = *want;
	m2m->headers.codec = want->codec;
	r = open_device(m2m, sys, path);
	if (r < 0)
		return r;
	r = v4l2_m2m_format_negotiate(&m2m->device, want, &m2m->format);
	if (r < 0)
		return r;
	/* After the formats: these may reset them. */
	r = v4l2_m2m_controls_set(&m2m->device, want, &m2m->controls);
	if (r < 0)
		return r;
	*ret = steal_pointer(&m2m);
	return 0;
}

struct v4l2_m2m *v4l2_m2m_close(struct v4l2_m2m *m2m)
{
	if (!m2m)
		return NULL;
	v4l2_queue_free(&m2m->raw);
	v4l2_queue_free(&m2m->coded);
	v4l2_device_close(&m2m->device);
	free(m2m->joined);
	free(m2m);
	return NULL;
}

const struct v4l2_m2m_format *v4l2_m2m_format(const struct v4l2_m2m *m2m)
{
	return &m2m->format;
}

const struct v4l2_m2m_controls *v4l2_m2m_controls(const struct v4l2_m2m *m2m)
{
	return &m2m->controls;
}

const struct v4l2_m2m_counts *v4l2_m2m_counts(const struct v4l2_m2m *m2m)
{
	return &m2m->counts;
}

const struct v4l2_device *v4l2_m2m_device(const struct v4l2_m2m *m2m)
{
	return &m2m->device;
}

const struct v4l2_queue *v4l2_m2m_raw_queue(const struct v4l2_m2m *m2m)
{
	return &m2m->raw;
}

int v4l2_m2m_fd(const struct v4l2_m2m *m2m)
{
	return m2m->device.fd;
}

static unsigned int at_least(unsigned int count, unsigned int least)
{
	if (least >= V4L2_QUEUE_BUFFERS_MAX - BUFFERS_EXTRA)
		return V4L2_QUEUE_BUFFERS_MAX;
	return count > least + BUFFERS_EXTRA ? count : least + BUFFERS_EXTRA;
}

static int allocate(struct v4l2_m2m *m2m)
{
	const struct v4l2_m2m_want *want = &m2m->want;
	const struct v4l2_queue_setup raw = {
		.type = v4l2_device_output_type(&m2m->device),
		.memory = want->import ? V4L2_MEMORY_DMABUF : V4L2_MEMORY_MMAP,
		.n_planes = m2m->format.raw.n_planes,
		.count = at_least(want->buffers ? want->buffers : V4L2_M2M_BUFFERS,
				  m2m->controls.least_raw),
	};
	int r;

	/* Drivers would say that there is no memory. */
	if (m2m->controls.least_raw > V4L2_QUEUE_BUFFERS_MAX)
		return -ENOBUFS;
	r = v4l2_queue_setup(&m2m->raw, &m2m->device, &raw);
	if (r < 0)
		return r;
	return v4l2_queue_allocate(&m2m->coded, &m2m->device,
				   v4l2_device_capture_type(&m2m->device),
				   at_least(CODED_BUFFERS, m2m->controls.least_coded));
}

/* The end of a drain is told by a flag; older drivers have only this event. */
static void subscribe(const struct v4l2_device *device)
{
	struct v4l2_event_subscription subscription = {.type = V4L2_EVENT_EOS};

	v4l2_device_ioctl(device, VIDIOC_SUBSCRIBE_EVENT, &subscription);
}

/* Of fewer than it needs it would keep all, and wait for more. */
static bool enough_buffers(const struct v4l2_m2m *m2m)
{
	return m2m->raw.count >= m2m->controls.least_raw &&
	       m2m->coded.count >= m2m->controls.least_coded;
}

/* What has been set since the format was read may have made the buffers smaller. */
static bool buffers_fit(const struct v4l2_m2m *m2m)
{
	for (uint32_t i = 0; i < m2m->raw.count && !m2m->want.import; i++)
		for (unsigned int plane = 0; plane < m2m->raw.n_planes; plane++)
			if (m2m->raw.buffers[i].planes[plane].length < m2m->format.raw.size[plane])
				return false;
	return true;
}

int v4l2_m2m_start(struct v4l2_m2m *m2m)
{
	int r;

	if (m2m->state != M2M_IDLE)
		return -EBUSY;
	r = allocate(m2m);
	if (r >= 0 && !enough_buffers(m2m))
		r = -ENOBUFS;
	if (r >= 0 && !buffers_fit(m2m))
		r = -EIO;
	if (r >= 0) {
		subscribe(&m2m->device);
		r = m2m_stream(m2m);
	}
	if (r < 0) {
		v4l2_queue_free(&m2m->raw);
		v4l2_queue_free(&m2m->coded);
		return r;
	}
	m2m->state = M2M_RUNNING;
	m2m->counts = (struct v4l2_m2m_counts){};
	return 0;
}

void m2m_take_events(struct v4l2_m2m *m2m)
{
	struct v4l2_event event = {};

	for (unsigned int i = 0; i < EVENTS_MAX; i++) {
		if (v4l2_device_ioctl(&m2m->device, VIDIOC_DQEVENT, &event) < 0)
			return;
		if (event.type == V4L2_EVENT_EOS)
			m2m->end_of_stream = true;
	}
}

uint32_t v4l2_m2m_events(const struct v4l2_m2m *m2m)
{
	/* Drained, the node reports EPOLLIN without end; without buffers, EPOLLERR. */
	if (m2m->state == M2M_IDLE || m2m->state == M2M_DRAINED || m2m->last_seen)
		return 0;
	if (m2m->coded.queued == 0 && m2m->raw.queued == 0)
		return 0;
	return EPOLLIN | EPOLLPRI | (m2m->raw.queued ? EPOLLOUT : 0);
}

uint64_t v4l2_m2m_deadline(const struct v4l2_m2m *m2m)
{
	uint64_t raw = v4l2_m2m_watch_deadline(&m2m->raw_watch);
	uint64_t coded = v4l2_m2m_watch_deadline(&m2m->coded_watch);

	return raw < coded ? raw : coded;
}

/*
 * An encoder can be expected to go on once it has as many pictures as it needs, and room for coded
 * ones. While it drains, it needs no more. A picture or two that never come out are no stall, even
 * if no others follow.
 */
void m2m_update_watches(struct v4l2_m2m *m2m)
{
	const struct v4l2_sys *sys = m2m->device.sys;
	uint64_t now = sys->now_us(sys);
	bool drains = m2m->state == M2M_DRAINING;
	unsigned int enough = drains ? 1 : m2m->controls.least_raw;
	bool works = (m2m->state == M2M_RUNNING || drains) && m2m->coded.queued > 0;

	v4l2_m2m_watch_set(&m2m->raw_watch, works && m2m->raw.queued >= enough, now);
	v4l2_m2m_watch_set(&m2m->coded_watch,
			   works && (drains || m2m->pending.count >= enough + SILENT_MAX), now);
}

int m2m_reclaim(struct v4l2_m2m *m2m)
{
	const struct v4l2_sys *sys = m2m->device.sys;
	struct v4l2_queue_item item;
	int r = 0;

	for (unsigned int i = 0; i < m2m->raw.count && m2m->raw.queued > 0; i++) {
		r = v4l2_queue_get(&m2m->raw, &item);
		if (r < 0)
			break;
		if (item.flags & V4L2_BUF_FLAG_ERROR)
			m2m->counts.faulty++;
		v4l2_m2m_watch_progress(&m2m->raw_watch, sys->now_us(sys));
	}
	m2m_update_watches(m2m);
	return r == -EAGAIN || r == -EPIPE ? 0 : r;
}

int v4l2_m2m_take(struct v4l2_m2m *m2m, struct v4l2_m2m_raw *ret)
{
	int r = m2m_reclaim(m2m);

	if (r < 0)
		return r;
	if (m2m->state != M2M_RUNNING)
		return -EAGAIN;
	for (uint32_t i = 0; i < m2m->raw.count; i++) {
		const struct v4l2_queue_buffer *buffer = &m2m->raw.buffers[i];

		if (buffer->queued || !buffer->ready)
			continue;
		*ret = (struct v4l2_m2m_raw){.index = i};
		for (unsigned int plane = 0; plane < m2m->raw.n_planes; plane++)
			ret->planes[plane] = buffer->planes[plane].start;
		return 0;
	}
	return -EAGAIN;
}

bool v4l2_m2m_holds(struct v4l2_m2m *m2m, uint32_t index)
{
	m2m_reclaim(m2m);
	return index < m2m->raw.count && m2m->raw.buffers[index].queued;
}

int v4l2_m2m_import(struct v4l2_m2m *m2m, uint32_t index, const int *fds)
{
	return v4l2_dmabuf_import(&m2m->raw, index, fds, m2m->format.raw.size);
}

static int queue_raw(struct v4l2_m2m *m2m, uint32_t index, uint64_t key)
{
	struct v4l2_queue_payload payload = {
		.timestamp = {.tv_sec = (time_t)(key / 1000000),
			      .tv_usec = (suseconds_t)(key % 1000000)},
	};

	for (unsigned int i = 0; i < m2m->raw.n_planes; i++)
		payload.bytesused[i] = m2m->format.raw.size[i];
	return v4l2_queue_put_filled(&m2m->raw, index, &payload);
}

/* A stopped queue takes a buffer, and prepares it, but reads nothing. */
int v4l2_m2m_try_import(struct v4l2_m2m *m2m)
{
	int r = v4l2_queue_stop(&m2m->raw);

	for (uint32_t i = 0; i < m2m->raw.count && r >= 0; i++)
		if (m2m->raw.buffers[i].ready)
			r = queue_raw(m2m, i, 0);
	if (r >= 0)
		r = v4l2_queue_stop(&m2m->raw);
	return r < 0 ? r : v4l2_queue_start(&m2m->raw);
}

int v4l2_m2m_put(struct v4l2_m2m *m2m, uint32_t index, uint64_t timestamp_us)
{
	uint64_t key;
	int r;

	if (m2m->state != M2M_RUNNING)
		return m2m->state == M2M_IDLE ? -EINVAL : -EAGAIN;
	r = m2m_settle_keyframe(m2m);
	if (r < 0)
		return r;
	r = v4l2_m2m_pending_add(&m2m->pending, timestamp_us, &key);
	if (r < 0)
		return r;
	r = queue_raw(m2m, index, key);
	if (r < 0) {
		v4l2_m2m_pending_undo(&m2m->pending);
		return r;
	}
	m2m->counts.put++;
	m2m_update_watches(m2m);
	return 0;
}
