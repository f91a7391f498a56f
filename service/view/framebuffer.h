// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory that a display can show: a dumb buffer that the CPU draws into, or another device's. */
#pragma once

#include "view/kms.h"

struct framebuffer {
	uint32_t id;     /* 0: none */
	uint32_t format; /* DRM_FORMAT_* */
	uint32_t width, height;
	uint32_t handle;
	uint8_t *bytes; /* mapped, to be written only: it may be slow to read; NULL: imported */
	size_t size;
	uint32_t strides[3], offsets[3]; /* bytes, a plane of the format each */
};

/* Black. XRGB8888, NV12 and YUV420, even sizes. Errors: -EINVAL (what the device does not do),
 * -ENOMEM, -errno. */
int framebuffer_create(struct framebuffer *f, const struct kms *k, uint32_t format, uint32_t width,
		       uint32_t height);
/* A DMA-buf with this layout, linear; its descriptor stays the caller's. XRGB8888, NV12 and YUV420.
 * Errors: as above; drivers say in many ways that they cannot reach or show it. */
int framebuffer_import(struct framebuffer *f, const struct kms *k, int dmabuf, uint32_t format,
		       uint32_t width, uint32_t height, uint32_t stride);
void framebuffer_destroy(struct framebuffer *f, const struct kms *k);
