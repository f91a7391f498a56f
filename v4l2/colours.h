// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the numbers of a picture mean: the colorimetry of V4L2 ("Colorspaces" of the kernel's
 * documentation), and how a coded picture tells it (ITU-T H.273; H.264 annex E, VUI). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Enumerations as in linux/videodev2.h; 0: not known. */
struct v4l2_colours {
	uint32_t colorspace, ycbcr_enc, quantization, xfer_func;
};

/* ITU-T H.273, 2: unspecified. */
struct v4l2_colour_code {
	bool full_range;
	uint8_t primaries, transfer, matrix;
};

/*
 * Of the YUV pictures that are made by the CPU (v4l2/convert.h, convert-lib.h) of what a camera
 * gives in the format fourcc. What is YUV already stays what it is; RGB and JPEG become BT.601 in
 * limited range. Nothing is left to a default, unless the camera says nothing.
 */
struct v4l2_colours v4l2_colours_converted(uint32_t fourcc, const struct v4l2_colours *camera);

/* Whether there is anything to tell. */
bool v4l2_colours_known(const struct v4l2_colours *c);
struct v4l2_colour_code v4l2_colours_code(const struct v4l2_colours *c);
