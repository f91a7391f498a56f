// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/controls.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "v4l2/device.h"

/* A driver that gives ids out of order does not hold us for ever. */
#define CONTROLS_MAX 1024

static int query(const struct v4l2_device *device, uint32_t id, struct v4l2_query_ext_ctrl *ret)
{
	int r;

	*ret = (struct v4l2_query_ext_ctrl){.id = id};
	r = v4l2_device_ioctl(device, VIDIOC_QUERY_EXT_CTRL, ret);
	/* EINVAL: controls, but not this one; ENOTTY: no controls at all. */
	return r == -EINVAL ? -ENOTTY : r;
}

/* Letters and digits, all else between them one '_'. */
static void make_name(const char *title, char name[V4L2_CONTROLS_NAME_SIZE])
{
	size_t n = 0;

	for (; *title && n + 2 < V4L2_CONTROLS_NAME_SIZE; title++) {
		unsigned char c = (unsigned char)*title;

		if (c < 0x80 && isalnum(c))
			name[n++] = (char)tolower(c);
		else if (n > 0 && name[n - 1] != '_')
			name[n++] = '_';
	}
	while (n > 0 && name[n - 1] == '_')
		n--;
	name[n] = '\0';
}

static void copy_text(char to[V4L2_CONTROLS_NAME_SIZE], const char *from, size_t size)
{
	snprintf(to, V4L2_CONTROLS_NAME_SIZE, "%.*s", (int)strnlen(from, size), from);
	for (char *c = to; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static int32_t narrow(int64_t value)
{
	return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

static void describe(const struct v4l2_query_ext_ctrl *q, struct v4l2_control_info *ret)
{
	*ret = (struct v4l2_control_info){
		.id = q->id,
		.type = q->type,
		.flags = q->flags,
		.minimum = narrow(q->minimum),
		.maximum = narrow(q->maximum),
		.standard = narrow(q->default_value),
		.step = q->step > UINT32_MAX ? UINT32_MAX : (uint32_t)q->step,
	};
	/* A mask is told by its bits, of which the last is the sign. */
	if (q->type == V4L2_CTRL_TYPE_BITMASK) {
		ret->maximum = (int32_t)(uint32_t)q->maximum;
		ret->minimum = ret->maximum < 0 ? INT32_MIN : 0;
		ret->standard = (int32_t)(uint32_t)q->default_value;
	}
	copy_text(ret->title, q->name, sizeof(q->name));
	make_name(ret->title, ret->name);
}

static bool is_told(const struct v4l2_query_ext_ctrl *q)
{
	switch (q->type) {
	case V4L2_CTRL_TYPE_INTEGER:
	case V4L2_CTRL_TYPE_BOOLEAN:
	case V4L2_CTRL_TYPE_MENU:
	case V4L2_CTRL_TYPE_INTEGER_MENU:
	case V4L2_CTRL_TYPE_BUTTON:
	case V4L2_CTRL_TYPE_BITMASK:
		return !(q->flags & (V4L2_CTRL_FLAG_DISABLED | V4L2_CTRL_FLAG_HAS_PAYLOAD)) &&
		       q->elems <= 1;
	default:
		return false;
	}
}

int v4l2_controls_next(const struct v4l2_device *device, uint32_t after,
		       struct v4l2_control_info *ret)
{
	struct v4l2_query_ext_ctrl q;

	for (int i = 0; i < CONTROLS_MAX; i++) {
		int r = query(device, after | V4L2_CTRL_FLAG_NEXT_CTRL, &q);

		if (r < 0)
			return r == -ENOTTY ? 0 : r;
		if (q.id <= after)
			return 0;
		after = q.id;
		describe(&q, ret);
		if (is_told(&q) && ret->name[0])
			return 1;
	}
	return 0;
}

int v4l2_controls_find(const struct v4l2_device *device, const char *name,
		       struct v4l2_control_info *ret)
{
	int r = v4l2_controls_next(device, 0, ret);

	while (r > 0 && strcmp(ret->name, name) != 0)
		r = v4l2_controls_next(device, ret->id, ret);
	return r > 0 ? 0 : r == 0 ? -ENOTTY : r;
}

int v4l2_controls_item(const struct v4l2_device *device, const struct v4l2_control_info *info,
		       int32_t item, char text[V4L2_CONTROLS_NAME_SIZE])
{
	struct v4l2_querymenu menu = {.id = info->id, .index = (uint32_t)item};
	int r = v4l2_device_ioctl(device, VIDIOC_QUERYMENU, &menu);

	if (r < 0)
		return r;
	if (info->type == V4L2_CTRL_TYPE_INTEGER_MENU)
		snprintf(text, V4L2_CONTROLS_NAME_SIZE, "%" PRId64, (int64_t)menu.value);
	else
		copy_text(text, (const char *)menu.name, sizeof(menu.name));
	return 0;
}

int v4l2_controls_get(const struct v4l2_device *device, uint32_t id, int32_t *ret)
{
	struct v4l2_query_ext_ctrl q;
	struct v4l2_control control = {.id = id};
	int r;

	r = query(device, id, &q);
	if (r >= 0 && (q.flags & V4L2_CTRL_FLAG_DISABLED))
		return -ENOTTY;
	if (r < 0)
		return r;
	r = v4l2_device_ioctl(device, VIDIOC_G_CTRL, &control);
	if (r < 0)
		return r;
	*ret = control.value;
	return 0;
}

int32_t v4l2_controls_nearest(const struct v4l2_control_info *info, int32_t value)
{
	int64_t v = value;

	if (info->type == V4L2_CTRL_TYPE_BUTTON)
		return value;
	if (info->type == V4L2_CTRL_TYPE_BITMASK)
		return value & info->maximum;
	if (v > info->maximum)
		v = info->maximum;
	if (v < info->minimum)
		v = info->minimum;
	if (info->step > 1)
		v -= (v - info->minimum) % (int64_t)info->step;
	return (int32_t)v;
}

int v4l2_controls_set_told(const struct v4l2_device *device, uint32_t id, int32_t value,
			   int32_t *ret)
{
	struct v4l2_control control = {.id = id};
	struct v4l2_control_info info;
	struct v4l2_query_ext_ctrl q;
	int r;

	r = query(device, id, &q);
	if (r >= 0 && (q.flags & V4L2_CTRL_FLAG_DISABLED))
		return -ENOTTY;
	if (r < 0)
		return r;
	describe(&q, &info);
	control.value = v4l2_controls_nearest(&info, value);
	r = v4l2_device_ioctl(device, VIDIOC_S_CTRL, &control);
	if (r < 0)
		return r;
	*ret = control.value;
	return 0;
}

int v4l2_controls_set(const struct v4l2_device *device, uint32_t id, int32_t value)
{
	int32_t taken;

	return v4l2_controls_set_told(device, id, value, &taken);
}
