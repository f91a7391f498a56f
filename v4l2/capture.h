// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera from open to frames: one V4L2 video capture node, streaming I/O into memory that is its
 * own or imported (single- and multi-planar API). A buffer has one memory plane, or several, if the
 * format has its planes apart (v4l2/planes.h).
 *
 *	open -> [ allocate | import ] -> start -> { poll; next, ..., release } -> close
 *
 * Nothing here blocks. Between start and close the caller polls v4l2_capture_fd() for
 * EPOLLIN | EPOLLPRI and, at any event, calls v4l2_capture_next() until -EAGAIN. While
 * v4l2_capture_queued() is 0 the descriptor must not be polled: it would report EPOLLERR without
 * end. Before start it must not be polled either: some drivers begin read() I/O then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "v4l2/queue.h"

struct v4l2_capture;
struct v4l2_device;
struct v4l2_pool;
struct v4l2_sys;

/* What is asked for. The nearest the camera offers is taken; see v4l2_capture_format(). */
struct v4l2_capture_want {
	uint32_t width, height; /* pixels, not 0 */
	uint32_t fps;           /* frames a second, not 0 */
	bool allow_h264;        /* take H.264 that the camera encodes itself, if it does */
	bool allow_jpeg; /* take JPEG pictures, decodable or not, if nothing raw is as good */
	bool allow_lib;  /* take what v4l2/convert-lib.h supports if nothing raw is as good */
};

/* What the driver agreed to. Enumerations as in linux/videodev2.h. */
struct v4l2_capture_format {
	uint32_t fourcc; /* V4L2_PIX_FMT_H264, JPEG or MJPEG, or one of v4l2/convert.h,
			    convert-lib.h */
	uint32_t width, height;
	unsigned int n_planes;                  /* memory planes */
	uint32_t stride[V4L2_QUEUE_PLANES_MAX]; /* bytes a line of each; 0 when compressed */
	uint32_t size[V4L2_QUEUE_PLANES_MAX];   /* most bytes that a frame can have in it */
	uint32_t fps_num, fps_den; /* frames a second = num / den; 0/1: the driver does not say */
	uint32_t colorspace, ycbcr_enc; /* enum v4l2_colorspace, enum v4l2_ycbcr_encoding */
	uint32_t quantization, xfer_func;
};

struct v4l2_frame {
	/* The driver's buffer, a memory plane each, valid until release or close; NULL: it was
	 * imported, see v4l2_capture_read_begin(). */
	const uint8_t *data[V4L2_QUEUE_PLANES_MAX];
	size_t bytesused[V4L2_QUEUE_PLANES_MAX]; /* payload; never more than is mapped, never 0 */
	uint64_t timestamp_us;                   /* CLOCK_MONOTONIC, never in the future */
	uint32_t sequence;                       /* the driver's */
	uint32_t dropped_before; /* frames the driver lost since the frame before this one */
	uint32_t faulty_before;  /* and frames that it gave, but as faulty */
	uint32_t index;          /* buffer index, for release */
};

/*
 * Opens PATH, checks that it is a capture node that can stream and agrees on a format. sys NULL
 * means the kernel. Allocates no buffers and starts nothing. The caller owns *ret.
 *
 * -ENOENT, -ENODEV, -ENXIO: gone; -EBUSY: used by another program, worth another try; -ENOTTY: not
 * a V4L2 capture node; -EOPNOTSUPP: a node that cannot stream, has no format that can be used, or
 * lies behind a media pipeline (V4L2_CAP_IO_MC) that is not set up to one; -EINVAL: a zero in want.
 */
int v4l2_capture_open(const struct v4l2_sys *sys, const char *path,
		      const struct v4l2_capture_want *want, struct v4l2_capture **ret);

/*
 * Whether an open and a start stand a chance now: the node is there, ours to use, and no other
 * program streams from it. Starts nothing and changes nothing. Errors: those of
 * v4l2_capture_open().
 */
int v4l2_capture_probe(const struct v4l2_sys *sys, const char *path);

/*
 * Which formats a camera has, "P010, BA81", for people to whom open said -EOPNOTSUPP; cut short if
 * they do not fit. -ENODATA: there is none to tell of; others: those of v4l2_capture_open(). *ret
 * is empty then.
 */
int v4l2_capture_offers(const struct v4l2_sys *sys, const char *path, char *ret, size_t size);

/*
 * Stops the stream if it runs, gives the buffers back and closes the device (the camera's light
 * goes out). Every frame of it becomes invalid. NULL is allowed. Always returns NULL.
 */
struct v4l2_capture *v4l2_capture_close(struct v4l2_capture *capture);

const struct v4l2_capture_format *v4l2_capture_format(const struct v4l2_capture *capture);
/* For controls (v4l2/controls.h) and identity; owned by the capture. */
struct v4l2_device *v4l2_capture_device(struct v4l2_capture *capture);
int v4l2_capture_fd(const struct v4l2_capture *capture);

/*
 * Sets another raw format, or stride (0: the driver's choice), with the size and rate that were
 * agreed on. Before there are buffers. -EOPNOTSUPP: it cannot, or not with this size; other errors:
 * the driver's. After an error another one must be set before start.
 */
int v4l2_capture_reformat(struct v4l2_capture *capture, uint32_t fourcc, uint32_t stride);

/* Buffers of its own, LEAST of them or more, to be exported (v4l2/pool.h). -EBUSY; -ENOMEM. */
int v4l2_capture_allocate(struct v4l2_capture *capture, unsigned int least);

/*
 * Works on this memory, and takes the pool over on success: *pool is then empty. -EINVAL, -EFAULT:
 * the driver cannot import, or not this; -ENOSPC: it is too small; -ENOBUFS: it has to have more
 * buffers; -EBUSY. A driver may work with fewer than there are (v4l2_capture_count()).
 */
int v4l2_capture_import(struct v4l2_capture *capture, struct v4l2_pool *pool);

/* Exports its own buffers, started or not, if that has not been done. -ENOTTY, -EINVAL: it cannot.
 */
int v4l2_capture_export(struct v4l2_capture *capture);

/* What was imported or exported, as long as the buffers live; count 0: nothing. */
const struct v4l2_pool *v4l2_capture_pool(const struct v4l2_capture *capture);

/* Whether it has any, its own or imported. */
bool v4l2_capture_has_buffers(const struct v4l2_capture *capture);

/* How many it works with: its own, or those imported. */
unsigned int v4l2_capture_count(const struct v4l2_capture *capture);
/* How many the driver has to have before it gives one. */
unsigned int v4l2_capture_least(const struct v4l2_capture *capture);

/* Gives its buffers back, before start. */
void v4l2_capture_free(struct v4l2_capture *capture);

/* Allocates buffers if there are none, queues them, starts the stream. -EBUSY: another program
 * streams. */
int v4l2_capture_start(struct v4l2_capture *capture);

/* Buffers the driver holds now: 0 before start, or when the caller holds them all. */
unsigned int v4l2_capture_queued(const struct v4l2_capture *capture);

/*
 * The next frame, owned by the caller until release. Faulty frames and frames older than the start
 * of the stream go back to the driver unseen (the faulty are counted in faulty_before).
 *
 * -EAGAIN: none yet, poll; -ENODEV: unplugged; -ESTALE: the source's format changed, close and open
 * again; any other error (-EIO, -EPIPE): the stream is broken, close and open again.
 */
int v4l2_capture_next(struct v4l2_capture *capture, struct v4l2_frame *ret);

/*
 * Has the CPU see a frame whose memory was imported: from begin to end, which brackets it, data is
 * there. Others it sees anyway. Errors: those of mmap() and of v4l2_dmabuf_begin().
 */
int v4l2_capture_read_begin(struct v4l2_capture *capture, struct v4l2_frame *frame);
int v4l2_capture_read_end(struct v4l2_capture *capture, struct v4l2_frame *frame);

/* Gives a frame back to the driver and clears it. Errors as of next; -EINVAL: not handed out. */
int v4l2_capture_release(struct v4l2_capture *capture, struct v4l2_frame *frame);
