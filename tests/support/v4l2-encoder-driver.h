// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A V4L2 encoder driver that is played call by call, as a table of system calls (v4l2/sys.h): what
 * it can do is set in its fields, what comes out of it is a script, any call can be made to fail,
 * and the first breach of the rules of streaming I/O is noted.
 */
#pragma once

#include "tests/support/v4l2-encoder-formats.h"

static inline int played_open(const struct v4l2_sys *sys, const char *path, int flags)
{
	driver_of(sys)->open = true;
	return ENCODER_FD;
}

static inline int played_close(const struct v4l2_sys *sys, int fd)
{
	struct encoder_driver *d = driver_of(sys);

	if (d->raw.streaming || d->out.streaming || d->mapped || d->raw.allocated)
		breach(d, "closed with a stream or buffers left");
	d->open = false;
	return 0;
}

static inline struct fault *fault_of(struct encoder_driver *d, unsigned long request)
{
	for (unsigned int i = 0; i < 4; i++)
		if (d->faults[i].request == request && d->faults[i].times)
			return &d->faults[i];
	return NULL;
}

/* Whether this call is one that fails. */
static inline int fails(struct encoder_driver *d, unsigned long request)
{
	struct fault *fault = fault_of(d, request);

	if (!fault)
		return 0;
	if (fault->after > 0) {
		fault->after--;
		return 0;
	}
	fault->times--;
	return fault->r;
}

static inline int played_mmap(const struct v4l2_sys *sys, size_t length, int prot, int fd,
			      off_t offset, void **ret)
{
	struct encoder_driver *d = driver_of(sys);
	size_t n = (size_t)offset / PLANE;
	int r = fails(d, 1); /* mmap, among the requests */

	if (r < 0)
		return r;
	d->mapped++;
	*ret = d->memory[n / (3 * BUFFERS)][n / 3 % BUFFERS][n % 3];
	return 0;
}

static inline int played_munmap(const struct v4l2_sys *sys, void *address, size_t length)
{
	driver_of(sys)->mapped--;
	return 0;
}

static inline int64_t played_size(const struct v4l2_sys *sys, int fd)
{
	return driver_of(sys)->dmabuf_size;
}

static inline uint64_t played_now(const struct v4l2_sys *sys)
{
	return driver_of(sys)->now;
}

static inline int played_reqbufs(struct encoder_driver *d, struct v4l2_requestbuffers *request)
{
	struct side *side = side_of(d, request->type);

	if (request->count > BUFFERS)
		request->count = BUFFERS;
	if (request->count == 0 && side->streaming)
		breach(d, "freed buffers of a stream");
	side->allocated = request->count;
	side->memory = request->memory;
	return 0;
}

static inline int played_querybuf(struct encoder_driver *d, struct v4l2_buffer *b)
{
	struct side *side = side_of(d, b->type);
	uint32_t n = ((side == &d->out ? BUFFERS : 0) + b->index) * 3;

	if (!planar(d)) {
		b->length = PLANE;
		b->m.offset = n * PLANE;
		return 0;
	}
	for (unsigned int i = 0; i < b->length; i++) {
		b->m.planes[i].length = PLANE;
		b->m.planes[i].m.mem_offset = (n + i) * PLANE;
	}
	return 0;
}

static inline void check_planes(struct encoder_driver *d, const struct side *side,
				const struct v4l2_buffer *b)
{
	bool imported = side->memory == V4L2_MEMORY_DMABUF;

	if (b->memory != side->memory)
		breach(d, "queued as another kind of memory");
	if (side == &d->raw && !planar(d) && b->bytesused == 0)
		breach(d, "queued an empty picture");
	if (!planar(d)) {
		if (imported && (b->m.fd < DMABUF_FD || b->length != (uint32_t)d->dmabuf_size))
			breach(d, "queued without its DMA-buf");
		return;
	}
	if (b->length != planes_of(d, side))
		breach(d, "queued another number of planes");
	for (unsigned int i = 0; i < b->length; i++) {
		if (imported && b->m.planes[i].m.fd < DMABUF_FD)
			breach(d, "queued a plane without its DMA-buf");
		if (side == &d->raw && b->m.planes[i].bytesused == 0)
			breach(d, "queued an empty plane");
	}
}

static inline int played_qbuf(struct encoder_driver *d, const struct v4l2_buffer *b)
{
	struct side *side = side_of(d, b->type);

	if (b->index >= side->allocated || side->queued[b->index]) {
		breach(d, "queued a buffer that is not ours");
		return -EINVAL;
	}
	check_planes(d, side, b);
	side->queued[b->index] = true;
	side->fifo[side->n_fifo++] = b->index;
	side->timestamps[b->index] = b->timestamp;
	if (side == &d->raw && d->n_put < 64)
		d->put_times[d->n_put++] = b->timestamp;
	return 0;
}

static inline uint32_t take_oldest(struct side *side)
{
	uint32_t index = side->fifo[0];

	side->queued[index] = false;
	memmove(side->fifo, side->fifo + 1, --side->n_fifo * sizeof(side->fifo[0]));
	return index;
}

static inline int dequeue_raw(struct encoder_driver *d, struct v4l2_buffer *b)
{
	if (d->keeps_raw || d->raw.n_fifo == 0)
		return -EAGAIN;
	b->index = take_oldest(&d->raw);
	b->flags = d->raw_error ? V4L2_BUF_FLAG_ERROR : 0;
	return 0;
}

static inline int dequeue_coded(struct encoder_driver *d, struct v4l2_buffer *b)
{
	const struct step *step = &d->steps[d->at];
	uint32_t used;

	if (d->at == d->n_steps || d->out.n_fifo == 0)
		return -EAGAIN;
	/* Not before it was put. */
	if (step->of > 0 && step->of >= d->n_put)
		return -EAGAIN;
	d->at++;
	if (step->r < 0)
		return step->r;
	b->index = take_oldest(&d->out);
	b->flags = step->flags;
	if (!step->no_picture)
		b->timestamp = d->put_times[step->of];
	if (step->data)
		memcpy(d->memory[1][b->index][0], step->data, step->size);
	used = (uint32_t)(step->claims ? step->claims : step->size);
	if (planar(d))
		b->m.planes[0].bytesused = used;
	else
		b->bytesused = used;
	return 0;
}

static inline int played_dqbuf(struct encoder_driver *d, struct v4l2_buffer *b)
{
	struct side *side = side_of(d, b->type);

	if (!side->streaming)
		return -EINVAL;
	return side == &d->raw ? dequeue_raw(d, b) : dequeue_coded(d, b);
}

static inline int played_stream(struct encoder_driver *d, const int *type, bool on)
{
	struct side *side = side_of(d, (uint32_t)*type);

	if (on && side == &d->out && side->n_fifo == 0)
		breach(d, "started without a coded buffer");
	side->streaming = on;
	if (!on) {
		side->n_fifo = 0;
		memset(side->queued, 0, sizeof(side->queued));
	}
	return 0;
}

static inline int played_command(struct encoder_driver *d, const struct v4l2_encoder_cmd *cmd)
{
	if (!d->raw.streaming || !d->out.streaming)
		breach(d, "a command without a stream does nothing");
	d->n_stop += cmd->cmd == V4L2_ENC_CMD_STOP;
	return 0;
}

static inline int played_event(struct encoder_driver *d, struct v4l2_event *event)
{
	if (d->eos_waits == 0)
		return -ENOENT;
	d->eos_waits--;
	event->type = V4L2_EVENT_EOS;
	return 0;
}

static inline int played_export(struct encoder_driver *d, struct v4l2_exportbuffer *e)
{
	e->fd = DMABUF_FD + (int)d->n_exported++;
	return 0;
}

/* DMA_BUF_IOCTL_SYNC, on descriptors of DMA-bufs. */
static inline int played_sync(struct encoder_driver *d, int fd)
{
	if (fd < DMABUF_FD)
		return -ENOTTY;
	if (d->busy_syncs > 0) {
		d->busy_syncs--;
		return -EAGAIN;
	}
	d->n_synced++;
	return 0;
}

static inline int played_node(struct encoder_driver *d, unsigned long request, void *arg)
{
	struct v4l2_capability *capability = arg;

	switch (request) {
	case VIDIOC_QUERYCAP:
		capability->capabilities = V4L2_CAP_DEVICE_CAPS;
		capability->device_caps = d->caps;
		return 0;
	case VIDIOC_ENUM_FMT:
		return played_enum(d, arg);
	case VIDIOC_S_FMT:
		return played_format(d, arg, true);
	case VIDIOC_G_FMT:
		return played_format(d, arg, false);
	case VIDIOC_S_SELECTION:
		return played_crop(d, arg);
	case VIDIOC_S_PARM:
		return played_interval(d, arg);
	case VIDIOC_QUERY_EXT_CTRL:
		return played_query(d, arg);
	case VIDIOC_S_CTRL:
		return played_set(d, arg);
	case VIDIOC_G_CTRL:
		return played_get(d, arg);
	case VIDIOC_SUBSCRIBE_EVENT:
		return 0;
	case VIDIOC_EXPBUF:
		return played_export(d, arg);
	default:
		return -ENOTTY;
	}
}

static inline int played_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	struct encoder_driver *d = driver_of(sys);
	int r = fails(d, request);

	if (r < 0)
		return r;
	if (request == DMA_BUF_IOCTL_SYNC)
		return played_sync(d, fd);
	if (!d->open || fd != ENCODER_FD)
		breach(d, "spoke to a closed device");
	switch (request) {
	case VIDIOC_REQBUFS:
		return played_reqbufs(d, arg);
	case VIDIOC_QUERYBUF:
		return played_querybuf(d, arg);
	case VIDIOC_QBUF:
		return played_qbuf(d, arg);
	case VIDIOC_DQBUF:
		return played_dqbuf(d, arg);
	case VIDIOC_STREAMON:
		return played_stream(d, arg, true);
	case VIDIOC_STREAMOFF:
		return played_stream(d, arg, false);
	case VIDIOC_ENCODER_CMD:
		return played_command(d, arg);
	case VIDIOC_DQEVENT:
		return played_event(d, arg);
	default:
		return played_node(d, request, arg);
	}
}

/* An H.264 encoder for NV12, with what most have. */
static inline void encoder_driver_init(struct encoder_driver *d, const struct step *steps,
				       unsigned int n_steps)
{
	*d = (struct encoder_driver){
		.sys = {.open = played_open,
			.close = played_close,
			.ioctl = played_ioctl,
			.mmap = played_mmap,
			.munmap = played_munmap,
			.size = played_size,
			.now_us = played_now},
		.caps = V4L2_CAP_VIDEO_M2M | V4L2_CAP_STREAMING,
		.coded = {V4L2_PIX_FMT_H264},
		.raws = {V4L2_PIX_FMT_NV12},
		.coded_size = 4096,
		.align = 2,
		.max_width = 4096,
		.controls = {{.id = V4L2_CID_MPEG_VIDEO_BITRATE,
			      .min = 1000,
			      .max = 9000,
			      .step = 500,
			      .value = 5000},
			     {.id = V4L2_CID_MPEG_VIDEO_GOP_SIZE, .min = 1, .max = 99, .step = 1},
			     {.id = V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME,
			      .type = V4L2_CTRL_TYPE_BUTTON}},
		.steps = steps,
		.n_steps = n_steps,
		.dmabuf_size = PLANE,
		.now = CLOCK,
	};
}
