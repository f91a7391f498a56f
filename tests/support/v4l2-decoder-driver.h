// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A V4L2 stateful decoder that is played call by call, as a table of system calls (v4l2/sys.h):
 * what it can do is set in its fields, any call can be made to fail, and the first breach of the
 * rules of streaming I/O is noted. Each unit becomes a picture, unless the test holds it back.
 */
#pragma once

#include <errno.h>
#include <linux/videodev2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "v4l2/sys.h"

#define DECODER_FD   9
#define EXPORTED_FD  100
#define UNITS        16
#define PICTURES     16
#define UNIT_SIZE    64
#define PICTURE_SIZE 256
#define CLOCK        1000000 /* us, at the beginning */

struct decoder_side {
	unsigned int count, n_fifo, fifo[UNITS];
	bool queued[UNITS], streaming;
	struct timeval timestamps[UNITS];
};

struct decoder_driver {
	struct v4l2_sys sys;
	uint32_t caps, codec, formats[4]; /* 0 ends */
	uint32_t format_now, width, height, visible_width, visible_height, n_planes;
	bool no_selection, odd_selection, keeps_format, silent;
	int32_t least; /* 0: lacks the control */
	struct {
		unsigned long request;
		unsigned int after; /* good ones first */
		int r;
	} fault;
	struct decoder_side units, pictures; /* OUTPUT and CAPTURE */
	unsigned int changes;                /* events that wait */
	uint32_t next_flags, next_bytes;     /* of the next picture; bytes 0: all */
	bool empty, open, holds_units;
	unsigned int mapped;
	uint64_t now;
	uint8_t memory[2][UNITS][PICTURE_SIZE];
	const char *breach;
};

static inline void decoder_breach(struct decoder_driver *d, const char *rule)
{
	if (!d->breach)
		d->breach = rule;
}

static inline struct decoder_driver *decoder_of(const struct v4l2_sys *sys)
{
	return (struct decoder_driver *)(uintptr_t)sys;
}

static inline bool decoder_planar(const struct decoder_driver *d)
{
	return d->caps & V4L2_CAP_VIDEO_M2M_MPLANE;
}

static inline struct decoder_side *decoder_side(struct decoder_driver *d, uint32_t type)
{
	if (V4L2_TYPE_IS_MULTIPLANAR(type) != decoder_planar(d))
		decoder_breach(d, "spoke the other API");
	return V4L2_TYPE_IS_OUTPUT(type) ? &d->units : &d->pictures;
}

static inline int decoder_open(const struct v4l2_sys *sys, const char *path, int flags)
{
	decoder_of(sys)->open = true;
	return DECODER_FD;
}

static inline int decoder_close(const struct v4l2_sys *sys, int fd)
{
	struct decoder_driver *d = decoder_of(sys);

	if (d->units.streaming || d->pictures.streaming || d->mapped || d->units.count)
		decoder_breach(d, "closed with a stream or buffers left");
	d->open = false;
	return 0;
}

static inline int decoder_mmap(const struct v4l2_sys *sys, size_t length, int prot, int fd,
			       off_t offset, void **ret)
{
	struct decoder_driver *d = decoder_of(sys);

	d->mapped++;
	*ret = d->memory[offset / UNITS][offset % UNITS];
	return 0;
}

static inline int decoder_munmap(const struct v4l2_sys *sys, void *address, size_t length)
{
	decoder_of(sys)->mapped--;
	return 0;
}

static inline uint64_t decoder_now(const struct v4l2_sys *sys)
{
	return decoder_of(sys)->now;
}

static inline int decoder_enum(struct decoder_driver *d, struct v4l2_fmtdesc *f)
{
	if (V4L2_TYPE_IS_OUTPUT(f->type))
		f->pixelformat = f->index ? 0 : d->codec;
	else
		f->pixelformat = f->index < 4 ? d->formats[f->index] : 0;
	return f->pixelformat ? 0 : -EINVAL;
}

static inline int decoder_format(struct decoder_driver *d, struct v4l2_format *f, bool set)
{
	bool coded = V4L2_TYPE_IS_OUTPUT(f->type), planar = decoder_planar(d);
	uint32_t asked = planar ? f->fmt.pix_mp.pixelformat : f->fmt.pix.pixelformat;

	if (set && !coded && !d->keeps_format)
		d->format_now = asked;
	if (planar) {
		f->fmt.pix_mp.pixelformat = coded ? d->codec : d->format_now;
		f->fmt.pix_mp.width = d->width;
		f->fmt.pix_mp.height = d->height;
		f->fmt.pix_mp.num_planes = (uint8_t)(coded ? 1 : d->n_planes);
		f->fmt.pix_mp.plane_fmt[0].bytesperline = coded ? 0 : d->width;
	} else {
		f->fmt.pix.pixelformat = coded ? d->codec : d->format_now;
		f->fmt.pix.width = d->width;
		f->fmt.pix.height = d->height;
		f->fmt.pix.bytesperline = coded ? 0 : d->width;
	}
	return 0;
}

static inline int decoder_selection(struct decoder_driver *d, struct v4l2_selection *s)
{
	if (s->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		decoder_breach(d, "a selection of another type");
	if (d->no_selection)
		return -ENOTTY;
	s->r = (struct v4l2_rect){
		.left = d->odd_selection, .width = d->visible_width, .height = d->visible_height};
	return 0;
}

static inline int decoder_get_control(struct decoder_driver *d, struct v4l2_control *c)
{
	c->value = d->least;
	return d->least && c->id == V4L2_CID_MIN_BUFFERS_FOR_CAPTURE ? 0 : -EINVAL;
}

static inline int decoder_reqbufs(struct decoder_driver *d, struct v4l2_requestbuffers *request)
{
	struct decoder_side *side = decoder_side(d, request->type);

	if (side == &d->pictures && request->count && !d->units.n_fifo)
		decoder_breach(d, "asked for picture buffers before any unit");
	side->count = request->count < PICTURES ? request->count : PICTURES;
	request->count = side->count;
	return 0;
}

static inline int decoder_querybuf(struct decoder_driver *d, struct v4l2_buffer *b)
{
	struct decoder_side *side = decoder_side(d, b->type);
	uint32_t offset = (side == &d->pictures ? UNITS : 0) + b->index;
	uint32_t length = side == &d->pictures ? PICTURE_SIZE : UNIT_SIZE;

	b->length = decoder_planar(d) ? b->length : length;
	b->m.offset = decoder_planar(d) ? b->m.offset : offset;
	if (decoder_planar(d)) {
		b->m.planes[0].length = length;
		b->m.planes[0].m.mem_offset = offset;
	}
	return 0;
}

static inline int decoder_qbuf(struct decoder_driver *d, const struct v4l2_buffer *b)
{
	struct decoder_side *side = decoder_side(d, b->type);

	if (b->index >= side->count || side->queued[b->index]) {
		decoder_breach(d, "queued a buffer that is not ours");
		return -EINVAL;
	}
	side->queued[b->index] = true;
	side->fifo[side->n_fifo++] = b->index;
	side->timestamps[b->index] = b->timestamp;
	return 0;
}

static inline uint32_t decoder_take_oldest(struct decoder_side *side)
{
	uint32_t index = side->fifo[0];

	side->queued[index] = false;
	memmove(side->fifo, side->fifo + 1, --side->n_fifo * sizeof(side->fifo[0]));
	return index;
}

/* A unit comes back with its picture, and not before it. */
static inline int decoder_dqbuf(struct decoder_driver *d, struct v4l2_buffer *b)
{
	struct decoder_side *side = decoder_side(d, b->type);
	uint32_t unit, bytes = d->empty ? 0 : d->next_bytes ? d->next_bytes : PICTURE_SIZE;

	if (!side->streaming)
		return -EINVAL;
	if (side == &d->units || d->silent || d->units.n_fifo == 0 || side->n_fifo == 0) {
		if (side != &d->units || d->silent || !d->holds_units)
			return -EAGAIN;
		d->holds_units = false;
		b->index = decoder_take_oldest(&d->units);
		return 0;
	}
	unit = decoder_take_oldest(&d->units);
	d->units.queued[unit] = true; /* the library is told of it next */
	d->units.fifo[d->units.n_fifo++] = unit;
	memmove(d->units.fifo + 1, d->units.fifo, (d->units.n_fifo - 1) * sizeof(d->units.fifo[0]));
	d->units.fifo[0] = unit;
	d->holds_units = true;
	b->index = decoder_take_oldest(side);
	b->timestamp = d->units.timestamps[unit];
	b->flags = d->next_flags;
	if (decoder_planar(d))
		b->m.planes[0].bytesused = bytes;
	else
		b->bytesused = bytes;
	return 0;
}

static inline int decoder_stream(struct decoder_driver *d, const int *type, bool on)
{
	struct decoder_side *side = decoder_side(d, (uint32_t)*type);

	if (on && side == &d->pictures && side->n_fifo == 0)
		decoder_breach(d, "started without a picture buffer");
	side->streaming = on;
	if (!on) {
		side->n_fifo = 0;
		memset(side->queued, 0, sizeof(side->queued));
	}
	return 0;
}

static inline int decoder_event(struct decoder_driver *d, struct v4l2_event *event)
{
	if (d->changes == 0)
		return -ENOENT;
	d->changes--;
	event->type = V4L2_EVENT_SOURCE_CHANGE;
	event->u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION;
	return 0;
}

static inline int decoder_call(struct decoder_driver *d, unsigned long request, void *arg)
{
	struct v4l2_capability *capability = arg;

	switch (request) {
	case VIDIOC_QUERYCAP:
		*capability = (struct v4l2_capability){.card = "played",
						       .capabilities = V4L2_CAP_DEVICE_CAPS,
						       .device_caps = d->caps};
		return 0;
	case VIDIOC_ENUM_FMT:
		return decoder_enum(d, arg);
	case VIDIOC_S_FMT:
		return decoder_format(d, arg, true);
	case VIDIOC_G_FMT:
		return decoder_format(d, arg, false);
	case VIDIOC_G_SELECTION:
		return decoder_selection(d, arg);
	case VIDIOC_QUERY_EXT_CTRL:
		return d->least ? 0 : -EINVAL;
	case VIDIOC_G_CTRL:
		return decoder_get_control(d, arg);
	case VIDIOC_SUBSCRIBE_EVENT:
		return 0;
	case VIDIOC_EXPBUF:
		((struct v4l2_exportbuffer *)arg)->fd =
			EXPORTED_FD + (int)((struct v4l2_exportbuffer *)arg)->index;
		return 0;
	case VIDIOC_DQEVENT:
		return decoder_event(d, arg);
	default:
		return -ENOTTY;
	}
}

static inline int decoder_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request,
				void *arg)
{
	struct decoder_driver *d = decoder_of(sys);

	if (!d->open || fd != DECODER_FD)
		decoder_breach(d, "spoke to a closed device");
	if (request == d->fault.request && d->fault.r && !d->fault.after--)
		return d->fault.r;
	switch (request) {
	case VIDIOC_REQBUFS:
		return decoder_reqbufs(d, arg);
	case VIDIOC_QUERYBUF:
		return decoder_querybuf(d, arg);
	case VIDIOC_QBUF:
		return decoder_qbuf(d, arg);
	case VIDIOC_DQBUF:
		return decoder_dqbuf(d, arg);
	case VIDIOC_STREAMON:
		return decoder_stream(d, arg, true);
	case VIDIOC_STREAMOFF:
		return decoder_stream(d, arg, false);
	default:
		return decoder_call(d, request, arg);
	}
}

/* H.264 to NV12 and RGB, of which some lines and columns are not seen. */
static inline void decoder_driver_init(struct decoder_driver *d)
{
	*d = (struct decoder_driver){
		.sys = {.open = decoder_open,
			.close = decoder_close,
			.ioctl = decoder_ioctl,
			.mmap = decoder_mmap,
			.munmap = decoder_munmap,
			.now_us = decoder_now},
		.caps = V4L2_CAP_VIDEO_M2M | V4L2_CAP_STREAMING,
		.codec = V4L2_PIX_FMT_H264,
		.formats = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_XBGR32},
		.format_now = V4L2_PIX_FMT_NV12,
		.width = 64,
		.height = 48,
		.visible_width = 60,
		.visible_height = 40,
		.n_planes = 1,
		.least = 2,
		.now = CLOCK,
	};
}
