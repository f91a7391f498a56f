// SPDX-License-Identifier: LGPL-2.1-or-later
/* The planes of a CRTC: each lays a framebuffer on the screen, some can scale it. */
#pragma once

#include <drm_fourcc.h>

#include "view/kms.h"

#define PLANES_MAX        16
#define PLANE_FORMATS_MAX 64

/* Properties that every plane has. */
enum plane_property {
	PLANE_FB_ID,
	PLANE_CRTC_ID,
	PLANE_SRC_X,
	PLANE_SRC_Y,
	PLANE_SRC_W,
	PLANE_SRC_H,
	PLANE_CRTC_X,
	PLANE_CRTC_Y,
	PLANE_CRTC_W,
	PLANE_CRTC_H,
	N_PLANE_PROPERTIES,
};

struct plane {
	uint32_t id;
	bool primary;
	uint32_t properties[N_PLANE_PROPERTIES];      /* ids */
	uint32_t colour_encoding, colour_range;       /* ids; 0: it knows RGB only, or one way */
	uint64_t colour_encoding_601, colour_limited; /* values */
	uint32_t formats[PLANE_FORMATS_MAX];          /* linear ones */
	uint32_t n_formats;
};

/* Where on the screen, pixels. */
struct plane_area {
	uint32_t x, y, width, height;
};

/* Those of the output's CRTC that show pictures, the primary one first. Returns how many. Errors:
 * -ENOTSUP (no primary one), -errno. */
int planes_find(const struct kms *k, struct plane planes[PLANES_MAX]);
bool plane_shows(const struct plane *p, uint32_t format);

/* Into a request: the whole of a framebuffer of this size into the area. Errors: -ENOMEM. */
int plane_add(const struct plane *p, const struct kms *k, drmModeAtomicReq *request,
	      uint32_t framebuffer, uint32_t width, uint32_t height, const struct plane_area *to);
int plane_add_off(const struct plane *p, drmModeAtomicReq *request);
