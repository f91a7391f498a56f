// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A stateful hardware encoder: raw pictures in, coded ones out ("Memory-to-Memory Stateful Video
 * Encoder Interface" of the kernel's documentation), single- and multi-planar API.
 *
 *	open -> start -> { take, fill, put | next, ..., release } -> drain -> { next } -> close
 *
 * Nothing here blocks. Poll v4l2_m2m_fd() for v4l2_m2m_events(), not at all while that is 0, and
 * call v4l2_m2m_next() until -EAGAIN at any event, and at v4l2_m2m_deadline().
 *
 * What comes out of next() can be decoded from its first keyframe on: headers stand before each
 * keyframe, and after a picture that came out faulty or was lost, nothing comes until a keyframe.
 * Coded pictures keep the order of the raw ones; what never came out is counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "v4l2/m2m-controls.h"
#include "v4l2/m2m-format.h"

struct v4l2_device;
struct v4l2_m2m;
struct v4l2_sys;

#define V4L2_M2M_BUFFERS 4

/* A raw buffer that is the caller's to fill. */
struct v4l2_m2m_raw {
	uint32_t index;
	uint8_t *planes[V4L2_QUEUE_PLANES_MAX]; /* mapped, one a memory plane; NULL: imported */
};

struct v4l2_m2m_coded {
	const uint8_t *data; /* valid until release, or the next call of next() if that is first */
	size_t size;
	bool keyframe;
	uint64_t timestamp_us;    /* as given to put() */
	unsigned int lost_before; /* pictures put before this one that never come out */
	uint32_t index;           /* buffer index, for release */
};

/* Since start. */
struct v4l2_m2m_counts {
	uint64_t put, coded;
	uint64_t lost;     /* put, and never came out whole: dropped, faulty, or of no use after */
	uint64_t faulty;   /* buffers that the encoder returned as faulty */
	uint64_t strays;   /* coded buffers that belong to no picture */
	uint64_t restarts; /* of the coded queue, for want of a keyframe or to change settings */
};

/*
 * Opens the encoder PATH and agrees on formats, interval and controls. sys NULL means the kernel.
 * The caller owns *ret. -ENOENT, -ENODEV, -ENXIO: gone; -EBUSY: no instance is free; -ENOTTY: not
 * a memory-to-memory node; others: those of v4l2_m2m_format_negotiate() and
 * v4l2_m2m_controls_set().
 */
int v4l2_m2m_open(const struct v4l2_sys *sys, const char *path, const struct v4l2_m2m_want *want,
		  struct v4l2_m2m **ret);

/* Stops, gives the buffers back and closes. NULL is allowed. Always returns NULL. */
struct v4l2_m2m *v4l2_m2m_close(struct v4l2_m2m *m2m);

const struct v4l2_m2m_format *v4l2_m2m_format(const struct v4l2_m2m *m2m);
/* Notes: of open, later of the last adjust. */
const struct v4l2_m2m_controls *v4l2_m2m_controls(const struct v4l2_m2m *m2m);
const struct v4l2_m2m_counts *v4l2_m2m_counts(const struct v4l2_m2m *m2m);
const struct v4l2_device *v4l2_m2m_device(const struct v4l2_m2m *m2m);
/* The raw buffers, for v4l2_dmabuf_export(). */
const struct v4l2_queue *v4l2_m2m_raw_queue(const struct v4l2_m2m *m2m);
int v4l2_m2m_fd(const struct v4l2_m2m *m2m);

/* Allocates buffers and starts both queues. -EINVAL: it cannot import; -ENOBUFS: it needs more
 * buffers than there can be; -ENOMEM; -EBUSY. */
int v4l2_m2m_start(struct v4l2_m2m *m2m);

/* What to poll for, EPOLL*; 0: nothing can happen, and polling would spin. */
uint32_t v4l2_m2m_events(const struct v4l2_m2m *m2m);

/* When next() must be called even without an event (us, the clock of sys); UINT64_MAX: never. */
uint64_t v4l2_m2m_deadline(const struct v4l2_m2m *m2m);

/*
 * A raw buffer to fill: one that was never put, or that the encoder has given back. It stays the
 * caller's until put; take() again gives the same. -EAGAIN: none is free, or the encoder drains.
 */
int v4l2_m2m_take(struct v4l2_m2m *m2m, struct v4l2_m2m_raw *ret);

/*
 * Whether the encoder still reads raw buffer INDEX. A buffer that was imported must not go back to
 * whoever fills it before. May be called at any time.
 */
bool v4l2_m2m_holds(struct v4l2_m2m *m2m, uint32_t index);

/*
 * Gives buffer INDEX to the DMA-bufs fds, one a memory plane, for good; see v4l2_dmabuf_import().
 * Between start and the first put of it.
 */
int v4l2_m2m_import(struct v4l2_m2m *m2m, uint32_t index, const int *fds);

/*
 * Whether the encoder can reach what was imported: gives it all that and takes it back. Before the
 * first put. -EINVAL, -EFAULT: it cannot.
 */
int v4l2_m2m_try_import(struct v4l2_m2m *m2m);

/*
 * Gives a filled buffer to the encoder. timestamp_us: of the picture. -EAGAIN: not now, the
 * encoder drains; -EINVAL: not a buffer of ours; of an imported one, -EINVAL and -EFAULT also: the
 * encoder cannot reach its memory; -EIO, -ENODEV: as next().
 */
int v4l2_m2m_put(struct v4l2_m2m *m2m, uint32_t index, uint64_t timestamp_us);

/*
 * The next coded picture, owned by the caller until release.
 *
 * -EAGAIN: none yet; -EPIPE: drained, all that was put has come; -ETIMEDOUT: the encoder has
 * stalled, close and open again; -EPROTO: keyframes come without headers; -ENODEV: unplugged;
 * -EIO: it is broken, close and open again.
 */
int v4l2_m2m_next(struct v4l2_m2m *m2m, struct v4l2_m2m_coded *ret);

/* Gives the buffer back and clears it. -EINVAL: not handed out. */
int v4l2_m2m_release(struct v4l2_m2m *m2m, struct v4l2_m2m_coded *coded);

/*
 * The next picture that is put shall be a keyframe. Where the encoder has no control for that it is
 * drained and begins anew, once a second at most: put() gives -EAGAIN meanwhile.
 */
void v4l2_m2m_force_keyframe(struct v4l2_m2m *m2m);

/*
 * Bitrate and GOP while it runs (0: as it is). An encoder that refuses while streaming is drained
 * and begins anew. What was taken: v4l2_m2m_controls().
 */
int v4l2_m2m_adjust(struct v4l2_m2m *m2m, int32_t bitrate, int32_t gop);

/* No more pictures: next() gives what is left, then -EPIPE. -EOPNOTSUPP: it cannot. */
int v4l2_m2m_drain(struct v4l2_m2m *m2m);

/*
 * Begins anew at once: what is in the encoder is lost, raw buffers are the caller's again, the next
 * picture is a keyframe. The way out of drained and of -EIO, where the driver allows it.
 */
int v4l2_m2m_reset(struct v4l2_m2m *m2m);
