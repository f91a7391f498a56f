// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/planes.h"

#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"

static const struct parted {
	uint32_t fourcc, joined;
	unsigned int planes; /* 2: Cb and Cr interleaved; 3: apart, in lines half as long */
} parted[] = {
	{V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_NV12, 2},
	{V4L2_PIX_FMT_NV21M, V4L2_PIX_FMT_NV21, 2},
	{V4L2_PIX_FMT_NV16M, V4L2_PIX_FMT_NV16, 2},
	{V4L2_PIX_FMT_NV61M, V4L2_PIX_FMT_NV61, 2},
	{V4L2_PIX_FMT_YUV420M, V4L2_PIX_FMT_YUV420, 3},
	{V4L2_PIX_FMT_YVU420M, V4L2_PIX_FMT_YVU420, 3},
};

static const struct parted *find(uint32_t fourcc)
{
	for (size_t i = 0; i < ARRAY_SIZE(parted); i++)
		if (parted[i].fourcc == fourcc)
			return &parted[i];
	return NULL;
}

unsigned int v4l2_planes_count(uint32_t fourcc)
{
	const struct parted *p = find(fourcc);

	return p ? p->planes : 1;
}

uint32_t v4l2_planes_joined(uint32_t fourcc)
{
	const struct parted *p = find(fourcc);

	return p ? p->joined : fourcc;
}

uint32_t v4l2_planes_stride(uint32_t fourcc, unsigned int plane, uint32_t stride)
{
	return plane > 0 && v4l2_planes_count(fourcc) == 3 ? stride / 2 : stride;
}

void v4l2_planes_ask(struct v4l2_pix_format_mplane *pix, uint32_t stride)
{
	pix->num_planes = (uint8_t)v4l2_planes_count(pix->pixelformat);
	for (unsigned int i = 0; i < pix->num_planes; i++)
		pix->plane_fmt[i].bytesperline = v4l2_planes_stride(pix->pixelformat, i, stride);
}

int v4l2_planes_read(const struct v4l2_pix_format_mplane *pix, uint32_t *strides, uint32_t *sizes)
{
	if (pix->num_planes != v4l2_planes_count(pix->pixelformat))
		return -EOPNOTSUPP;
	for (unsigned int i = 0; i < pix->num_planes; i++) {
		strides[i] = pix->plane_fmt[i].bytesperline;
		/* Some drivers tell of the first only. */
		if (strides[i] == 0)
			strides[i] = v4l2_planes_stride(pix->pixelformat, i, strides[0]);
		sizes[i] = pix->plane_fmt[i].sizeimage;
	}
	return 0;
}
