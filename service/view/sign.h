// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the screen says while nothing is live: nobody shall take it for a picture. */
#pragma once

#include "view/framebuffer.h"

/* f: XRGB8888. name: the camera's. Errors: -ENOMEM. */
int sign_draw(const struct framebuffer *f, const char *name);
