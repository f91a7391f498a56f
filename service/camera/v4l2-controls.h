// SPDX-License-Identifier: LGPL-2.1-or-later
/* A device's controls (v4l2/controls.h) as the broker hears of them. Of an open device. */
#pragma once

#include <stdbool.h>

#include "proto/camera-msg.h"

struct v4l2_device;

/* As source_next_control() and source_set_control(). */
int v4l2_controls_tell(const struct v4l2_device *device, uint32_t *cursor,
		       struct camera_control *ret);
int v4l2_controls_choose(const struct v4l2_device *device, const char *control, int32_t *value,
			 bool exact);
