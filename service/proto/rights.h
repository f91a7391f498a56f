// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a grant permits; a set of bits. */
#pragma once

enum right {
	RIGHT_LIVE = 1 << 0,  /* the running picture */
	RIGHT_STILL = 1 << 1, /* one picture, captured after the request */
	RIGHT_RAW = 1 << 2,   /* unencoded, by DMA-buf, to a local subscriber */
	RIGHT_ALL = RIGHT_LIVE | RIGHT_STILL | RIGHT_RAW,
};
