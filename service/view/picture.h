// SPDX-License-Identifier: LGPL-2.1-or-later
/* A decoded picture in memory: Y, U and V with 4:2:0 subsampling, 8 bits, BT.601 in its limited
 * range, which is what cameras give and no stream of ours says otherwise. */
#pragma once

#include <stdint.h>

struct picture {
	const uint8_t *planes[3]; /* whoever decoded it owns them */
	uint32_t strides[3];      /* bytes */
	uint32_t width, height;   /* luma samples */
};
