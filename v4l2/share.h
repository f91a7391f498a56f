// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera and an encoder that work on the same memory: what the camera wrote, the encoder reads,
 * and no CPU has touched it. Buffer i of the one is buffer i of the other.
 *
 *	share_new -> v4l2_capture_start -> { capture_next, m2m_put of the same index;
 *	m2m_next; capture_release once m2m_holds() no more } -> capture_close, share_release
 *
 * The memory is the camera's to keep: encoders may come and go while it runs.
 */
#pragma once

#include "v4l2/capture.h"
#include "v4l2/layout.h"
#include "v4l2/m2m.h"

/* Whose memory it was at first, in the order in which they are tried. */
enum v4l2_share_owner {
	V4L2_SHARE_ENCODER, /* allocated as encoders need it; cameras mostly reach anything */
	V4L2_SHARE_CAMERA,
	V4L2_SHARE_HEAP, /* neither's: contiguous memory of the kernel's */
	V4L2_SHARE_DUMB, /* a graphics card's, which lends it (v4l2/dumb.h) */
};

#define V4L2_SHARE_BUFFERS 6 /* two with the camera, two or three with the encoder, one between */
#define V4L2_SHARE_HEAPS   2

struct v4l2_share {
	struct v4l2_m2m *m2m; /* started */
	struct v4l2_m2m_want want;
	const char *path;            /* of the encoder; the caller's, outlives the share */
	const char *card;            /* likewise; NULL: none lends memory */
	struct v4l2_capture *camera; /* borrowed; reopen needs it */
	enum v4l2_share_owner owner;
	char obstacle[V4L2_LAYOUT_OBSTACLE_SIZE]; /* after -EOPNOTSUPP, for people */
};

/* Contiguous heaps, by preference. */
extern const char *const v4l2_share_heaps[V4L2_SHARE_HEAPS];

/*
 * Opens the encoder and gives both their buffers; the camera is open and not started. want: as of
 * v4l2_layout_agree(). card: a graphics card that may lend memory, if no other will do; NULL: none.
 * -EOPNOTSUPP: they cannot share; others: the encoder cannot be used. After an
 * error the camera is in its former format and has no buffers.
 */
int v4l2_share_new(struct v4l2_capture *camera, const char *path, const char *card,
		   const struct v4l2_m2m_want *want, struct v4l2_share *ret);

/*
 * The same for a camera that runs: on the memory that it shared before, or else its own, and in the
 * format that it has. Errors as above; the camera goes on in any case.
 */
int v4l2_share_join(struct v4l2_capture *camera, const char *path, const struct v4l2_m2m_want *want,
		    struct v4l2_share *ret);

/*
 * Closes the encoder and opens it again, on the same memory: what was in it is lost, and no buffer
 * is read any more. After an error it is closed, and m2m is NULL. -EOPNOTSUPP: not as before.
 */
int v4l2_share_reopen(struct v4l2_share *share);

/* Closes the encoder. May be called twice. */
void v4l2_share_release(struct v4l2_share *share);
