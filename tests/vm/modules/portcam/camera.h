// SPDX-License-Identifier: GPL-2.0-only
/*
 * A camera: one V4L2 capture node that gives coded pictures, one each period whether or not anybody
 * takes them. It lives until the last of its users has closed it, however long ago it was
 * unplugged.
 */
#pragma once

#include <linux/device.h>

struct camera;

/* Registers the node below its parent. name: the card's, for people. fps: not 0. */
struct camera *camera_plug(struct device *parent, const char *name, u32 tag, unsigned int fps);
/* Users that are left get ENODEV. */
void camera_unplug(struct camera *camera);
