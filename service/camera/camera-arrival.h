// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera's process that ends while nobody has pictures of it, so that the next one may use
 * hardware that has come (camera_await() stands in camera.h). For camera.c and camera-run.c. */
#pragma once

#include "camera/camera-run.h"

/* When the camera has become idle: ends the process soon, if such hardware has come. */
void camera_make_way(struct camera *c);
