// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The format of one queue of a memory-to-memory device, in whichever of the two APIs it speaks
 * (single-planar, multi-planar). type: v4l2_device_output_type() or v4l2_device_capture_type().
 */
#pragma once

#include <linux/videodev2.h>
#include <stdint.h>

#include "v4l2/raw.h"

struct v4l2_device;

/* Raw pictures. What is 0 is the driver's choice. */
struct v4l2_queue_format_want {
	uint32_t fourcc;
	uint32_t width, height;                                  /* of the buffer, at least */
	uint32_t stride;                                         /* of the first plane */
	uint32_t colorspace, ycbcr_enc, quantization, xfer_func; /* enum v4l2_colorspace ... */
};

/* 1: it has this format; 0: not; -errno. */
int v4l2_queue_format_lists(const struct v4l2_device *device, uint32_t type, uint32_t fourcc);

uint32_t v4l2_queue_format_fourcc(const struct v4l2_device *device, const struct v4l2_format *f);

/*
 * *ret: what the driver made of it, which may be larger and in other lines. -EOPNOTSUPP: it has no
 * such format, or sets another one; others: the driver's.
 */
int v4l2_queue_format_set(const struct v4l2_device *device, uint32_t type,
			  const struct v4l2_queue_format_want *want, struct v4l2_format *ret);

/* How a raw picture lies in buffers of this format. Errors: those of v4l2_raw_init(). */
int v4l2_queue_format_raw(const struct v4l2_device *device, const struct v4l2_format *format,
			  struct v4l2_raw *ret);

/*
 * Has the driver take the upper left width x height of raw's buffers for the picture, or put it
 * there. -EOPNOTSUPP: it knows no selections; -ERANGE: it would take another part; others: the
 * driver's.
 */
int v4l2_queue_format_show(const struct v4l2_device *device, uint32_t type, uint32_t width,
			   uint32_t height, struct v4l2_raw *raw);
