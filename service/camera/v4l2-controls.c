// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/v4l2-controls.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>

#include "v4l2/controls.h"
#include "v4l2/device.h"

/* How far a menu is searched for items; the driver may leave out any. */
#define MENU_SPAN 256

static uint32_t type_of(const struct v4l2_control_info *info)
{
	switch (info->type) {
	case V4L2_CTRL_TYPE_BOOLEAN:
		return CAMERA_CONTROL_BOOLEAN;
	case V4L2_CTRL_TYPE_MENU:
	case V4L2_CTRL_TYPE_INTEGER_MENU:
		return CAMERA_CONTROL_MENU;
	case V4L2_CTRL_TYPE_BUTTON:
		return CAMERA_CONTROL_BUTTON;
	case V4L2_CTRL_TYPE_BITMASK:
		return CAMERA_CONTROL_BITMASK;
	default:
		return CAMERA_CONTROL_INTEGER;
	}
}

static uint32_t flags_of(const struct v4l2_control_info *info)
{
	uint32_t flags = 0;

	if (info->flags & V4L2_CTRL_FLAG_READ_ONLY)
		flags |= CAMERA_CONTROL_READ_ONLY;
	if (info->flags & V4L2_CTRL_FLAG_INACTIVE)
		flags |= CAMERA_CONTROL_INACTIVE;
	if (info->flags & V4L2_CTRL_FLAG_GRABBED)
		flags |= CAMERA_CONTROL_BUSY;
	if (info->flags & V4L2_CTRL_FLAG_WRITE_ONLY)
		flags |= CAMERA_CONTROL_WRITE_ONLY;
	return flags;
}

static void tell_menu(const struct v4l2_device *device, const struct v4l2_control_info *info,
		      struct camera_control *ret)
{
	for (int64_t i = 0; i < MENU_SPAN && info->minimum + i <= info->maximum; i++) {
		struct camera_menu_item *item = &ret->items[ret->n_items];

		if (ret->n_items == CAMERA_MENU_MAX)
			return;
		item->value = (int32_t)(info->minimum + i);
		if (v4l2_controls_item(device, info, item->value, item->text) >= 0)
			ret->n_items++;
	}
}

int v4l2_controls_tell(const struct v4l2_device *device, uint32_t *cursor,
		       struct camera_control *ret)
{
	struct v4l2_control_info info;
	int r = v4l2_controls_next(device, *cursor, &info);

	if (r <= 0)
		return r;
	*cursor = info.id;
	*ret = (struct camera_control){
		.type = type_of(&info),
		.flags = flags_of(&info),
		.minimum = info.minimum,
		.maximum = info.maximum,
		.standard = info.standard,
		.step = info.step,
	};
	snprintf(ret->control, sizeof(ret->control), "%s", info.name);
	snprintf(ret->title, sizeof(ret->title), "%s", info.title);
	/* A button and what can only be written have no value. */
	(void)v4l2_controls_get(device, info.id, &ret->value);
	if (ret->type == CAMERA_CONTROL_MENU)
		tell_menu(device, &info, ret);
	return 1;
}

int v4l2_controls_choose(const struct v4l2_device *device, const char *control, int32_t *value,
			 bool exact)
{
	struct v4l2_control_info info;
	int32_t nearest;
	int r = v4l2_controls_find(device, control, &info);

	if (r < 0)
		return r;
	if (info.flags & V4L2_CTRL_FLAG_READ_ONLY)
		return -EACCES;
	nearest = v4l2_controls_nearest(&info, *value);
	if (exact && nearest != *value) {
		*value = nearest;
		return -ERANGE;
	}
	r = v4l2_controls_set(device, info.id, nearest);
	if (r < 0)
		return r;
	*value = nearest;
	(void)v4l2_controls_get(device, info.id, value);
	return 0;
}
