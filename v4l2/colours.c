// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/colours.h"

#include <linux/videodev2.h>

#include "base/cleanup.h"
#include "v4l2/convert-layout.h"
#include "v4l2/planes.h"

#define UNSPECIFIED 2

static bool is_yuv(uint32_t fourcc)
{
	const struct v4l2_convert_layout *layout =
		v4l2_convert_layout_of(v4l2_planes_joined(fourcc));

	return layout && layout->kind != V4L2_CONVERT_RGB;
}

/* As the kernel's documentation fills in what is left to the colour space. */
static struct v4l2_colours resolved(const struct v4l2_colours *c)
{
	struct v4l2_colours ret = *c;

	if (!c->colorspace)
		return ret;
	if (!ret.ycbcr_enc)
		ret.ycbcr_enc = V4L2_MAP_YCBCR_ENC_DEFAULT(c->colorspace);
	if (!ret.quantization)
		ret.quantization =
			V4L2_MAP_QUANTIZATION_DEFAULT(false, c->colorspace, ret.ycbcr_enc);
	if (!ret.xfer_func)
		ret.xfer_func = V4L2_MAP_XFER_FUNC_DEFAULT(c->colorspace);
	return ret;
}

struct v4l2_colours v4l2_colours_converted(uint32_t fourcc, const struct v4l2_colours *camera)
{
	struct v4l2_colours ret = *camera;

	if (is_yuv(fourcc))
		return resolved(&ret);
	/* JPEG is no more than the YUV of sRGB in full range. */
	if (ret.colorspace == V4L2_COLORSPACE_JPEG)
		ret.colorspace = V4L2_COLORSPACE_SRGB;
	ret.ycbcr_enc = V4L2_YCBCR_ENC_601;
	ret.quantization = V4L2_QUANTIZATION_LIM_RANGE;
	return resolved(&ret);
}

bool v4l2_colours_known(const struct v4l2_colours *c)
{
	return c->colorspace || c->ycbcr_enc || c->quantization || c->xfer_func;
}

/* Of one of V4L2's enumerations; a table's 0 is what has no code. */
static uint8_t code_of(const uint8_t *codes, unsigned int n, uint32_t value)
{
	return value < n && codes[value] ? codes[value] : UNSPECIFIED;
}

struct v4l2_colour_code v4l2_colours_code(const struct v4l2_colours *c)
{
	static const uint8_t primaries[] = {
		[V4L2_COLORSPACE_SMPTE170M] = 6,     [V4L2_COLORSPACE_SMPTE240M] = 7,
		[V4L2_COLORSPACE_REC709] = 1,        [V4L2_COLORSPACE_470_SYSTEM_M] = 4,
		[V4L2_COLORSPACE_470_SYSTEM_BG] = 5, [V4L2_COLORSPACE_JPEG] = 1,
		[V4L2_COLORSPACE_SRGB] = 1,          [V4L2_COLORSPACE_BT2020] = 9,
	};
	static const uint8_t transfers[] = {
		[V4L2_XFER_FUNC_709] = 1,
		[V4L2_XFER_FUNC_SRGB] = 13,
		[V4L2_XFER_FUNC_SMPTE240M] = 7,
		[V4L2_XFER_FUNC_NONE] = 8,
	};
	static const uint8_t matrices[] = {
		[V4L2_YCBCR_ENC_601] = 6,       [V4L2_YCBCR_ENC_709] = 1,
		[V4L2_YCBCR_ENC_XV601] = 6,     [V4L2_YCBCR_ENC_XV709] = 1,
		[V4L2_YCBCR_ENC_BT2020] = 9,    [V4L2_YCBCR_ENC_BT2020_CONST_LUM] = 10,
		[V4L2_YCBCR_ENC_SMPTE240M] = 7,
	};

	return (struct v4l2_colour_code){
		.full_range = c->quantization == V4L2_QUANTIZATION_FULL_RANGE,
		.primaries = code_of(primaries, ARRAY_SIZE(primaries), c->colorspace),
		.transfer = code_of(transfers, ARRAY_SIZE(transfers), c->xfer_func),
		.matrix = code_of(matrices, ARRAY_SIZE(matrices), c->ycbcr_enc),
	};
}
