// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/layout.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "v4l2/device.h"
#include "v4l2/planes.h"

/* Fewer DMA-bufs first. */
static const uint32_t preferred[] = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12M,
				     V4L2_PIX_FMT_YUV420M};

bool v4l2_layout_same(const struct v4l2_capture_format *camera, const struct v4l2_raw *encoder)
{
	if (camera->n_planes != encoder->n_planes || camera->fourcc != encoder->fourcc ||
	    camera->width != encoder->visible_width || camera->height != encoder->visible_height)
		return false;
	for (unsigned int i = 0; i < camera->n_planes; i++)
		if (camera->stride[i] != encoder->components[i].stride)
			return false;
	return camera->n_planes > 1 || camera->height == encoder->height;
}

static int open_encoder(struct v4l2_capture *camera, const char *path,
			const struct v4l2_m2m_want *want, struct v4l2_m2m **ret)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(camera);
	struct v4l2_m2m_want full = *want;

	full.raw = f->fourcc;
	full.width = f->width;
	full.height = f->height;
	full.stride = f->stride[0];
	full.colorspace = f->colorspace;
	full.ycbcr_enc = f->ycbcr_enc;
	full.quantization = f->quantization;
	full.xfer_func = f->xfer_func;
	return v4l2_m2m_open(v4l2_capture_device(camera)->sys, path, &full, ret);
}

/* The encoder has a stride of its own: perhaps the camera can do that. */
static bool follow(struct v4l2_capture *camera, const struct v4l2_raw *raw)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(camera);

	return v4l2_layout_same(f, raw) ||
	       (v4l2_capture_reformat(camera, f->fourcc, raw->components[0].stride) >= 0 &&
		v4l2_layout_same(f, raw));
}

static int try_format(struct v4l2_capture *camera, uint32_t fourcc, const char *path,
		      const struct v4l2_m2m_want *want, struct v4l2_m2m **ret,
		      char obstacle[V4L2_LAYOUT_OBSTACLE_SIZE])
{
	const struct v4l2_capture_format *f = v4l2_capture_format(camera);
	const char name[] = V4L2_PLANES_NAME(fourcc);
	const struct v4l2_raw *raw;
	struct v4l2_m2m *m2m;
	int r = v4l2_capture_reformat(camera, fourcc, 0);

	if (r < 0)
		return -EOPNOTSUPP;
	r = open_encoder(camera, path, want, &m2m);
	if (r == -EOPNOTSUPP || r == -ERANGE) {
		if (*obstacle)
			return -EOPNOTSUPP;
		snprintf(obstacle, V4L2_LAYOUT_OBSTACLE_SIZE, "the encoder does not take %s %ux%u",
			 name, f->width, f->height);
		return -EOPNOTSUPP;
	}
	if (r < 0)
		return r;
	raw = &v4l2_m2m_format(m2m)->raw;
	if (follow(camera, raw)) {
		*ret = m2m;
		return 0;
	}
	snprintf(obstacle, V4L2_LAYOUT_OBSTACLE_SIZE,
		 "%s: the camera has %u lines of %u bytes, the encoder wants %u of %u", name,
		 f->height, f->stride[0], raw->height, raw->components[0].stride);
	v4l2_m2m_close(m2m);
	return -EOPNOTSUPP;
}

int v4l2_layout_agree(struct v4l2_capture *camera, const char *path,
		      const struct v4l2_m2m_want *want, struct v4l2_m2m **ret,
		      char obstacle[V4L2_LAYOUT_OBSTACLE_SIZE])
{
	const struct v4l2_capture_format *f = v4l2_capture_format(camera);
	bool even = f->width % 2 == 0 && f->height % 2 == 0;
	int r = -EOPNOTSUPP;

	*obstacle = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(preferred) && even && r == -EOPNOTSUPP; i++)
		r = try_format(camera, preferred[i], path, want, ret, obstacle);
	if (r == -EOPNOTSUPP && !*obstacle)
		snprintf(obstacle, V4L2_LAYOUT_OBSTACLE_SIZE,
			 "the camera has no format that the encoder could read");
	return r;
}
