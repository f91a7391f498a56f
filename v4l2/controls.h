// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Controls of an open node: integers, booleans, menus and buttons by their V4L2_CID_*. Many drivers
 * lack many controls; that is an answer (-ENOTTY), not a failure. On m2m nodes controls belong to
 * the open file.
 */
#pragma once

#include <stdint.h>

struct v4l2_device;

/* The value now. -ENOTTY: the node has no such control or it is switched off. */
int v4l2_controls_get(const struct v4l2_device *device, uint32_t id, int32_t *ret);

/*
 * Sets VALUE, brought into the control's range and down to a whole step.
 * -ENOTTY: as above; -EACCES: read-only; -EBUSY: not while streaming.
 */
int v4l2_controls_set(const struct v4l2_device *device, uint32_t id, int32_t value);
