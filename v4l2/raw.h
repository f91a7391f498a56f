// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How a raw 4:2:0 picture lies in the buffers of an encoder: NV12 and YU12 in one memory plane
 * (chroma follows the luma's padded lines), NM12 and YM12 (V4L2_PIX_FMT_NV12M, _YUV420M) with a
 * memory plane for each component. Pure: no device, no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "v4l2/convert.h"
#include "v4l2/queue.h"

struct v4l2_raw {
	uint32_t fourcc;
	uint32_t width, height;                 /* of the buffer, padding included */
	uint32_t visible_width, visible_height; /* of the picture, in the upper left corner */
	unsigned int n_planes;                  /* memory planes */
	size_t size[V4L2_QUEUE_PLANES_MAX];     /* bytes of each */
	unsigned int n_components;              /* 2: Y, CbCr; 3: Y, Cb, Cr */
	struct {
		unsigned int plane; /* which memory plane it lies in */
		size_t offset;      /* where in it */
		uint32_t stride;    /* bytes a line */
	} components[3];
};

/*
 * The layout of a buffer of width x height by what the driver said: strides (0: the least) and
 * sizes, one a memory plane. All of it is visible, until the caller says less.
 * -EOPNOTSUPP: unknown format; -EINVAL: sizes that cannot be, another number of planes.
 */
int v4l2_raw_init(struct v4l2_raw *ret, uint32_t fourcc, uint32_t width, uint32_t height,
		  unsigned int n_planes, const uint32_t *strides, const uint32_t *sizes);

/*
 * Copies a picture of the visible size into buffers of this layout, one pointer a memory plane, in
 * one pass. What is not 4:2:0 is converted on the way as v4l2/convert.h says. -EOPNOTSUPP: a format
 * that is not known there; -EINVAL: another size, or strides that are too small.
 */
int v4l2_raw_copy(const struct v4l2_raw *raw, uint8_t *const *planes,
		  const struct v4l2_image *image);
