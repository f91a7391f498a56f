// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A hardware converter or scaler: raw pictures in, raw pictures out, both as DMA-bufs. A job is a
 * buffer in and a buffer out; each comes back by itself, and the picture is told by its timestamp,
 * which the driver copies.
 *
 *	open -> set_output -> start -> { put; next until -EAGAIN } -> close
 *
 * Nothing here blocks. Poll v4l2_converter_fd() for v4l2_converter_events(), not at all while that
 * is 0, and call v4l2_converter_next() until -EAGAIN at any event, and at
 * v4l2_converter_deadline().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "v4l2/converter-format.h"

struct v4l2_converter;
struct v4l2_device;
struct v4l2_pool;
struct v4l2_queue;
struct v4l2_sys;

struct v4l2_converted {
	uint32_t to;  /* the buffer that it is in */
	uint64_t key; /* as given to put() */
	bool faulty;  /* there is no picture in it */
};

/*
 * Opens the converter PATH for pictures as the camera gives them. sys NULL means the kernel. The
 * caller owns *ret. -ENOENT, -ENODEV, -ENXIO: gone; -EBUSY; -ENOTTY: not a memory-to-memory node;
 * others: those of v4l2_converter_format_input().
 */
int v4l2_converter_open(const struct v4l2_sys *sys, const char *path,
			const struct v4l2_capture_format *camera, struct v4l2_converter **ret);

/* Stops, gives the buffers back and closes. NULL is allowed. Always returns NULL. */
struct v4l2_converter *v4l2_converter_close(struct v4l2_converter *c);

/* Before start; another one may be tried after. Errors: of v4l2_converter_format_output(). */
int v4l2_converter_set_output(struct v4l2_converter *c, const struct v4l2_converter_want *want);
const struct v4l2_raw *v4l2_converter_raw(const struct v4l2_converter *c);

/*
 * Both sides' buffers, and starts. from: the pictures that come in; NULL: memory of its own, about
 * `count` buffers, to be exported from v4l2_converter_input(). to: those that come out. The
 * descriptors stay the caller's and must outlive the converter. -EINVAL, -EFAULT, -ENOSPC: it
 * cannot reach that memory; -ENOMEM. After an error it may be started anew.
 */
int v4l2_converter_start(struct v4l2_converter *c, const struct v4l2_pool *from, unsigned int count,
			 const struct v4l2_pool *to);
void v4l2_converter_stop(struct v4l2_converter *c);
const struct v4l2_queue *v4l2_converter_input(const struct v4l2_converter *c);

const struct v4l2_device *v4l2_converter_device(const struct v4l2_converter *c);
int v4l2_converter_fd(const struct v4l2_converter *c);
/* EPOLL*; 0: nothing can happen, and polling would spin. */
uint32_t v4l2_converter_events(const struct v4l2_converter *c);
/* When next() must be called even without an event (us, the clock of sys); UINT64_MAX: never. */
uint64_t v4l2_converter_deadline(const struct v4l2_converter *c);

/*
 * Converts what is in buffer `from` into buffer `to`, or into one that it has had for a picture
 * that never came out. key: us, rises. -EINVAL: one of them is not ours; -EAGAIN: too many have not
 * come back; others: the converter is broken.
 */
int v4l2_converter_put(struct v4l2_converter *c, uint32_t from, uint32_t to, uint64_t key);

/*
 * The next picture that has come out, in the order in which they went in; *ret.to is the caller's
 * again. Those that never come out are passed over. -EAGAIN: none yet; -ETIMEDOUT: it has stalled;
 * -EPROTO: what comes cannot be told apart; -EIO: nothing but faulty ones, or broken; -ENODEV.
 */
int v4l2_converter_next(struct v4l2_converter *c, struct v4l2_converted *ret);

/* Whether it still reads buffer `from`, which must not go back to whoever fills it before. */
bool v4l2_converter_holds(struct v4l2_converter *c, uint32_t from);
/* Whether it has buffer `to`. */
bool v4l2_converter_fills(const struct v4l2_converter *c, uint32_t to);
