// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/plane.h"

#include <errno.h>

#include "base/cleanup.h"

static const char *const names[] = {
	[PLANE_FB_ID] = "FB_ID",   [PLANE_CRTC_ID] = "CRTC_ID", [PLANE_SRC_X] = "SRC_X",
	[PLANE_SRC_Y] = "SRC_Y",   [PLANE_SRC_W] = "SRC_W",     [PLANE_SRC_H] = "SRC_H",
	[PLANE_CRTC_X] = "CRTC_X", [PLANE_CRTC_Y] = "CRTC_Y",   [PLANE_CRTC_W] = "CRTC_W",
	[PLANE_CRTC_H] = "CRTC_H",
};

static void find_colours(struct plane *p, const struct kms *k)
{
	p->colour_encoding = kms_property(k, p->id, DRM_MODE_OBJECT_PLANE, "COLOR_ENCODING", NULL);
	if (p->colour_encoding &&
	    !kms_enum_value(k, p->colour_encoding, "ITU-R BT.601 YCbCr", &p->colour_encoding_601))
		p->colour_encoding = 0;
	p->colour_range = kms_property(k, p->id, DRM_MODE_OBJECT_PLANE, "COLOR_RANGE", NULL);
	if (p->colour_range &&
	    !kms_enum_value(k, p->colour_range, "YCbCr limited range", &p->colour_limited))
		p->colour_range = 0;
}

/* Those that can be laid out line by line. Without IN_FORMATS every format can. */
static void find_formats(struct plane *p, const struct kms *k, const drmModePlane *from)
{
	drmModeFormatModifierIterator it = {};
	drmModePropertyBlobRes *blob = NULL;
	uint64_t id = 0;

	if (kms_property(k, p->id, DRM_MODE_OBJECT_PLANE, "IN_FORMATS", &id) && id)
		blob = drmModeGetPropertyBlob(k->fd, (uint32_t)id);
	for (uint32_t i = 0; !blob && i < from->count_formats && i < PLANE_FORMATS_MAX; i++)
		p->formats[p->n_formats++] = from->formats[i];
	while (blob && p->n_formats < PLANE_FORMATS_MAX &&
	       drmModeFormatModifierBlobIterNext(blob, &it))
		if (it.mod == DRM_FORMAT_MOD_LINEAR)
			p->formats[p->n_formats++] = it.fmt;
	drmModeFreePropertyBlob(blob);
}

/* false: none that shows pictures. */
static bool take(struct plane *p, const struct kms *k, const drmModePlane *from)
{
	uint64_t type = DRM_PLANE_TYPE_CURSOR;

	*p = (struct plane){.id = from->plane_id};
	kms_property(k, p->id, DRM_MODE_OBJECT_PLANE, "type", &type);
	if (type == DRM_PLANE_TYPE_CURSOR)
		return false;
	p->primary = type == DRM_PLANE_TYPE_PRIMARY;
	for (unsigned i = 0; i < N_PLANE_PROPERTIES; i++) {
		p->properties[i] = kms_property(k, p->id, DRM_MODE_OBJECT_PLANE, names[i], NULL);
		if (!p->properties[i])
			return false;
	}
	find_colours(p, k);
	find_formats(p, k, from);
	return true;
}

static bool first_primary(struct plane *planes, int n)
{
	for (int i = 0; i < n; i++)
		if (planes[i].primary) {
			struct plane first = planes[i];

			planes[i] = planes[0];
			planes[0] = first;
			return true;
		}
	return false;
}

int planes_find(const struct kms *k, struct plane planes[PLANES_MAX])
{
	drmModePlaneRes *all = drmModeGetPlaneResources(k->fd);
	int n = 0;

	if (!all)
		return -errno;
	for (uint32_t i = 0; i < all->count_planes && n < PLANES_MAX; i++) {
		drmModePlane *p = drmModeGetPlane(k->fd, all->planes[i]);

		if (p && (p->possible_crtcs & k->output.crtc_bit) && take(&planes[n], k, p))
			n++;
		drmModeFreePlane(p);
	}
	drmModeFreePlaneResources(all);
	return first_primary(planes, n) ? n : -ENOTSUP;
}

bool plane_shows(const struct plane *p, uint32_t format)
{
	for (uint32_t i = 0; i < p->n_formats; i++)
		if (p->formats[i] == format)
			return true;
	return false;
}

int plane_add(const struct plane *p, const struct kms *k, drmModeAtomicReq *request,
	      uint32_t framebuffer, uint32_t width, uint32_t height, const struct plane_area *to)
{
	const uint64_t values[N_PLANE_PROPERTIES] = {
		[PLANE_FB_ID] = framebuffer,
		[PLANE_CRTC_ID] = k->output.crtc,
		[PLANE_SRC_W] = (uint64_t)width << 16, /* 16.16 fixed point */
		[PLANE_SRC_H] = (uint64_t)height << 16,
		[PLANE_CRTC_X] = to->x,
		[PLANE_CRTC_Y] = to->y,
		[PLANE_CRTC_W] = to->width,
		[PLANE_CRTC_H] = to->height,
	};
	int r = 0;

	for (unsigned i = 0; r >= 0 && i < N_PLANE_PROPERTIES; i++)
		r = drmModeAtomicAddProperty(request, p->id, p->properties[i], values[i]);
	if (r >= 0 && p->colour_encoding)
		r = drmModeAtomicAddProperty(request, p->id, p->colour_encoding,
					     p->colour_encoding_601);
	if (r >= 0 && p->colour_range)
		r = drmModeAtomicAddProperty(request, p->id, p->colour_range, p->colour_limited);
	return r < 0 ? -ENOMEM : 0;
}

int plane_add_off(const struct plane *p, drmModeAtomicReq *request)
{
	if (drmModeAtomicAddProperty(request, p->id, p->properties[PLANE_FB_ID], 0) < 0 ||
	    drmModeAtomicAddProperty(request, p->id, p->properties[PLANE_CRTC_ID], 0) < 0)
		return -ENOMEM;
	return 0;
}
