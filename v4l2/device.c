// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define CAPS_M2M     (V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE)
#define CAPS_CAPTURE (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE)
#define CAPS_OUTPUT  (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_VIDEO_OUTPUT_MPLANE)
#define CAPS_MPLANE \
	(V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_VIDEO_OUTPUT_MPLANE)

int v4l2_device_ioctl(const struct v4l2_device *device, unsigned long request, void *arg)
{
	return device->sys->ioctl(device->sys, device->fd, request, arg);
}

static enum v4l2_device_kind classify(uint32_t caps)
{
	/* Older m2m drivers claim a capture and an output instead. */
	if ((caps & CAPS_M2M) || ((caps & CAPS_CAPTURE) && (caps & CAPS_OUTPUT)))
		return V4L2_DEVICE_M2M;
	return caps & CAPS_CAPTURE ? V4L2_DEVICE_CAPTURE : V4L2_DEVICE_OTHER;
}

static int query(struct v4l2_device *device)
{
	struct v4l2_capability capability = {};
	uint32_t caps;
	int r;

	r = v4l2_device_ioctl(device, VIDIOC_QUERYCAP, &capability);
	if (r < 0)
		return r == -EINVAL ? -ENOTTY : r;
	caps = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps
							      : capability.capabilities;
	device->kind = classify(caps);
	device->multiplanar = caps & CAPS_MPLANE;
	device->media_pipeline = caps & V4L2_CAP_IO_MC;
	device->streaming = caps & V4L2_CAP_STREAMING;
	memcpy(device->driver, capability.driver, sizeof(capability.driver));
	memcpy(device->card, capability.card, sizeof(capability.card));
	memcpy(device->bus_info, capability.bus_info, sizeof(capability.bus_info));
	return 0;
}

int v4l2_device_open(const struct v4l2_sys *sys, const char *path, struct v4l2_device *ret)
{
	int r;

	if (!sys)
		sys = &v4l2_sys_kernel;
	*ret = (struct v4l2_device){.sys = sys, .fd = -EBADF};
	r = sys->open(sys, path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (r < 0)
		return r;
	ret->fd = r;
	r = query(ret);
	if (r < 0)
		v4l2_device_close(ret);
	return r;
}

void v4l2_device_close(struct v4l2_device *device)
{
	if (device->fd >= 0)
		device->sys->close(device->sys, device->fd);
	device->fd = -EBADF;
}

uint32_t v4l2_device_capture_type(const struct v4l2_device *device)
{
	return device->multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
				   : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

uint32_t v4l2_device_output_type(const struct v4l2_device *device)
{
	return device->multiplanar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE : V4L2_BUF_TYPE_VIDEO_OUTPUT;
}
