// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a local subscriber gets and says: any program of this machine that called Camera.Subscribe
 * on the bus (docs/examples/subscribe.c). One message = one struct, fixed size (base/chan.h), over
 * a SOCK_SEQPACKET socket; everything is in the machine's own byte order.
 *
 *	service -> subscriber   MEMORY (+1 fd, once, first), FRAME
 *	subscriber -> service   RELEASE
 *
 * The memory is the subscriber's own: nobody else's frames are in it, and nobody else notices what
 * becomes of it. Each FRAME says where in it a whole frame stands (pread() it, or map the memory
 * for reading); it stays there until it is given back by RELEASE. Frames may be given back in any
 * order. Who gives back nothing gets nothing more: the frames that find no room are left out
 * (skipped counts them), and encoded ones go on at the next keyframe. A RELEASE of what is not
 * held, or anything else, ends it.
 *
 *	RIGHT_LIVE   access units as the camera's ring has them, sealed (docs/SEAL.md; the key that
 *	             certifies the seals is Manager.SealRoot on the bus)
 *	RIGHT_RAW    pictures as they were captured, converted to I420 (V4L2_PIX_FMT_YUV420) if need
 *	             be; not sealed. Their sequence is one of its own.
 *
 * It is over when recv() returns 0 or fails with ECONNRESET. Whatever ended it, nothing is written
 * into the memory any more and it is cut to nothing: pread() returns 0, and who has mapped it gets
 * SIGBUS where it touches it. So what is to be kept is copied out, and what was copied counts only
 * if pread() gave all of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/chan.h"
#include "base/ring.h"
#include "proto/limits.h"
#include "proto/rights.h"

#define SUBSCRIBER_MSG_VERSION 1

/* Frames that a subscriber can hold at once, if the memory has the room. */
#define SUBSCRIBER_HELD_MAX   128
#define SUBSCRIBER_MEMORY_MAX (UINT64_C(128) << 20) /* bytes */

enum subscriber_msg_type {
	/* service -> subscriber */
	SUBSCRIBER_MEMORY = 1,
	SUBSCRIBER_FRAME = 2,
	/* subscriber -> service */
	SUBSCRIBER_RELEASE = 101,
};

#define SUBSCRIBER_PLANES_MAX 3

/* How the bytes of a frame are to be read; the same for all of them. */
struct subscriber_format {
	uint32_t codec;         /* RIGHT_LIVE: enum ring_codec; else 0 */
	uint32_t fourcc;        /* RIGHT_RAW: V4L2 pixel format; else 0 */
	uint32_t width, height; /* pixels */
	uint32_t fps_numerator, fps_denominator;
	uint32_t n_planes;                      /* RIGHT_RAW; else 0 */
	uint32_t offset[SUBSCRIBER_PLANES_MAX]; /* of a plane from the frame's begin, bytes */
	uint32_t stride[SUBSCRIBER_PLANES_MAX]; /* bytes */
	uint32_t reserved;
};

/* fds: [0] the memory, for reading. */
#define SUBSCRIBER_MEMORY_FDS 1
struct subscriber_memory {
	struct chan_header header;
	uint64_t lease;
	uint64_t epoch; /* of the camera; a later one needs another subscription */
	uint8_t camera_uuid[UUID_SIZE];
	char camera[PROTO_NAME_SIZE]; /* compare it with the one that was asked for */
	uint32_t right;               /* RIGHT_LIVE or RIGHT_RAW */
	uint32_t stream;              /* enum ring_stream */
	uint64_t size;                /* of the memory, bytes */
	struct subscriber_format format;
};

struct subscriber_frame {
	struct chan_header header;
	uint64_t sequence;           /* rises; RIGHT_LIVE: as the seal says it */
	uint64_t captured_monotonic; /* us, CLOCK_MONOTONIC */
	uint64_t captured_realtime;  /* us, CLOCK_REALTIME of the same moment */
	uint64_t offset;             /* in the memory, bytes */
	uint32_t length;             /* bytes */
	uint32_t flags;              /* enum ring_unit_flags */
	uint32_t dropped;            /* captured frames that were lost since the one before */
	uint32_t skipped;            /* and those that found no room, or waited for a keyframe */
};

struct subscriber_release {
	struct chan_header header;
	uint64_t sequence;
};

bool subscriber_format_valid(const struct subscriber_format *format, uint32_t right);
bool subscriber_memory_valid(const void *message);
bool subscriber_frame_valid(const void *message);
