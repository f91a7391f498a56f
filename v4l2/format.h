// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which of a camera's formats to take, and agreeing on it with the driver.
 *
 * Only what the camera gives by itself counts (no emulated formats). The nearest size comes first,
 * then the frame rate, then what costs least: H.264 if allowed, 4:2:0, 4:2:2, RGB, JPEG, grey; of
 * the same kind what lies in one buffer comes before what has its planes apart.
 * JPEG costs the network several times what H.264 made of a raw picture does.
 * A node behind a media pipeline is taken as the pipeline was set up.
 */
#pragma once

#include <linux/videodev2.h>
#include <stddef.h>
#include <stdint.h>

#include "v4l2/capture.h"

struct v4l2_device;

#define V4L2_FORMAT_MODES_MAX 32 /* at most one a format, and no more formats are of use */

struct v4l2_format_mode {
	uint32_t fourcc;
	uint32_t width, height;
	struct v4l2_fract interval; /* of a frame, in seconds; 0/0 when the driver lists none */
	uint32_t stride;            /* of the first plane, asked for; 0: the driver's choice */
};

/*
 * The best mode of each usable format, best first, into modes[V4L2_FORMAT_MODES_MAX]: returns how
 * many, 0 if no format is usable, or -errno.
 */
int v4l2_format_rank(const struct v4l2_device *device, const struct v4l2_capture_want *want,
		     struct v4l2_format_mode *modes);

/* The names of all, ", " between them, as many as fit. -ENODATA: there is none. */
int v4l2_format_offers(const struct v4l2_device *device, char *ret, size_t size);

/*
 * Sets a mode; *ret is what the driver made of it. -EOPNOTSUPP: it made something else of it that
 * is of no use (another format, another number of planes, separate fields); -EBUSY: in use.
 */
int v4l2_format_set(const struct v4l2_device *device, const struct v4l2_format_mode *mode,
		    struct v4l2_capture_format *ret);

/* Ranks and sets: the first mode that the driver keeps to. -EOPNOTSUPP: there is none. */
int v4l2_format_negotiate(const struct v4l2_device *device, const struct v4l2_capture_want *want,
			  struct v4l2_capture_format *ret);
