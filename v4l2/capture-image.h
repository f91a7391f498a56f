// SPDX-License-Identifier: LGPL-2.1-or-later
/* A raw frame of a camera as a picture: where its samples lie in the driver's buffer. Pure. */
#pragma once

#include "v4l2/capture.h"
#include "v4l2/convert.h"

/*
 * Borrows the frame's memory, which the CPU must see (v4l2_capture_read_begin()). -EOPNOTSUPP: a
 * format that v4l2/convert.h does not know; -EINVAL: one that cannot be; -ENODATA: it is no whole
 * picture.
 */
int v4l2_capture_image(const struct v4l2_capture_format *format, const struct v4l2_frame *frame,
		       struct v4l2_image *ret);

/* Whether there is a whole picture, by what the driver says: also of memory that nobody sees. What
 * v4l2/convert.h does not know has its lines at least. */
bool v4l2_capture_image_is_whole(const struct v4l2_capture_format *format,
				 const struct v4l2_frame *frame);
