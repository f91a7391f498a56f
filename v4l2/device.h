// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An open V4L2 node and what it is for (VIDIOC_QUERYCAP, judged by device_caps: what this node can,
 * not what the whole device can). Non-blocking.
 */
#pragma once

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stdint.h>

#include "v4l2/sys.h"

enum v4l2_device_kind {
	V4L2_DEVICE_OTHER, /* metadata, output, radio ... */
	V4L2_DEVICE_CAPTURE,
	V4L2_DEVICE_M2M, /* memory to memory: encoders, decoders, scalers */
};

struct v4l2_device {
	const struct v4l2_sys *sys;
	int fd;
	enum v4l2_device_kind kind;
	bool multiplanar;    /* speaks the multi-planar API */
	bool media_pipeline; /* V4L2_CAP_IO_MC: links and formats are set up elsewhere */
	bool streaming;      /* V4L2_CAP_STREAMING */
	char driver[sizeof(((struct v4l2_capability *)0)->driver) + 1];
	char card[sizeof(((struct v4l2_capability *)0)->card) + 1];
	char bus_info[sizeof(((struct v4l2_capability *)0)->bus_info) + 1];
};

/*
 * Opens PATH into *ret, which the caller then closes. sys NULL means the kernel.
 * -ENOENT, -ENODEV, -ENXIO: gone; -EBUSY: used by another program; -EACCES; -ENOTTY: not V4L2.
 */
int v4l2_device_open(const struct v4l2_sys *sys, const char *path, struct v4l2_device *ret);

/* May be called twice, and on a device that never opened if its fd is negative. */
void v4l2_device_close(struct v4l2_device *device);

/* 0 or more, or -errno. */
int v4l2_device_ioctl(const struct v4l2_device *device, unsigned long request, void *arg);

/* The buffer type of the node's (or, for m2m, the encoded or decoded side's) capture queue. */
uint32_t v4l2_device_capture_type(const struct v4l2_device *device);
/* And that of an m2m node's output queue: what is given to it. */
uint32_t v4l2_device_output_type(const struct v4l2_device *device);
