// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera, a converter and an encoder in a row, each working on the memory of the one before: what
 * the camera wrote the converter reads, what that wrote the encoder reads, and no CPU touches
 * either. For a camera and an encoder that share no layout (share.h), and for pictures that are to
 * be of another size.
 *
 *	relay_new -> v4l2_capture_start -> { capture_next, relay_put of its index; relay_next;
 *	capture_release once relay_holds() no more } -> relay_release, capture_close
 *
 * A buffer goes back to the camera once the converter has given it back, and to the converter once
 * the encoder has. The encoder takes commands as ever; pictures are put and taken by the relay.
 */
#pragma once

#include "v4l2/capture.h"
#include "v4l2/converter.h"
#include "v4l2/layout.h"
#include "v4l2/m2m.h"
#include "v4l2/pool.h"

#define V4L2_RELAY_BUFFERS \
	6 /* two with the converter, two or three with the encoder, one between */

struct v4l2_relay {
	struct v4l2_m2m *m2m; /* started; NULL: there is no relay */
	struct v4l2_converter *converter;
	struct v4l2_m2m_want want;
	struct v4l2_pool between;    /* what the converter writes and the encoder reads */
	struct v4l2_capture *camera; /* borrowed */
	bool converter_failed;       /* the error of put or next is the converter's */
	char obstacle[V4L2_LAYOUT_OBSTACLE_SIZE]; /* after an error of new, for people */
};

/*
 * Opens both for a camera that is open, started or not, whose format stays as it is. want: codec,
 * the size that is to be encoded, rate, bitrate and the like; the rest is filled in. -EOPNOTSUPP,
 * and any other error of the converter's: it cannot be done, obstacle says why; errors of the
 * encoder's are those of v4l2_m2m_open(). After an error the camera is as it was.
 */
int v4l2_relay_new(struct v4l2_capture *camera, const char *converter, const char *encoder,
		   const struct v4l2_m2m_want *want, struct v4l2_relay *ret);

/* Frame INDEX of the camera. -EAGAIN: no room, or the encoder drains; others: one is broken. */
int v4l2_relay_put(struct v4l2_relay *relay, uint32_t index, uint64_t timestamp_us);

/* As v4l2_m2m_next(), also at the converter's events and deadline. */
int v4l2_relay_next(struct v4l2_relay *relay, struct v4l2_m2m_coded *ret);

/* Whether frame INDEX is still read. */
bool v4l2_relay_holds(struct v4l2_relay *relay, uint32_t index);

uint64_t v4l2_relay_deadline(const struct v4l2_relay *relay);

/* May be called twice. */
void v4l2_relay_release(struct v4l2_relay *relay);
