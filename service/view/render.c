// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/render.h"

#include <errno.h>
#include <libyuv.h>

#include "base/cleanup.h"

static int scale(struct render *r, const struct picture *p, uint32_t width, uint32_t height,
		 struct picture *ret)
{
	uint32_t c_width = (width + 1) / 2, c_height = (height + 1) / 2;
	size_t luma = (size_t)width * height, chroma = (size_t)c_width * c_height;
	uint8_t *u, *v;

	if (luma + 2 * chroma > r->room) {
		uint8_t *more = realloc(r->scaled, luma + 2 * chroma);

		if (!more)
			return -ENOMEM;
		r->scaled = more;
		r->room = luma + 2 * chroma;
	}
	u = r->scaled + luma;
	v = u + chroma;
	*ret = (struct picture){.planes = {r->scaled, u, v},
				.strides = {width, c_width, c_width},
				.width = width,
				.height = height};
	if (I420Scale(p->planes[0], (int)p->strides[0], p->planes[1], (int)p->strides[1],
		      p->planes[2], (int)p->strides[2], (int)p->width, (int)p->height, r->scaled,
		      (int)width, u, (int)c_width, v, (int)c_width, (int)width, (int)height,
		      kFilterBox) != 0)
		return -EINVAL;
	return 0;
}

/* Little-endian XRGB8888 is libyuv's ARGB. */
static int to_xrgb(const struct picture *p, const struct framebuffer *f,
		   const struct plane_area *to)
{
	uint8_t *bytes = f->bytes + (size_t)to->y * f->strides[0] + (size_t)to->x * 4;

	return I420ToARGB(p->planes[0], (int)p->strides[0], p->planes[1], (int)p->strides[1],
			  p->planes[2], (int)p->strides[2], bytes, (int)f->strides[0],
			  (int)p->width, (int)p->height);
}

static int to_nv12(const struct picture *p, const struct framebuffer *f)
{
	return I420ToNV12(p->planes[0], (int)p->strides[0], p->planes[1], (int)p->strides[1],
			  p->planes[2], (int)p->strides[2], f->bytes, (int)f->strides[0],
			  f->bytes + f->offsets[1], (int)f->strides[1], (int)p->width,
			  (int)p->height);
}

static int to_yuv420(const struct picture *p, const struct framebuffer *f)
{
	return I420Copy(p->planes[0], (int)p->strides[0], p->planes[1], (int)p->strides[1],
			p->planes[2], (int)p->strides[2], f->bytes, (int)f->strides[0],
			f->bytes + f->offsets[1], (int)f->strides[1], f->bytes + f->offsets[2],
			(int)f->strides[2], (int)p->width, (int)p->height);
}

int render_picture(struct render *r, const struct picture *p, const struct framebuffer *f,
		   const struct plane_area *to)
{
	struct picture scaled;
	int e = 0;

	if (to->x + to->width > f->width || to->y + to->height > f->height)
		return -EINVAL;
	if (p->width != to->width || p->height != to->height) {
		e = scale(r, p, to->width, to->height, &scaled);
		p = &scaled;
	}
	if (e < 0)
		return e;
	if (f->format == DRM_FORMAT_XRGB8888)
		return to_xrgb(p, f, to) == 0 ? 0 : -EINVAL;
	if (to->width != f->width || to->height != f->height)
		return -EINVAL;
	e = f->format == DRM_FORMAT_NV12 ? to_nv12(p, f) : to_yuv420(p, f);
	return e == 0 ? 0 : -EINVAL;
}

void render_release(struct render *r)
{
	free(r->scaled);
	*r = (struct render){};
}
