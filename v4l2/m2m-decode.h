// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A stateful hardware decoder: access units in, pictures out ("Memory-to-Memory Stateful Video
 * Decoder Interface" of the kernel's documentation), single- and multi-planar API. Pictures stay in
 * buffers of the decoder's, which are exported as DMA-bufs: nothing is copied but the coded bytes.
 *
 *	open -> { put | next, ..., release } -> close
 *
 * Nothing here blocks. Poll v4l2_m2m_decode_fd() for v4l2_m2m_decode_events(), not at all while
 * that is 0, and call next() until -EAGAIN at any event, and at v4l2_m2m_decode_deadline(). A
 * stream of another size is for another decoder: close, and open again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct v4l2_m2m_decode;
struct v4l2_sys;

#define V4L2_M2M_DECODE_FORMATS_MAX 8

struct v4l2_m2m_decode_want {
	uint32_t codec;                                /* V4L2_PIX_FMT_* */
	uint32_t width, height;                        /* that the stream says, visible */
	uint32_t formats[V4L2_M2M_DECODE_FORMATS_MAX]; /* of pictures, best first; 0: the end */
	unsigned int held;                             /* pictures that the caller has at once */
};

/* What pictures are like. One memory plane, the format's components behind each other. */
struct v4l2_m2m_decode_format {
	uint32_t fourcc;
	uint32_t width, height, stride;         /* of a buffer; pixels, bytes */
	uint32_t visible_width, visible_height; /* from its upper left corner */
};

struct v4l2_m2m_picture {
	uint32_t index; /* of the buffer */
	uint64_t timestamp_us;
};

/*
 * Opens the decoder PATH for a stream. sys NULL means the kernel. The caller owns *ret. -ENOENT,
 * -ENODEV, -ENXIO: gone; -EBUSY; -ENOTTY: not a memory-to-memory node; -EOPNOTSUPP: not this codec
 * or none of the formats; -ENOMEM.
 */
int v4l2_m2m_decode_open(const struct v4l2_sys *sys, const char *path,
			 const struct v4l2_m2m_decode_want *want, struct v4l2_m2m_decode **ret);
/* NULL is allowed. Always returns NULL. */
struct v4l2_m2m_decode *v4l2_m2m_decode_close(struct v4l2_m2m_decode *d);

/* The device's name, as its driver gives it. */
const char *v4l2_m2m_decode_name(const struct v4l2_m2m_decode *d);
int v4l2_m2m_decode_fd(const struct v4l2_m2m_decode *d);
/* What to poll for, EPOLL*; 0: nothing can happen, and polling would spin. */
uint32_t v4l2_m2m_decode_events(const struct v4l2_m2m_decode *d);
/* When next() must be called even without an event (us, the clock of sys); UINT64_MAX: never. */
uint64_t v4l2_m2m_decode_deadline(const struct v4l2_m2m_decode *d);

/*
 * An access unit, with its parameter sets before it (size 0: none); the bytes are copied.
 * timestamp_us is the picture's. -EAGAIN: it is too much behind; -EMSGSIZE: more than it takes;
 * -ENODEV, -EIO.
 */
int v4l2_m2m_decode_put(struct v4l2_m2m_decode *d, const void *sets, size_t n_sets,
			const void *unit, size_t n_unit, uint64_t timestamp_us);

/*
 * The next picture, the caller's until release. Once one has come, the format is known and the
 * buffers can be exported.
 *
 * -EAGAIN: none yet; -EBADMSG: one came out faulty: what refers to it does, too, up to a keyframe;
 * -ESTALE: the stream has another size; -EOPNOTSUPP: the decoder gives none of the formats;
 * -ETIMEDOUT: it has stalled; -ENODEV: unplugged; -EIO: broken.
 */
int v4l2_m2m_decode_next(struct v4l2_m2m_decode *d, struct v4l2_m2m_picture *ret);
/* Gives a picture's buffer back. -EINVAL: not handed out. */
int v4l2_m2m_decode_release(struct v4l2_m2m_decode *d, uint32_t index);

/* NULL: not known yet. */
const struct v4l2_m2m_decode_format *v4l2_m2m_decode_format(const struct v4l2_m2m_decode *d);
/* A buffer as a DMA-buf, which the caller closes. Errors: those of v4l2_dmabuf_export(). */
int v4l2_m2m_decode_export(const struct v4l2_m2m_decode *d, uint32_t index, int *ret_fd);
