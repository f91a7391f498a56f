// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Agreeing with a stateful encoder on the formats of both its queues, the visible part of the
 * picture and the frame interval ("Initialization" of the kernel's "Memory-to-Memory Stateful Video
 * Encoder Interface"): coded format first, then raw, as each narrows the other.
 */
#pragma once

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stdint.h>

#include "v4l2/raw.h"

struct v4l2_device;

struct v4l2_m2m_want {
	uint32_t codec;         /* V4L2_PIX_FMT_H264, _HEVC, _JPEG, or what an encoder has else */
	uint32_t width, height; /* the picture, even */
	uint32_t fps_num, fps_den;      /* frames a second = num / den */
	uint32_t raw;                   /* V4L2_PIX_FMT_*; 0: any of v4l2/raw.h */
	uint32_t stride;                /* of the luma; 0: the driver's choice */
	uint32_t colorspace, ycbcr_enc; /* enum v4l2_colorspace ...; 0: the driver's default */
	uint32_t quantization, xfer_func;
	int32_t bitrate;      /* bit/s; 0: the driver's default */
	int32_t gop;          /* frames from keyframe to keyframe; 0: the driver's default */
	int32_t quality;      /* of JPEG, 1 to 100; 0: the driver's default */
	bool import;          /* raw pictures come as DMA-bufs, see v4l2_m2m_import() */
	unsigned int buffers; /* raw buffers; 0: V4L2_M2M_BUFFERS */
};

struct v4l2_m2m_format {
	uint32_t codec;
	size_t coded_size; /* most bytes a coded picture can have */
	struct v4l2_raw raw;
	uint32_t fps_num, fps_den; /* 0/1: the driver does not say */
};

/* Whether a node is an encoder that makes this codec of raw pictures known here. */
bool v4l2_m2m_format_encodes(const struct v4l2_device *device, uint32_t codec);

/*
 * -EOPNOTSUPP: an encoder without this codec, or for no raw format that is known here; -ERANGE:
 * none for pictures of this size (it would pad or cut what is seen); -EBUSY; -EINVAL: a want that
 * cannot be.
 */
int v4l2_m2m_format_negotiate(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
			      struct v4l2_m2m_format *ret);
