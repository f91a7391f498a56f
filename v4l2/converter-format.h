// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Agreeing with a converter (converter.h) on what comes in and what comes out. Image processors and
 * scalers, memory to memory: bcm2835-codec-isp, imx-pxp, Exynos GSC and FIMC, Rockchip RGA, mdp3.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "v4l2/raw.h"

struct v4l2_capture_format;
struct v4l2_device;

/* What is to come out: a picture in the upper left corner of a buffer. */
struct v4l2_converter_want {
	uint32_t fourcc; /* see v4l2/raw.h */
	uint32_t width, height;
	uint32_t stride; /* of the luma; 0: the driver's choice */
	uint32_t lines;  /* of the buffer; 0: the driver's choice */
};

/* Whether a node makes 4:2:0 of packed pictures, and has nothing to do with coded ones. */
bool v4l2_converter_format_converts(const struct v4l2_device *device);

/*
 * Pictures as a camera gives them, exactly so. sizes: bytes of each memory plane at least.
 * -EOPNOTSUPP: not this format; -ERANGE: not this size, or in other lines.
 */
int v4l2_converter_format_input(const struct v4l2_device *device,
				const struct v4l2_capture_format *camera,
				size_t sizes[V4L2_QUEUE_PLANES_MAX]);

/*
 * After the input. *ret: the layout that the driver agreed to, which may have another stride and
 * more lines. -EOPNOTSUPP: not this format; -ERANGE: not a picture of just this size.
 */
int v4l2_converter_format_output(const struct v4l2_device *device,
				 const struct v4l2_capture_format *camera,
				 const struct v4l2_converter_want *want, struct v4l2_raw *ret);
