// SPDX-License-Identifier: LGPL-2.1-or-later
#include "name/encoder.h"

#include <errno.h>
#include <linux/videodev2.h>

#include "v4l2/converter-format.h"
#include "v4l2/device.h"
#include "v4l2/dumb.h"
#include "v4l2/m2m-format.h"

int encoder_probe(const char *node)
{
	struct v4l2_device device;
	int r = v4l2_device_open(NULL, node, &device);

	if (r < 0)
		return r == -ENOTTY ? 0 : r;
	r = v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_H264);
	v4l2_device_close(&device);
	return r;
}

int converter_probe(const char *node)
{
	struct v4l2_device device;
	int r = v4l2_device_open(NULL, node, &device);

	if (r < 0)
		return r == -ENOTTY ? 0 : r;
	r = v4l2_converter_format_converts(&device);
	v4l2_device_close(&device);
	return r;
}

int card_probe(const char *node)
{
	return v4l2_dumb_probe(NULL, node);
}
