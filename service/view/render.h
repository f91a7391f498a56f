// SPDX-License-Identifier: LGPL-2.1-or-later
/* Draws a picture into a framebuffer: scales and converts as needed. */
#pragma once

#include "view/framebuffer.h"
#include "view/picture.h"
#include "view/plane.h"

struct render {
	uint8_t *scaled; /* owned: a picture in another size */
	size_t room;
};

/* The whole picture into this part of the framebuffer; of a YUV one only into the whole of it.
 * Errors: -ENOMEM, -EINVAL. */
int render_picture(struct render *r, const struct picture *p, const struct framebuffer *f,
		   const struct plane_area *to);
void render_release(struct render *r);
