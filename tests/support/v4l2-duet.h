// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera and an encoder that are played call by call on one table of system calls (v4l2/sys.h),
 * with the kernel's DMA-bufs and a heap of them: for what both have to agree on. What each can do
 * is set in its fields; any call can be made to fail, and the first breach of the rules is noted.
 */
#pragma once

#include <errno.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/videodev2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/support/v4l2-duet-planes.h"
#include "v4l2/sys.h"

#define DUET_WIDTH   64
#define DUET_HEIGHT  32
#define DUET_BUFFERS 8
#define DUET_DMABUFS 64
#define DUET_ROOM    16384 /* of any buffer */

enum duet_fd {
	DUET_CAMERA = 7,
	DUET_ENCODER,
	DUET_HEAP,
	DUET_DMABUF
};

/* One queue of a node. */
struct duet_queue {
	unsigned int count, n_queued;
	uint32_t memory;
	bool queued[DUET_BUFFERS], streaming;
	int fds[DUET_BUFFERS][3]; /* imported; a memory plane keeps to one */
};

/* How one node handles raw pictures. */
struct duet_node {
	uint32_t formats[3]; /* 0 ends; the first is the present one */
	uint32_t fps[3];     /* of each format; 0: it knows no rates */
	bool planar;         /* it speaks the multi-planar API */
	uint32_t fourcc, stride;
	/* What a camera says of its colours, and what an encoder was told last. */
	uint32_t colorspace, ycbcr_enc, quantization, xfer_func;
	uint32_t stride_align, height_align;
	bool fixed_stride; /* it is no stride but its own */
	bool no_import, no_export;
	int queue_r; /* of VIDIOC_QBUF of an imported buffer */
	/* V4L2_CID_MIN_BUFFERS_FOR_OUTPUT, or a camera's for CAPTURE; 0: no such control. */
	int32_t least;
	unsigned int gives;        /* buffers at least, however few are asked for */
	unsigned int gives_most;   /* however many; 0: DUET_BUFFERS */
	unsigned int imports_most; /* of those that are imported; 0: no fewer */
	uint32_t room;             /* of a buffer; 0: DUET_ROOM */
	unsigned int empty_plane;  /* a memory plane that it leaves empty; 0: none */
	uint32_t offset;           /* where in the first plane its pictures begin */
	struct duet_queue raw, coded;
	unsigned int opened, closed;
};

struct duet {
	struct v4l2_sys sys;
	struct duet_node camera, encoder;
	bool has_heap;
	int heap_r; /* of an allocation, after heap_after good ones */
	unsigned int heap_after, exports_left;
	int encoder_open_r;
	int sync_r; /* of a DMA-buf to be read, while sync_after others are */
	unsigned int sync_after, reading;
	bool dmabuf_open[DUET_DMABUFS];
	unsigned int n_dmabufs, mapped;
	unsigned int most; /* raw buffers that the camera had at once */
	int64_t dmabuf_size;
	uint8_t memory[DUET_ROOM];
	uint64_t now;
	const char *breach;
};

static inline void duet_breach(struct duet *d, const char *rule)
{
	if (!d->breach)
		d->breach = rule;
}

static inline struct duet *duet_of(const struct v4l2_sys *sys)
{
	return (struct duet *)(uintptr_t)sys;
}

static inline int duet_open(const struct v4l2_sys *sys, const char *path, int flags)
{
	struct duet *d = duet_of(sys);

	if (!strcmp(path, "camera")) {
		d->camera.opened++;
		return DUET_CAMERA;
	}
	if (!strcmp(path, "encoder")) {
		if (d->encoder_open_r < 0)
			return d->encoder_open_r;
		d->encoder.opened++;
		d->encoder.fourcc = d->encoder.formats[0];
		return DUET_ENCODER;
	}
	return d->has_heap ? DUET_HEAP : -ENOENT;
}

static inline int duet_close(const struct v4l2_sys *sys, int fd)
{
	struct duet *d = duet_of(sys);

	if (fd == DUET_CAMERA)
		d->camera.closed++;
	else if (fd == DUET_ENCODER)
		d->encoder.closed++;
	else if (fd >= DUET_DMABUF && d->dmabuf_open[fd - DUET_DMABUF])
		d->dmabuf_open[fd - DUET_DMABUF] = false;
	else if (fd != DUET_HEAP)
		duet_breach(d, "closed what was not open");
	return 0;
}

static inline int duet_new_dmabuf(struct duet *d)
{
	d->dmabuf_open[d->n_dmabufs] = true;
	return DUET_DMABUF + (int)d->n_dmabufs++;
}

static inline unsigned int duet_dmabufs_open(const struct duet *d)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < DUET_DMABUFS; i++)
		n += d->dmabuf_open[i];
	return n;
}

static inline int duet_mmap(const struct v4l2_sys *sys, size_t length, int prot, int fd,
			    off_t offset, void **ret)
{
	struct duet *d = duet_of(sys);

	d->mapped++;
	*ret = d->memory;
	return 0;
}

static inline int duet_munmap(const struct v4l2_sys *sys, void *address, size_t length)
{
	duet_of(sys)->mapped--;
	return 0;
}

static inline int64_t duet_size(const struct v4l2_sys *sys, int fd)
{
	return duet_of(sys)->dmabuf_size;
}

static inline uint64_t duet_now(const struct v4l2_sys *sys)
{
	return duet_of(sys)->now;
}

static inline uint32_t duet_align(uint32_t value, uint32_t to)
{
	return to ? (value + to - 1) / to * to : value;
}

static inline struct duet_queue *duet_queue_of(struct duet_node *n, uint32_t type, bool camera)
{
	return camera || V4L2_TYPE_IS_OUTPUT(type) ? &n->raw : &n->coded;
}

static inline void duet_colours(struct duet_node *n, struct v4l2_pix_format *p, bool camera)
{
	if (camera) {
		p->colorspace = n->colorspace;
		p->ycbcr_enc = n->ycbcr_enc;
		p->quantization = n->quantization;
		p->xfer_func = n->xfer_func;
		p->priv = V4L2_PIX_FMT_PRIV_MAGIC;
		return;
	}
	n->colorspace = p->colorspace;
	n->ycbcr_enc = p->ycbcr_enc;
	n->quantization = p->quantization;
	n->xfer_func = p->xfer_func;
}

static inline int duet_rate(const struct duet_node *n, struct v4l2_streamparm *parm)
{
	for (unsigned int i = 0; i < 3 && V4L2_TYPE_IS_CAPTURE(parm->type); i++) {
		if (n->formats[i] != n->fourcc || !n->fps[i])
			continue;
		parm->parm.capture.timeperframe = (struct v4l2_fract){1, n->fps[i]};
		return 0;
	}
	return -ENOTTY;
}

static inline int duet_single_format(struct duet *d, struct duet_node *n, uint32_t type,
				     struct v4l2_pix_format *p, bool set)
{
	bool camera = n == &d->camera;
	bool known = false;

	if (!camera && !V4L2_TYPE_IS_OUTPUT(type)) {
		p->pixelformat = V4L2_PIX_FMT_H264;
		p->sizeimage = DUET_ROOM;
		return 0;
	}
	for (unsigned int i = 0; i < 3 && set; i++)
		known |= n->formats[i] == p->pixelformat && p->pixelformat;
	if (set) {
		if (n->raw.count)
			return -EBUSY;
		n->fourcc = known ? p->pixelformat : n->formats[0];
		n->stride = p->bytesperline;
		if (n->stride < DUET_WIDTH || n->fixed_stride)
			n->stride = DUET_WIDTH;
		n->stride = duet_align(n->stride, n->stride_align);
	}
	if (set || camera)
		duet_colours(n, p, camera);
	p->pixelformat = n->fourcc;
	p->width = DUET_WIDTH;
	p->height = duet_align(DUET_HEIGHT, n->height_align);
	p->bytesperline = n->stride;
	p->sizeimage = n->stride * p->height * 3 / 2;
	p->field = V4L2_FIELD_NONE;
	return 0;
}

static inline int duet_format(struct duet *d, struct duet_node *n, struct v4l2_format *f, bool set)
{
	struct v4l2_pix_format own;
	int r;

	if (V4L2_TYPE_IS_MULTIPLANAR(f->type) != n->planar)
		duet_breach(d, "spoke the other API");
	if (!n->planar)
		return duet_single_format(d, n, f->type, &f->fmt.pix, set);
	own = duet_join(&f->fmt.pix_mp);
	if (set && f->fmt.pix_mp.num_planes != duet_planes(own.pixelformat))
		duet_breach(d, "asked for another number of planes");
	r = duet_single_format(d, n, f->type, &own, set);
	duet_part(&own, &f->fmt.pix_mp);
	return r;
}

static inline int duet_enum(const struct duet_node *n, struct v4l2_fmtdesc *desc, bool camera)
{
	if (!camera && !V4L2_TYPE_IS_OUTPUT(desc->type)) {
		desc->pixelformat = V4L2_PIX_FMT_H264;
		return desc->index ? -EINVAL : 0;
	}
	if (desc->index >= 3 || !n->formats[desc->index])
		return -EINVAL;
	desc->pixelformat = n->formats[desc->index];
	return 0;
}

static inline int duet_reqbufs(struct duet_node *n, struct duet_queue *q,
			       struct v4l2_requestbuffers *r)
{
	unsigned int most = n->gives_most ? n->gives_most : DUET_BUFFERS;

	if (r->count && r->memory == V4L2_MEMORY_DMABUF && n->no_import)
		return -EINVAL;
	if (r->memory == V4L2_MEMORY_DMABUF && n->imports_most)
		most = n->imports_most;
	if (r->count && r->count < n->gives)
		r->count = n->gives;
	else if (r->count > most)
		r->count = most;
	*q = (struct duet_queue){.count = r->count, .memory = r->memory};
	return 0;
}

static inline void duet_take_dmabuf(struct duet *d, int *own, int fd)
{
	if (fd < DUET_DMABUF || !d->dmabuf_open[fd - DUET_DMABUF])
		duet_breach(d, "queued what is no DMA-buf");
	if (*own && *own != fd)
		duet_breach(d, "gave a buffer other memory");
	*own = fd;
}

static inline int duet_qbuf(struct duet *d, struct duet_node *n, struct duet_queue *q,
			    const struct v4l2_buffer *b)
{
	if (b->index >= q->count || q->queued[b->index]) {
		duet_breach(d, "queued a buffer that is not ours");
		return -EINVAL;
	}
	if (q->memory == V4L2_MEMORY_DMABUF) {
		if (n->queue_r < 0)
			return n->queue_r;
		for (unsigned int i = 0; i < (n->planar ? b->length : 1); i++)
			duet_take_dmabuf(d, &q->fds[b->index][i],
					 n->planar ? b->m.planes[i].m.fd : b->m.fd);
	}
	q->queued[b->index] = true;
	q->n_queued++;
	return 0;
}

static inline void duet_measure(const struct duet_node *n, struct v4l2_buffer *b)
{
	uint32_t luma = n->stride * DUET_HEIGHT;

	if (!n->planar) {
		b->bytesused = luma * 3 / 2;
		return;
	}
	b->m.planes[0].bytesused = b->length > 1 ? luma : luma * 3 / 2;
	b->m.planes[0].bytesused += n->offset;
	b->m.planes[0].data_offset = n->offset;
	for (unsigned int i = 1; i < b->length; i++)
		b->m.planes[i].bytesused = n->empty_plane == i ? 0 : luma / 2 / (b->length - 1);
}

static inline int duet_dqbuf(const struct duet_node *n, struct duet_queue *q, struct v4l2_buffer *b,
			     uint64_t now)
{
	for (uint32_t i = 0; i < q->count && q->streaming; i++) {
		if (!q->queued[i])
			continue;
		q->queued[i] = false;
		q->n_queued--;
		b->index = i;
		duet_measure(n, b);
		b->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
		b->timestamp.tv_sec = (time_t)(now / 1000000);
		b->timestamp.tv_usec = (suseconds_t)(now % 1000000);
		return 0;
	}
	return -EAGAIN;
}

static inline int duet_export(struct duet *d, const struct duet_node *n,
			      struct v4l2_exportbuffer *e)
{
	if (n->no_export || d->exports_left == 0)
		return -ENOTTY;
	d->exports_left--;
	e->fd = duet_new_dmabuf(d);
	return 0;
}

static inline void duet_stream(struct duet_queue *q, bool on)
{
	q->streaming = on;
	if (!on) {
		memset(q->queued, 0, sizeof(q->queued));
		q->n_queued = 0;
	}
}

static inline int duet_buffers(struct duet *d, struct duet_node *n, unsigned long request,
			       void *arg)
{
	bool camera = n == &d->camera;
	struct v4l2_requestbuffers *r = arg;
	struct v4l2_buffer *b = arg;

	switch (request) {
	case VIDIOC_REQBUFS:
		if (camera && r->count > d->most)
			d->most = r->count;
		return duet_reqbufs(n, duet_queue_of(n, r->type, camera), r);
	case VIDIOC_QUERYBUF:
		if (!n->planar)
			b->length = n->room ? n->room : DUET_ROOM;
		for (unsigned int i = 0; n->planar && i < b->length; i++)
			b->m.planes[i].length = n->room ? n->room : DUET_ROOM;
		return 0;
	case VIDIOC_QBUF:
		return duet_qbuf(d, n, duet_queue_of(n, b->type, camera), b);
	case VIDIOC_DQBUF:
		return camera || V4L2_TYPE_IS_OUTPUT(b->type)
			       ? duet_dqbuf(n, duet_queue_of(n, b->type, camera), b, d->now)
			       : -EAGAIN;
	case VIDIOC_STREAMON:
	case VIDIOC_STREAMOFF:
		duet_stream(duet_queue_of(n, (uint32_t) * (int *)arg, camera),
			    request == VIDIOC_STREAMON);
		return 0;
	case VIDIOC_EXPBUF:
		return duet_export(d, n, arg);
	default:
		return -ENOTTY;
	}
}

static inline int duet_heap(struct duet *d, struct dma_heap_allocation_data *data)
{
	if (d->heap_r < 0 && d->heap_after == 0)
		return d->heap_r;
	d->heap_after -= d->heap_after > 0;
	data->fd = (uint32_t)duet_new_dmabuf(d);
	return 0;
}

static inline int duet_control(const struct duet_node *n, bool camera, unsigned long request,
			       void *arg)
{
	uint32_t known =
		camera ? V4L2_CID_MIN_BUFFERS_FOR_CAPTURE : V4L2_CID_MIN_BUFFERS_FOR_OUTPUT;
	struct v4l2_query_ext_ctrl *query = arg;
	struct v4l2_control *control = arg;
	uint32_t id = request == VIDIOC_G_CTRL ? control->id : query->id;

	if (id != known || !n->least)
		return -EINVAL;
	if (request == VIDIOC_G_CTRL) {
		control->value = n->least;
		return 0;
	}
	query->type = V4L2_CTRL_TYPE_INTEGER;
	query->minimum = query->default_value = n->least;
	query->maximum = 32;
	query->step = 1;
	return 0;
}

static inline int duet_sync(struct duet *d, const struct dma_buf_sync *sync)
{
	if (sync->flags & DMA_BUF_SYNC_END) {
		d->reading--;
		return 0;
	}
	if (d->sync_r < 0 && d->reading == d->sync_after)
		return d->sync_r;
	d->reading++;
	return 0;
}

static inline int duet_ioctl(const struct v4l2_sys *sys, int fd, unsigned long request, void *arg)
{
	struct duet *d = duet_of(sys);
	struct duet_node *n = fd == DUET_CAMERA ? &d->camera : &d->encoder;
	struct v4l2_capability *capability = arg;

	if (request == DMA_HEAP_IOCTL_ALLOC)
		return duet_heap(d, arg);
	if (fd >= DUET_DMABUF)
		return duet_sync(d, arg);
	switch (request) {
	case VIDIOC_QUERYCAP:
		capability->capabilities = V4L2_CAP_DEVICE_CAPS;
		capability->device_caps =
			V4L2_CAP_STREAMING |
			(n == &d->camera ? n->planar ? V4L2_CAP_VIDEO_CAPTURE_MPLANE
						     : V4L2_CAP_VIDEO_CAPTURE
			 : n->planar     ? V4L2_CAP_VIDEO_M2M_MPLANE
					 : V4L2_CAP_VIDEO_M2M);
		return 0;
	case VIDIOC_ENUM_FMT:
		return duet_enum(n, arg, n == &d->camera);
	case VIDIOC_S_FMT:
	case VIDIOC_G_FMT:
		return duet_format(d, n, arg, request == VIDIOC_S_FMT);
	case VIDIOC_S_PARM:
		return duet_rate(n, arg);
	case VIDIOC_QUERY_EXT_CTRL:
	case VIDIOC_G_CTRL:
		return duet_control(n, n == &d->camera, request, arg);
	case VIDIOC_S_SELECTION:
		return n == &d->encoder ? 0 : -ENOTTY; /* as it was asked for */
	default:
		return duet_buffers(d, n, request, arg);
	}
}

/* Both do NV12, in lines without padding, import and export. */
static inline void duet_init(struct duet *d)
{
	*d = (struct duet){
		.sys = {.open = duet_open,
			.close = duet_close,
			.ioctl = duet_ioctl,
			.mmap = duet_mmap,
			.munmap = duet_munmap,
			.size = duet_size,
			.now_us = duet_now},
		.camera = {.formats = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420}},
		.encoder = {.formats = {V4L2_PIX_FMT_NV12}},
		.exports_left = DUET_DMABUFS,
		.dmabuf_size = DUET_ROOM,
		.now = 1000000,
	};
}
