// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Formats whose planes lie in buffers of their own (V4L2_PIX_FMT_NV12M and its like, "non
 * contiguous" in the kernel's words): memory planes, each with a DMA-buf of its own. Only the
 * multi-planar API has them. All other formats have one memory plane, whatever they have in it.
 * Pure.
 */
#pragma once

#include <linux/videodev2.h>
#include <stdint.h>

/* For people: what a char[] is initialised with. */
#define V4L2_PLANES_NAME(fourcc)                                               \
	{                                                                      \
		(char)(fourcc), (char)((fourcc) >> 8), (char)((fourcc) >> 16), \
			(char)((fourcc) >> 24 & 0x7f), '\0'                    \
	}

/* How many memory planes: 1 for all that is not known here. */
unsigned int v4l2_planes_count(uint32_t fourcc);

/* The format that has the same samples in one buffer: itself, if that is so already. */
uint32_t v4l2_planes_joined(uint32_t fourcc);

/* Bytes a line of memory plane PLANE, where lines of the first have STRIDE. */
uint32_t v4l2_planes_stride(uint32_t fourcc, unsigned int plane, uint32_t stride);

/* Asks for pix->pixelformat in lines of STRIDE bytes; 0: the driver's choice. */
void v4l2_planes_ask(struct v4l2_pix_format_mplane *pix, uint32_t stride);

/* What a driver answered: of each memory plane, at most V4L2_QUEUE_PLANES_MAX. -EOPNOTSUPP: not as
 * many as the format has. */
int v4l2_planes_read(const struct v4l2_pix_format_mplane *pix, uint32_t *strides, uint32_t *sizes);
