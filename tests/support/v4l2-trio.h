// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A converter between the camera and the encoder of v4l2-duet.h, played call by call: what becomes
 * of each picture is a letter of its script, 'p' without one: (p)icture, (d)ropped without a word,
 * (f)aulty, s(h)ort, (s)tray: with a timestamp of none, (w)aits for ever.
 */
#pragma once

#include "tests/support/v4l2-duet.h"

#define TRIO_CONVERTER 100
#define TRIO_OUT_ROOM  (DUET_ROOM / 2)

struct trio_queue {
	unsigned int count, n; /* n: with the driver, in order */
	uint32_t memory;
	uint32_t order[DUET_BUFFERS];
	uint64_t stamps[DUET_BUFFERS];
	int fds[DUET_BUFFERS][3];
	bool streaming;
	/* Ready to be taken. */
	unsigned int n_done;
	struct v4l2_buffer done[DUET_BUFFERS];
	int queue_r; /* of VIDIOC_QBUF */
};

struct trio {
	struct duet duet;               /* first: the table is its */
	uint32_t inputs[3], outputs[3]; /* 0 ends */
	struct v4l2_pix_format in, out;
	uint32_t stride_align, height_align, in_height_align, out_size;
	uint32_t capabilities; /* 0: V4L2_CAP_VIDEO_M2M and streaming */
	bool planar, no_compose, old_compose, shifts, no_import, no_export;
	int open_r, reqbufs_r, compose_r, dequeue_r, stream_r;
	unsigned int in_planes, most_buffers;
	bool lists_coded;
	struct trio_queue from, to;
	const char *script;
	unsigned int opened, closed;
};

static inline struct trio *trio_of(const struct v4l2_sys *sys)
{
	return (struct trio *)(uintptr_t)sys;
}

static inline int trio_open(const struct v4l2_sys *sys, const char *path, int flags)
{
	struct trio *t = trio_of(sys);

	if (strcmp(path, "converter") != 0)
		return duet_open(sys, path, flags);
	if (t->open_r < 0)
		return t->open_r;
	t->opened++;
	return TRIO_CONVERTER;
}

static inline int trio_close(const struct v4l2_sys *sys, int fd)
{
	if (fd != TRIO_CONVERTER)
		return duet_close(sys, fd);
	trio_of(sys)->closed++;
	return 0;
}

static inline bool trio_knows(const uint32_t *formats, uint32_t fourcc)
{
	return fourcc && (formats[0] == fourcc || formats[1] == fourcc || formats[2] == fourcc);
}

static inline void trio_adjust(struct trio *t, struct v4l2_pix_format *p, bool in)
{
	const uint32_t *formats = in ? t->inputs : t->outputs;
	uint32_t bytes;

	if (!trio_knows(formats, p->pixelformat))
		p->pixelformat = formats[0];
	bytes = p->pixelformat == V4L2_PIX_FMT_YUYV ? 2 : 1;
	if (p->bytesperline < p->width * bytes)
		p->bytesperline = p->width * bytes;
	if (!in)
		p->bytesperline = duet_align(p->bytesperline, t->stride_align);
	p->height = duet_align(p->height, in ? t->in_height_align : t->height_align);
	p->sizeimage = p->bytesperline * p->height;
	if (bytes == 1)
		p->sizeimage += p->sizeimage / 2;
	if (!in && t->out_size)
		p->sizeimage = t->out_size;
	p->field = V4L2_FIELD_NONE;
}

static inline int trio_set_format(struct trio *t, struct v4l2_format *f)
{
	bool in = V4L2_TYPE_IS_OUTPUT(f->type);
	struct v4l2_pix_format *own = in ? &t->in : &t->out;

	if (V4L2_TYPE_IS_MULTIPLANAR(f->type) != t->planar)
		return -EINVAL;
	*own = t->planar ? duet_join(&f->fmt.pix_mp) : f->fmt.pix;
	trio_adjust(t, own, in);
	if (!t->planar) {
		f->fmt.pix = *own;
		return 0;
	}
	duet_part(own, &f->fmt.pix_mp);
	if (in && t->in_planes)
		f->fmt.pix_mp.num_planes = (uint8_t)t->in_planes;
	return 0;
}

static inline int trio_enum(const struct trio *t, struct v4l2_fmtdesc *desc)
{
	const uint32_t *formats = V4L2_TYPE_IS_OUTPUT(desc->type) ? t->inputs : t->outputs;

	if (desc->index >= 3 || !formats[desc->index])
		return -EINVAL;
	desc->pixelformat = formats[desc->index];
	desc->flags =
		t->lists_coded && !V4L2_TYPE_IS_OUTPUT(desc->type) ? V4L2_FMT_FLAG_COMPRESSED : 0;
	return 0;
}

static inline int trio_compose(struct trio *t, struct v4l2_selection *s)
{
	if (t->no_compose)
		return -ENOTTY;
	if (t->compose_r < 0)
		return t->compose_r;
	if (t->old_compose && !V4L2_TYPE_IS_MULTIPLANAR(s->type))
		return -EINVAL;
	if (s->target != V4L2_SEL_TGT_COMPOSE)
		duet_breach(&t->duet, "selected what is not composed");
	s->r.left += t->shifts ? 2 : 0;
	return 0;
}

static inline struct trio_queue *trio_queue_of(struct trio *t, uint32_t type)
{
	return V4L2_TYPE_IS_OUTPUT(type) ? &t->from : &t->to;
}

static inline uint64_t trio_stamp(const struct v4l2_buffer *b)
{
	return (uint64_t)b->timestamp.tv_sec * 1000000 + (uint64_t)b->timestamp.tv_usec;
}

static inline int trio_put(struct trio *t, const struct v4l2_buffer *b)
{
	struct trio_queue *q = trio_queue_of(t, b->type);

	for (unsigned int i = 0; i < q->n; i++)
		if (q->order[i] == b->index)
			duet_breach(&t->duet, "queued a buffer twice");
	if (q->queue_r < 0)
		return q->queue_r;
	if (q->memory == V4L2_MEMORY_DMABUF)
		for (unsigned int i = 0; i < (t->planar ? b->length : 1); i++)
			duet_take_dmabuf(&t->duet, &q->fds[b->index][i],
					 t->planar ? b->m.planes[i].m.fd : b->m.fd);
	q->order[q->n] = b->index;
	q->stamps[q->n++] = trio_stamp(b);
	return 0;
}

static inline uint32_t trio_shift(struct trio_queue *q)
{
	uint32_t index = q->order[0];

	q->n--;
	memmove(q->order, q->order + 1, q->n * sizeof(q->order[0]));
	memmove(q->stamps, q->stamps + 1, q->n * sizeof(q->stamps[0]));
	return index;
}

static inline void trio_give(struct trio *t, uint64_t stamp, char what)
{
	struct v4l2_buffer *b = &t->to.done[t->to.n_done++];

	if (what == 's')
		stamp += 7;
	*b = (struct v4l2_buffer){
		.index = trio_shift(&t->to),
		.bytesused = what == 'h' ? 100 : t->out.sizeimage,
		.flags = what == 'f' ? V4L2_BUF_FLAG_ERROR : 0,
		.timestamp = {.tv_sec = (time_t)(stamp / 1000000),
			      .tv_usec = (suseconds_t)(stamp % 1000000)},
	};
}

/* Does what it can. */
static inline void trio_work(struct trio *t)
{
	while (t->from.streaming && t->to.streaming && t->from.n && t->to.n) {
		char what = t->script && *t->script ? *t->script : 'p';
		uint64_t stamp = t->from.stamps[0];

		if (what == 'w')
			return;
		if (t->script && *t->script)
			t->script++;
		t->from.done[t->from.n_done++] =
			(struct v4l2_buffer){.index = trio_shift(&t->from)};
		if (what != 'd')
			trio_give(t, stamp, what);
	}
}

/* One that is short lacks the end of its last plane. */
static inline void trio_measure(const struct v4l2_pix_format *p, struct v4l2_buffer *b)
{
	bool whole = b->bytesused == p->sizeimage;

	for (unsigned int i = 0; i < b->length; i++)
		b->m.planes[i].bytesused = duet_stride(p, i) * p->height / (i ? 2 : 1);
	if (b->length == 1 || !whole)
		b->m.planes[b->length - 1].bytesused = b->bytesused;
}

static inline int trio_get(struct trio *t, struct v4l2_buffer *b)
{
	struct trio_queue *q = trio_queue_of(t, b->type);
	struct v4l2_buffer done;

	trio_work(t);
	if (t->dequeue_r < 0)
		return t->dequeue_r;
	if (!q->n_done)
		return -EAGAIN;
	done = q->done[0];
	memmove(q->done, q->done + 1, --q->n_done * sizeof(done));
	b->index = done.index;
	b->bytesused = done.bytesused;
	b->flags = done.flags;
	b->timestamp = done.timestamp;
	if (t->planar)
		trio_measure(&t->out, b);
	return 0;
}

static inline int trio_reqbufs(struct trio *t, struct v4l2_requestbuffers *r)
{
	struct trio_queue *q = trio_queue_of(t, r->type);
	int queue_r = q->queue_r;

	if (t->reqbufs_r < 0)
		return t->reqbufs_r;
	if (r->count && r->memory == V4L2_MEMORY_DMABUF && t->no_import &&
	    V4L2_TYPE_IS_OUTPUT(r->type))
		return -EINVAL;
	if (t->most_buffers && r->count > t->most_buffers)
		r->count = t->most_buffers;
	*q = (struct trio_queue){.count = r->count, .memory = r->memory, .queue_r = queue_r};
	return 0;
}

static inline int trio_stream(struct trio *t, uint32_t type, bool on)
{
	struct trio_queue *q = trio_queue_of(t, type);

	if (on && t->stream_r < 0)
		return t->stream_r;
	q->streaming = on;
	if (!on)
		q->n = q->n_done = 0;
	return 0;
}

static inline int trio_converter(struct trio *t, unsigned long request, void *arg)
{
	struct v4l2_capability *capability = arg;
	struct v4l2_exportbuffer *export = arg;
	struct v4l2_buffer *b = arg;

	switch (request) {
	case VIDIOC_QUERYCAP:
		capability->capabilities = V4L2_CAP_DEVICE_CAPS;
		capability->device_caps =
			V4L2_CAP_STREAMING |
			(t->planar ? V4L2_CAP_VIDEO_M2M_MPLANE : V4L2_CAP_VIDEO_M2M);
		if (t->capabilities)
			capability->device_caps = t->capabilities;
		return 0;
	case VIDIOC_ENUM_FMT:
		return trio_enum(t, arg);
	case VIDIOC_S_FMT:
		return trio_set_format(t, arg);
	case VIDIOC_S_SELECTION:
		return trio_compose(t, arg);
	case VIDIOC_REQBUFS:
		return trio_reqbufs(t, arg);
	case VIDIOC_QUERYBUF:
		if (!t->planar)
			b->length = DUET_ROOM;
		for (unsigned int i = 0; t->planar && i < b->length; i++)
			b->m.planes[i].length = DUET_ROOM;
		return 0;
	case VIDIOC_QBUF:
		return trio_put(t, arg);
	case VIDIOC_DQBUF:
		return trio_get(t, arg);
	case VIDIOC_STREAMON:
	case VIDIOC_STREAMOFF:
		return trio_stream(t, (uint32_t) * (int *)arg, request == VIDIOC_STREAMON);
	case VIDIOC_EXPBUF:
		if (t->no_export)
			return -ENOTTY;
		export->fd = duet_new_dmabuf(&t->duet);
		return 0;
	default:
		return -ENOTTY;
	}
}

static inline int trio_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	return fd == TRIO_CONVERTER ? trio_converter(trio_of(sys), request, arg)
				    : duet_ioctl(sys, fd, request, arg);
}

/* The camera has YUYV only; the converter makes NV12 of that, which the encoder takes. */
static inline void trio_init(struct trio *t)
{
	*t = (struct trio){
		.inputs = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12},
		.outputs = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420},
	};
	duet_init(&t->duet);
	t->duet.sys.open = trio_open;
	t->duet.sys.close = trio_close;
	t->duet.sys.ioctl = trio_ioctl;
	t->duet.camera.formats[1] = t->duet.camera.formats[2] = 0;
	t->duet.camera.stride_align = 128;
}
