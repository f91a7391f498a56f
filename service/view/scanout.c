// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/scanout.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>

#include "base/cleanup.h"

#define NODES_MAX 64
/* What every decoder can do. */
#define ANY_WIDTH  640
#define ANY_HEIGHT 480

/* Shown, coming, and one that waits. */
#define HELD 3

/* The same layout by its two names; the order in which they are asked for. */
static const struct {
	uint32_t v4l2, drm;
} names[] = {
	{V4L2_PIX_FMT_NV12, DRM_FORMAT_NV12},
	{V4L2_PIX_FMT_YUV420, DRM_FORMAT_YUV420},
	{V4L2_PIX_FMT_XBGR32, DRM_FORMAT_XRGB8888},
};

_Static_assert(ARRAY_SIZE(names) <= V4L2_M2M_DECODE_FORMATS_MAX, "formats");

static uint32_t drm_name(uint32_t v4l2)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].v4l2 == v4l2)
			return names[i].drm;
	return 0;
}

static bool screen_shows(const struct screen *s, uint32_t format)
{
	for (int i = 0; i < s->n_planes; i++)
		if (plane_shows(&s->planes[i], format))
			return true;
	return false;
}

static struct v4l2_m2m_decode_want want(const struct screen *s, uint32_t width, uint32_t height)
{
	struct v4l2_m2m_decode_want w = {
		.codec = V4L2_PIX_FMT_H264, .width = width, .height = height, .held = HELD};
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (screen_shows(s, names[i].drm))
			w.formats[n++] = names[i].v4l2;
	return w;
}

int scanout_find(const struct screen *s, char ret[SCANOUT_PATH_SIZE])
{
	const struct v4l2_m2m_decode_want any = want(s, ANY_WIDTH, ANY_HEIGHT);
	struct v4l2_m2m_decode *decode;

	for (unsigned i = 0; i < NODES_MAX; i++) {
		snprintf(ret, SCANOUT_PATH_SIZE, "/dev/video%u", i);
		if (v4l2_m2m_decode_open(NULL, ret, &any, &decode) == 0) {
			v4l2_m2m_decode_close(decode);
			return 0;
		}
	}
	return -ENOENT;
}

int scanout_open(struct scanout *o, const struct screen *s, const char *device, uint32_t width,
		 uint32_t height)
{
	const struct v4l2_m2m_decode_want w = want(s, width, height);

	*o = (struct scanout){.width = width, .height = height};
	return v4l2_m2m_decode_open(NULL, device, &w, &o->decode);
}

void scanout_close(struct scanout *o, const struct screen *s)
{
	for (uint32_t i = 0; i < SCANOUT_BUFFERS_MAX; i++)
		framebuffer_destroy(&o->buffers[i], &s->kms);
	o->decode = v4l2_m2m_decode_close(o->decode);
	o->adopted = false;
}

int scanout_put(struct scanout *o, struct slice prefix, struct slice unit, uint64_t arrived)
{
	return v4l2_m2m_decode_put(o->decode, prefix.data, prefix.len, unit.data, unit.len,
				   arrived);
}

/* Once for each buffer: a DMA-buf keeps its framebuffer. */
static int import(struct scanout *o, struct screen *s, uint32_t index)
{
	const struct v4l2_m2m_decode_format *format = v4l2_m2m_decode_format(o->decode);
	_cleanup_close_ int fd = -EBADF;
	int r = v4l2_m2m_decode_export(o->decode, index, &fd);

	if (r < 0)
		return r;
	return framebuffer_import(&o->buffers[index], &s->kms, fd, drm_name(format->fourcc),
				  format->width, format->height, format->stride);
}

int scanout_prepare(struct scanout *o, struct screen *s, const struct framebuffer *f)
{
	const struct v4l2_m2m_decode_format *format = v4l2_m2m_decode_format(o->decode);
	int r = 0;

	if (!o->adopted)
		r = screen_adopt(s, f, format->visible_width, format->visible_height);
	o->adopted = r == 0;
	return r;
}

int scanout_next(struct scanout *o, struct screen *s, const struct framebuffer **ret,
		 uint64_t *ret_arrived)
{
	struct v4l2_m2m_picture picture;
	struct framebuffer *f;
	int r = v4l2_m2m_decode_next(o->decode, &picture);

	if (r < 0)
		return r;
	o->out[picture.index] = true;
	f = &o->buffers[picture.index];
	r = f->id ? 0 : import(o, s, picture.index);
	*ret = f;
	*ret_arrived = picture.timestamp_us;
	return r;
}

int scanout_return(struct scanout *o, const struct screen *s)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < SCANOUT_BUFFERS_MAX; i++) {
		if (!o->out[i] || screen_holds(s, &o->buffers[i]))
			continue;
		o->out[i] = false;
		r = v4l2_m2m_decode_release(o->decode, i);
	}
	return r < 0 ? r : 0;
}
