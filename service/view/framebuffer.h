// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory that a display can show: a dumb buffer that the CPU draws into. */
#pragma once

#include "view/kms.h"

struct framebuffer {
	uint32_t id;     /* 0: none */
	uint32_t format; /* DRM_FORMAT_* */
	uint32_t width, height;
	uint32_t handle;
	uint8_t *bytes; /* mapped, to be written only: it may be slow to read */
	size_t size;
	uint32_t strides[3], offsets[3]; /* bytes, a plane of the format each */
};

/* Black. XRGB8888, NV12 and YUV420, even sizes. Errors: -EINVAL (what the device does not do),
 * -ENOMEM, -errno. */
int framebuffer_create(struct framebuffer *f, const struct kms *k, uint32_t format, uint32_t width,
		       uint32_t height);
void framebuffer_destroy(struct framebuffer *f, const struct kms *k);
