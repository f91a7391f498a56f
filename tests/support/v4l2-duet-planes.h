// SPDX-License-Identifier: LGPL-2.1-or-later
/* How the nodes of v4l2-duet.h say the same format in either API, with planes in one buffer or
 * apart. */
#pragma once

#include <linux/videodev2.h>
#include <stdint.h>

static inline unsigned int duet_planes(uint32_t fourcc)
{
	return fourcc == V4L2_PIX_FMT_YUV420M ? 3 : fourcc == V4L2_PIX_FMT_NV12M ? 2 : 1;
}

static inline uint32_t duet_stride(const struct v4l2_pix_format *p, unsigned int plane)
{
	return plane > 0 && p->pixelformat == V4L2_PIX_FMT_YUV420M ? p->bytesperline / 2
								   : p->bytesperline;
}

/* As the multi-planar API says it. */
static inline void duet_part(const struct v4l2_pix_format *p, struct v4l2_pix_format_mplane *mp)
{
	*mp = (struct v4l2_pix_format_mplane){
		.width = p->width,
		.height = p->height,
		.pixelformat = p->pixelformat,
		.field = p->field,
		.colorspace = p->colorspace,
		.ycbcr_enc = (uint8_t)p->ycbcr_enc,
		.quantization = (uint8_t)p->quantization,
		.xfer_func = (uint8_t)p->xfer_func,
		.num_planes = (uint8_t)duet_planes(p->pixelformat),
		.plane_fmt[0] = {.sizeimage = p->sizeimage, .bytesperline = p->bytesperline},
	};
	for (unsigned int i = 0; i < mp->num_planes && mp->num_planes > 1; i++) {
		mp->plane_fmt[i].bytesperline = duet_stride(p, i);
		mp->plane_fmt[i].sizeimage = duet_stride(p, i) * p->height / (i ? 2 : 1);
	}
}

static inline struct v4l2_pix_format duet_join(const struct v4l2_pix_format_mplane *mp)
{
	return (struct v4l2_pix_format){
		.width = mp->width,
		.height = mp->height,
		.pixelformat = mp->pixelformat,
		.bytesperline = mp->plane_fmt[0].bytesperline,
		.colorspace = mp->colorspace,
		.ycbcr_enc = mp->ycbcr_enc,
		.quantization = mp->quantization,
		.xfer_func = mp->xfer_func,
	};
}
