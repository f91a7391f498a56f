// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The played encoder of v4l2-encoder-driver.h: what it is made of, and its formats and controls.
 */
#pragma once

#include <errno.h>
#include <linux/dma-buf.h>
#include <linux/videodev2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "v4l2/sys.h"

#define ENCODER_FD 9
#define DMABUF_FD  100 /* exported: this and those that follow */
#define BUFFERS    4
#define PLANE      (64 * 64 * 3 / 2)
#define CLOCK      1000000 /* us, at the beginning */

/* One answer to VIDIOC_DQBUF of coded buffers. */
struct step {
	int r; /* -errno, or 0 and the rest */
	uint32_t flags;
	const char *data;
	size_t size;
	unsigned int of; /* which put picture it is, from 0 */
	bool no_picture; /* of none: timestamp 0 */
	size_t claims;   /* bytesused, where it is not size */
};

#define BYTES(text) .data = text, .size = sizeof(text) - 1

#define HEADERS  "\0\0\0\1\x67\xaa\0\0\1\x68\xbb"
#define KEYFRAME "\0\0\0\1\x65\xcc"
#define PICTURE  "\0\0\0\1\x41\xdd"

struct played_control {
	uint32_t id;
	int32_t min, max, step, value;
	uint32_t type, flags;
	int set_r, get_r;
	unsigned int sets;
};

struct fault {
	unsigned long request;
	unsigned int after, times; /* after so many good ones; 0: never, UINT32_MAX: for good */
	int r;
};

struct side {
	unsigned int allocated, n_fifo, fifo[BUFFERS];
	bool queued[BUFFERS], streaming;
	uint32_t memory;
	struct timeval timestamps[BUFFERS];
};

struct encoder_driver {
	struct v4l2_sys sys;
	uint32_t caps;
	/* formats */
	uint32_t coded[4], raws[8]; /* offered; 0 ends */
	uint32_t coded_now, raw_now, coded_size;
	uint32_t width, height, align, max_width;
	bool no_crop, crop_planar_only, crop_moves, forgets_coded, no_interval, odd_planes;
	struct v4l2_fract interval;
	struct played_control controls[16];
	struct fault faults[4];
	/* streaming */
	struct side raw, out; /* OUTPUT and CAPTURE */
	const struct step *steps;
	unsigned int n_steps, at, n_put, n_stop, eos_waits, n_keyframes_forced;
	struct timeval put_times[64];
	bool keeps_raw, raw_error, streams, open;
	unsigned int mapped, n_exported, n_synced, busy_syncs;
	int64_t dmabuf_size;
	uint64_t now;
	uint8_t memory[2][BUFFERS][3][PLANE];
	const char *breach;
};

static inline void breach(struct encoder_driver *d, const char *rule)
{
	if (!d->breach)
		d->breach = rule;
}

static inline struct encoder_driver *driver_of(const struct v4l2_sys *sys)
{
	return (struct encoder_driver *)(uintptr_t)sys;
}

static inline bool planar(const struct encoder_driver *d)
{
	return d->caps & V4L2_CAP_VIDEO_M2M_MPLANE;
}

static inline struct side *side_of(struct encoder_driver *d, uint32_t type)
{
	if (V4L2_TYPE_IS_MULTIPLANAR(type) != planar(d))
		breach(d, "spoke the other API");
	return V4L2_TYPE_IS_OUTPUT(type) ? &d->raw : &d->out;
}

static inline unsigned int planes_of(const struct encoder_driver *d, const struct side *side)
{
	if (side == &d->out)
		return 1;
	return d->raw_now == V4L2_PIX_FMT_YUV420M ? 3 : d->raw_now == V4L2_PIX_FMT_NV12M ? 2 : 1;
}

static inline int played_enum(struct encoder_driver *d, struct v4l2_fmtdesc *desc)
{
	const uint32_t *list = V4L2_TYPE_IS_OUTPUT(desc->type) ? d->raws : d->coded;

	desc->pixelformat = list[desc->index];
	return desc->pixelformat ? 0 : -EINVAL;
}

static inline bool listed(const uint32_t *list, uint32_t fourcc)
{
	while (*list && *list != fourcc)
		list++;
	return *list == fourcc && fourcc;
}

static inline void fill_raw(const struct encoder_driver *d, struct v4l2_format *f)
{
	uint32_t luma = d->width * d->height, n = planes_of(d, &d->raw);

	if (!planar(d)) {
		f->fmt.pix.width = f->fmt.pix.bytesperline = d->width;
		f->fmt.pix.height = d->height;
		f->fmt.pix.pixelformat = d->raw_now;
		f->fmt.pix.sizeimage = luma * 3 / 2;
		return;
	}
	f->fmt.pix_mp.width = d->width;
	f->fmt.pix_mp.height = d->height;
	f->fmt.pix_mp.pixelformat = d->raw_now;
	f->fmt.pix_mp.num_planes = d->odd_planes ? 4 : (uint8_t)n;
	for (unsigned int i = 0; i < n; i++) {
		f->fmt.pix_mp.plane_fmt[i].bytesperline = i && n == 3 ? d->width / 2 : d->width;
		f->fmt.pix_mp.plane_fmt[i].sizeimage = n == 1   ? luma * 3 / 2
						       : i == 0 ? luma
						       : n == 3 ? luma / 4
								: luma / 2;
	}
}

static inline void fill_coded(const struct encoder_driver *d, struct v4l2_format *f)
{
	if (planar(d)) {
		f->fmt.pix_mp.pixelformat = d->coded_now;
		f->fmt.pix_mp.num_planes = d->odd_planes ? 2 : 1;
		f->fmt.pix_mp.plane_fmt[0].sizeimage = d->coded_size;
	} else {
		f->fmt.pix.pixelformat = d->coded_now;
		f->fmt.pix.sizeimage = d->coded_size;
	}
}

static inline uint32_t rounded(const struct encoder_driver *d, uint32_t length)
{
	return (length + d->align - 1) / d->align * d->align;
}

static inline int played_format(struct encoder_driver *d, struct v4l2_format *f, bool set)
{
	uint32_t fourcc = planar(d) ? f->fmt.pix_mp.pixelformat : f->fmt.pix.pixelformat;

	side_of(d, f->type);
	if (V4L2_TYPE_IS_CAPTURE(f->type)) {
		if (set && listed(d->coded, fourcc) && !d->forgets_coded)
			d->coded_now = fourcc;
		fill_coded(d, f);
		return 0;
	}
	if (set) {
		d->raw_now = listed(d->raws, fourcc) ? fourcc : d->raws[0];
		d->width = rounded(d, planar(d) ? f->fmt.pix_mp.width : f->fmt.pix.width);
		d->height = rounded(d, planar(d) ? f->fmt.pix_mp.height : f->fmt.pix.height);
		if (d->width > d->max_width)
			d->width = d->max_width;
	}
	fill_raw(d, f);
	return 0;
}

static inline int played_crop(struct encoder_driver *d, struct v4l2_selection *s)
{
	if (d->no_crop)
		return -ENOTTY;
	if (d->crop_planar_only && s->type == V4L2_BUF_TYPE_VIDEO_OUTPUT)
		return -EINVAL;
	if (d->crop_moves)
		s->r.height -= 2;
	return 0;
}

static inline int played_interval(struct encoder_driver *d, struct v4l2_streamparm *p)
{
	if (d->no_interval)
		return -ENOTTY;
	if (d->interval.denominator)
		p->parm.output.timeperframe = d->interval;
	return 0;
}

static inline struct played_control *control_of(struct encoder_driver *d, uint32_t id)
{
	for (unsigned int i = 0; i < 16; i++)
		if (d->controls[i].id == id && id)
			return &d->controls[i];
	return NULL;
}

static inline int played_query(struct encoder_driver *d, struct v4l2_query_ext_ctrl *q)
{
	const struct played_control *c = control_of(d, q->id);

	if (!c)
		return -EINVAL;
	q->minimum = c->min;
	q->maximum = c->max;
	q->step = (uint64_t)c->step;
	q->type = c->type;
	q->flags = c->flags;
	return 0;
}

static inline int played_set(struct encoder_driver *d, struct v4l2_control *control)
{
	struct played_control *c = control_of(d, control->id);

	if (!c)
		return -EINVAL;
	if (c->set_r < 0)
		return c->set_r;
	if (c->id != V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME &&
	    (control->value < c->min || control->value > c->max))
		breach(d, "set a control out of its range");
	c->value = control->value;
	c->sets++;
	return 0;
}

static inline int played_get(struct encoder_driver *d, struct v4l2_control *control)
{
	struct played_control *c = control_of(d, control->id);

	if (!c)
		return -EINVAL;
	control->value = c->value;
	return c->get_r;
}
