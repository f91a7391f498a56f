// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/controls.h"

#include <errno.h>

#include "v4l2/device.h"

static int query(const struct v4l2_device *device, uint32_t id, struct v4l2_query_ext_ctrl *ret)
{
	int r;

	*ret = (struct v4l2_query_ext_ctrl){.id = id};
	r = v4l2_device_ioctl(device, VIDIOC_QUERY_EXT_CTRL, ret);
	/* EINVAL: controls, but not this one; ENOTTY: no controls at all. */
	if (r == -EINVAL || (r >= 0 && (ret->flags & V4L2_CTRL_FLAG_DISABLED)))
		return -ENOTTY;
	return r;
}

int v4l2_controls_get(const struct v4l2_device *device, uint32_t id, int32_t *ret)
{
	struct v4l2_query_ext_ctrl range;
	struct v4l2_control control = {.id = id};
	int r;

	r = query(device, id, &range);
	if (r < 0)
		return r;
	r = v4l2_device_ioctl(device, VIDIOC_G_CTRL, &control);
	if (r < 0)
		return r;
	*ret = control.value;
	return 0;
}

/* Into [minimum, maximum], down to a whole step. */
static int32_t nearest(const struct v4l2_query_ext_ctrl *range, int32_t value)
{
	int64_t v = value;

	if (range->type == V4L2_CTRL_TYPE_BUTTON)
		return value;
	if (v > range->maximum)
		v = range->maximum;
	if (v < range->minimum)
		v = range->minimum;
	if (range->step > 1)
		v -= (int64_t)((uint64_t)(v - range->minimum) % range->step);
	return (int32_t)v;
}

int v4l2_controls_set(const struct v4l2_device *device, uint32_t id, int32_t value)
{
	struct v4l2_query_ext_ctrl range;
	struct v4l2_control control = {.id = id};
	int r;

	r = query(device, id, &range);
	if (r < 0)
		return r;
	control.value = nearest(&range, value);
	r = v4l2_device_ioctl(device, VIDIOC_S_CTRL, &control);
	return r < 0 ? r : 0;
}
