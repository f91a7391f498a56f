// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Controls of an open node: integers, booleans, menus, bit masks and buttons, by their V4L2_CID_*
 * or by name. Many drivers lack many controls; that is an answer (-ENOTTY), not a failure. On m2m
 * nodes controls belong to the open file. Strings, arrays and 64-bit controls are left out.
 */
#pragma once

#include <stdint.h>

struct v4l2_device;

#define V4L2_CONTROLS_NAME_SIZE 32

struct v4l2_control_info {
	uint32_t id;
	uint32_t type;  /* enum v4l2_ctrl_type */
	uint32_t flags; /* V4L2_CTRL_FLAG_* */
	int32_t minimum, maximum, standard;
	uint32_t step;
	char name[V4L2_CONTROLS_NAME_SIZE];  /* "white_balance_automatic", as v4l2-ctl has it */
	char title[V4L2_CONTROLS_NAME_SIZE]; /* the driver's: "White Balance, Automatic" */
};

/* The control after this id (0: the first) that is not switched off. 1: there is one; 0: no more.
 */
int v4l2_controls_next(const struct v4l2_device *device, uint32_t after,
		       struct v4l2_control_info *ret);

/* -ENOTTY: none has this name. */
int v4l2_controls_find(const struct v4l2_device *device, const char *name,
		       struct v4l2_control_info *ret);

/* What a menu's item says. -EINVAL: the menu leaves this one out. */
int v4l2_controls_item(const struct v4l2_device *device, const struct v4l2_control_info *info,
		       int32_t item, char text[V4L2_CONTROLS_NAME_SIZE]);

/* In the control's range, down to a whole step. */
int32_t v4l2_controls_nearest(const struct v4l2_control_info *info, int32_t value);

/* The value now. -ENOTTY: the node has no such control or it is switched off. */
int v4l2_controls_get(const struct v4l2_device *device, uint32_t id, int32_t *ret);

/*
 * Sets VALUE, brought into the control's range and down to a whole step.
 * -ENOTTY: as above; -EACCES: read-only; -EBUSY: not while streaming.
 */
int v4l2_controls_set(const struct v4l2_device *device, uint32_t id, int32_t value);

/* The same, and tells in *ret which value the driver took; untouched on error. */
int v4l2_controls_set_told(const struct v4l2_device *device, uint32_t id, int32_t value,
			   int32_t *ret);
