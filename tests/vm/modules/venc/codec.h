/* SPDX-License-Identifier: GPL-2.0-only */
/* What the codecs share: pictures in macroblocks of 16x16. */
#pragma once

#include "venc.h"

#define MACROBLOCK 384u /* samples: 16x16 luma, two of 8x8 chroma */

static inline u32 macroblocks(u32 length)
{
	return DIV_ROUND_UP(length, 16);
}

/* The samples of a macroblock; beyond the picture its edge is repeated. */
void codec_gather(const struct venc_picture *p, u32 x0, u32 y0, u8 *to);

extern const struct venc_codec codec_h264, codec_hevc, codec_jpeg;
