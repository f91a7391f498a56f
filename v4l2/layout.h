// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether a camera lays out its pictures as an encoder reads them, and having both agree on it.
 * Chroma follows the padded lines of the luma: stride and number of lines must be the same, not
 * only enough. Where planes lie apart, lines that nobody sees may be more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "v4l2/capture.h"
#include "v4l2/m2m.h"
#include "v4l2/raw.h"

#define V4L2_LAYOUT_OBSTACLE_SIZE 128

/* Pure. */
bool v4l2_layout_same(const struct v4l2_capture_format *camera, const struct v4l2_raw *encoder);

/*
 * Opens the encoder PATH for the pictures of a camera that is open and not started, whose raw
 * format and stride, though not its size and rate, may be set anew for it: 4:2:0 that both have, in
 * one buffer or else in several, first with the camera's stride, then with the encoder's. want:
 * codec, rate, bitrate and the like; the rest is filled in.
 *
 * -EOPNOTSUPP: there is no such layout; obstacle then says why, for people. Others: the encoder
 * cannot be opened; see v4l2_m2m_open(). The camera may then be left in another format.
 */
int v4l2_layout_agree(struct v4l2_capture *camera, const char *path,
		      const struct v4l2_m2m_want *want, struct v4l2_m2m **ret,
		      char obstacle[V4L2_LAYOUT_OBSTACLE_SIZE]);
