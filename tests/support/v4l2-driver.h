// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A V4L2 capture driver that is played call by call, as a table of system calls (v4l2/sys.h): it
 * gives what its script says and notes the first breach of the rules of streaming I/O.
 */
#pragma once

#include <errno.h>
#include <linux/videodev2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "v4l2/sys.h"

#define FD      7
#define BUFFERS 4
#define LENGTH  64
#define START   1000000 /* the clock at STREAMON, us */

/* One answer to VIDIOC_DQBUF. */
struct step {
	int r; /* -errno, or 0 and the rest */
	uint32_t sequence;
	int64_t taken; /* us after START */
	uint32_t flags, bytesused;
	bool wrong_index, not_monotonic;
};

/* A whole frame, unless the rest says otherwise. */
#define FRAME(n, us, ...)                                                      \
	{                                                                      \
		.sequence = n, .taken = us, .bytesused = LENGTH, ##__VA_ARGS__ \
	}

/* A control as the driver describes it; menus have the texts. */
struct played_control {
	struct v4l2_query_ext_ctrl query;
	int32_t value;
	int set_r; /* of VIDIOC_S_CTRL */
	const char *const *menu;
};

struct driver {
	struct v4l2_sys sys;
	struct played_control *controls; /* by rising id */
	unsigned int n_controls;
	const struct step *steps;
	unsigned int n_steps, at;
	uint32_t caps;
	int open_r, streamon_r, qbuf_r, reqbufs_r;
	bool source_change; /* an event waits */
	bool open, streaming, queued[BUFFERS];
	unsigned int mapped, allocated, fifo[BUFFERS], n_fifo;
	uint64_t now;
	uint8_t memory[BUFFERS][LENGTH];
	const char *breach; /* the first rule that was broken */
};

static inline void breach(struct driver *d, const char *rule)
{
	if (!d->breach)
		d->breach = rule;
}

static inline struct driver *driver_of(const struct v4l2_sys *sys)
{
	return (struct driver *)(uintptr_t)sys;
}

static inline int played_open(const struct v4l2_sys *sys, const char *path, int flags)
{
	struct driver *d = driver_of(sys);

	if (d->open_r < 0)
		return d->open_r;
	d->open = true;
	return FD;
}

static inline int played_close(const struct v4l2_sys *sys, int fd)
{
	struct driver *d = driver_of(sys);

	if (!d->open || fd != FD)
		breach(d, "closed what was not open");
	if (d->streaming || d->mapped || d->allocated)
		breach(d, "closed with a stream or buffers left");
	d->open = false;
	return 0;
}

static inline int played_mmap(const struct v4l2_sys *sys, size_t length, int prot, int fd,
			      off_t offset, void **ret)
{
	struct driver *d = driver_of(sys);

	if (length != LENGTH || offset / LENGTH >= BUFFERS)
		breach(d, "mapped what is not there");
	d->mapped++;
	*ret = d->memory[offset / LENGTH];
	return 0;
}

static inline int played_munmap(const struct v4l2_sys *sys, void *address, size_t length)
{
	driver_of(sys)->mapped--;
	return 0;
}

static inline uint64_t played_now(const struct v4l2_sys *sys)
{
	return driver_of(sys)->now;
}

static inline int reqbufs(struct driver *d, struct v4l2_requestbuffers *request)
{
	if (d->reqbufs_r < 0)
		return d->reqbufs_r;
	if (d->mapped)
		breach(d, "freed mapped buffers");
	if (request->count > BUFFERS)
		request->count = BUFFERS;
	d->allocated = request->count;
	return 0;
}

static inline int qbuf(struct driver *d, const struct v4l2_buffer *buffer)
{
	if (d->qbuf_r < 0)
		return d->qbuf_r;
	if (buffer->index >= d->allocated || d->queued[buffer->index]) {
		breach(d, "queued a buffer that is not ours");
		return -EINVAL;
	}
	d->queued[buffer->index] = true;
	d->fifo[d->n_fifo++] = buffer->index;
	return 0;
}

static inline int dqbuf(struct driver *d, struct v4l2_buffer *buffer)
{
	const struct step *step = &d->steps[d->at];

	if (!d->streaming)
		return -EINVAL;
	if (d->at == d->n_steps || d->n_fifo == 0)
		return -EAGAIN;
	d->at++;
	if (step->r < 0)
		return step->r;
	buffer->index = step->wrong_index ? UINT32_MAX : d->fifo[0];
	d->queued[d->fifo[0]] = false;
	memmove(d->fifo, d->fifo + 1, --d->n_fifo * sizeof(d->fifo[0]));
	buffer->sequence = step->sequence;
	buffer->bytesused = step->bytesused;
	buffer->flags = step->flags;
	if (!step->not_monotonic)
		buffer->flags |= V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	buffer->timestamp.tv_sec = (START + step->taken) / 1000000;
	buffer->timestamp.tv_usec = (START + step->taken) % 1000000;
	return 0;
}

static inline int streamoff(struct driver *d)
{
	d->streaming = false;
	d->n_fifo = 0;
	memset(d->queued, 0, sizeof(d->queued));
	return 0;
}

static inline int streamon(struct driver *d)
{
	if (d->streamon_r < 0)
		return d->streamon_r;
	if (d->n_fifo != BUFFERS)
		breach(d, "started with buffers not queued");
	d->streaming = true;
	return 0;
}

static inline int dqevent(struct driver *d, struct v4l2_event *event)
{
	if (!d->source_change)
		return -ENOENT;
	d->source_change = false;
	event->type = V4L2_EVENT_SOURCE_CHANGE;
	event->u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION;
	return 0;
}

static inline int querybuf(struct v4l2_buffer *buffer)
{
	buffer->length = LENGTH;
	buffer->m.offset = buffer->index * LENGTH;
	return 0;
}

static inline struct played_control *control_of(struct driver *d, uint32_t id)
{
	for (unsigned int i = 0; i < d->n_controls; i++)
		if (d->controls[i].query.id == id)
			return &d->controls[i];
	return NULL;
}

static inline int query_control(struct driver *d, struct v4l2_query_ext_ctrl *query)
{
	bool next = query->id & V4L2_CTRL_FLAG_NEXT_CTRL;
	uint32_t id = query->id & ~V4L2_CTRL_FLAG_NEXT_CTRL;

	if (!d->n_controls)
		return -ENOTTY;
	for (unsigned int i = 0; i < d->n_controls; i++)
		if (next ? d->controls[i].query.id > id : d->controls[i].query.id == id) {
			*query = d->controls[i].query;
			return 0;
		}
	return -EINVAL;
}

static inline int query_menu(struct driver *d, struct v4l2_querymenu *menu)
{
	const struct played_control *c = control_of(d, menu->id);

	if (!c || !c->menu || menu->index > c->query.maximum || !c->menu[menu->index])
		return -EINVAL;
	strncpy((char *)menu->name, c->menu[menu->index], sizeof(menu->name) - 1);
	return 0;
}

/* As the kernel's control framework does: out of range is the driver's to round or to refuse. */
static inline int set_or_get_control(struct driver *d, struct v4l2_control *control, bool set)
{
	struct played_control *c = control_of(d, control->id);

	if (!c)
		return -EINVAL;
	if (set && c->set_r < 0)
		return c->set_r;
	if (set && (control->value < c->query.minimum || control->value > c->query.maximum))
		breach(d, "set a control out of its range");
	if (set)
		c->value = control->value;
	control->value = c->value;
	return 0;
}

/* YUYV 4x8 and nothing else. */
static inline int format_ioctl(unsigned long request, void *arg)
{
	struct v4l2_fmtdesc *desc = arg;
	struct v4l2_format *format = arg;

	switch (request) {
	case VIDIOC_ENUM_FMT:
		desc->pixelformat = V4L2_PIX_FMT_YUYV;
		return desc->index == 0 ? 0 : -EINVAL;
	case VIDIOC_S_FMT:
		format->fmt.pix.width = 4;
		format->fmt.pix.height = 8;
		format->fmt.pix.bytesperline = 8;
		format->fmt.pix.sizeimage = LENGTH;
		return 0;
	default:
		return -ENOTTY;
	}
}

static inline int played_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	struct driver *d = driver_of(sys);
	struct v4l2_capability *capability = arg;

	if (!d->open || fd != FD)
		breach(d, "spoke to a closed device");
	switch (request) {
	case VIDIOC_QUERYCAP:
		capability->capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_M2M;
		capability->device_caps = d->caps;
		return 0;
	case VIDIOC_REQBUFS:
		return reqbufs(d, arg);
	case VIDIOC_QUERYBUF:
		return querybuf(arg);
	case VIDIOC_QBUF:
		return qbuf(d, arg);
	case VIDIOC_DQBUF:
		return dqbuf(d, arg);
	case VIDIOC_STREAMON:
		return streamon(d);
	case VIDIOC_STREAMOFF:
		return streamoff(d);
	case VIDIOC_DQEVENT:
		return dqevent(d, arg);
	case VIDIOC_QUERY_EXT_CTRL:
		return query_control(d, arg);
	case VIDIOC_QUERYMENU:
		return query_menu(d, arg);
	case VIDIOC_S_CTRL:
	case VIDIOC_G_CTRL:
		return set_or_get_control(d, arg, request == VIDIOC_S_CTRL);
	default:
		return format_ioctl(request, arg);
	}
}

static inline void driver_init(struct driver *d, const struct step *steps, unsigned int n_steps)
{
	*d = (struct driver){
		.sys = {.open = played_open,
			.close = played_close,
			.ioctl = played_ioctl,
			.mmap = played_mmap,
			.munmap = played_munmap,
			.now_us = played_now},
		.steps = steps,
		.n_steps = n_steps,
		.caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING,
		.now = START,
	};
}
