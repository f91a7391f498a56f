// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera's process that ends while nobody has pictures of it, so that the next one may use
 * hardware that has come (camera_await() stands in camera.h). For camera.c and camera-run.c. */
#pragma once

#include "camera/camera-run.h"

/* Why this encoder, and that another one waits until nobody has pictures of the camera: a change
 * ends the epoch, and with that what everybody watches. */
void camera_tell_way(const struct camera *c, const struct encoder *encoder,
		     char ret[PROTO_REASON_SIZE]);

/* When the camera has become idle, or its configuration another: ends the process soon, if such
 * hardware has come, and it may use it. */
void camera_make_way(struct camera *c);
