// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a coded buffer holds, and the headers (parameter sets) that a keyframe needs. Encoders give
 * headers with every keyframe, with the first alone, or in a buffer of their own, whatever their
 * controls say; here they are kept, and put before each keyframe that lacks them.
 *
 * H.264 and HEVC are byte streams (Annex B of ITU-T H.264 and H.265) and are judged by their NAL
 * units; of other codecs only the driver's flags are known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define V4L2_M2M_HEADERS_MAX 1024 /* bytes of parameter sets; real ones have some 50 */

struct v4l2_m2m_headers {
	uint32_t codec; /* V4L2_PIX_FMT_* */
	uint8_t bytes[V4L2_M2M_HEADERS_MAX];
	size_t size; /* 0: none have come yet */
};

enum v4l2_m2m_content {
	V4L2_M2M_EMPTY,   /* nothing of use */
	V4L2_M2M_HEADERS, /* headers without a picture */
	V4L2_M2M_PICTURE,
	V4L2_M2M_KEYFRAME, /* a decoder can begin here */
};

struct v4l2_m2m_judgement {
	enum v4l2_m2m_content content;
	bool complete;     /* a keyframe with all its headers */
	size_t headers_at; /* where lacking headers belong: after an access unit delimiter */
};

/* Looks at a coded buffer and keeps its headers, if it has a whole set. flags: V4L2_BUF_FLAG_*. */
struct v4l2_m2m_judgement v4l2_m2m_headers_judge(struct v4l2_m2m_headers *h, const uint8_t *data,
						 size_t size, uint32_t flags);

/* The keyframe with the kept headers, into ret[h->size + size]. Returns its size. */
size_t v4l2_m2m_headers_join(const struct v4l2_m2m_headers *h, const uint8_t *data, size_t size,
			     size_t headers_at, uint8_t *ret);
