// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The controls of a stateful encoder ("Codec Control Reference"). Drivers lack many, and take
 * others only in part: each is set by itself, and what became of it is told, for people to read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "v4l2/m2m-format.h"

struct v4l2_device;

#define V4L2_M2M_NOTES_MAX 16

/* What became of one control. */
struct v4l2_m2m_note {
	uint32_t id; /* V4L2_CID_* */
	int32_t asked, taken;
	int error; /* 0: taken is what holds; -ENOTTY: there is none; others: refused */
};

struct v4l2_m2m_controls {
	struct v4l2_m2m_note notes[V4L2_M2M_NOTES_MAX];
	unsigned int n_notes;
	bool forces_keyframes;  /* V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME is there */
	unsigned int least_raw; /* pictures the encoder needs before it works; 1 or more */
	unsigned int least_coded;
};

/*
 * What belongs before the buffers: no reordering, headers with every keyframe, bitrate, GOP,
 * quality. A control that is refused is a note, not an error. -EOPNOTSUPP: the encoder reorders
 * pictures and cannot be told not to.
 */
int v4l2_m2m_controls_set(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
			  struct v4l2_m2m_controls *ret);

/*
 * Bitrate and GOP (0: as it is) while it runs. The notes are those of this call.
 * -EBUSY: only while the coded queue is stopped.
 */
int v4l2_m2m_controls_adjust(const struct v4l2_device *device, uint32_t codec, int32_t bitrate,
			     int32_t gop, struct v4l2_m2m_controls *ret);

/* The next picture that is queued becomes a keyframe. -ENOTTY: not in this encoder's power. */
int v4l2_m2m_controls_force_keyframe(const struct v4l2_device *device);
