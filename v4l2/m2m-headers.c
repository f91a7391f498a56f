// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/m2m-headers.h"

#include <linux/videodev2.h>
#include <string.h>

/* What a NAL unit is to us. */
enum nal {
	NAL_OTHER,
	NAL_VPS = 1,
	NAL_SPS = 2,
	NAL_PPS = 4,
	NAL_DELIMITER = 8,
	NAL_PICTURE = 16,
	NAL_KEYFRAME = 32,
};

#define SETS (NAL_VPS | NAL_SPS | NAL_PPS)

/* ITU-T H.264 table 7-1. */
static enum nal nal_h264(uint8_t first)
{
	switch (first & 0x1f) {
	case 1:
	case 2:
		return NAL_PICTURE;
	case 5:
		return NAL_KEYFRAME;
	case 7:
		return NAL_SPS;
	case 8:
		return NAL_PPS;
	case 9:
		return NAL_DELIMITER;
	default:
		return NAL_OTHER;
	}
}

/* ITU-T H.265 table 7-1. A CRA picture is a keyframe where nothing is reordered. */
static enum nal nal_hevc(uint8_t first)
{
	unsigned int type = first >> 1 & 0x3f;

	switch (type) {
	case 32:
		return NAL_VPS;
	case 33:
		return NAL_SPS;
	case 34:
		return NAL_PPS;
	case 35:
		return NAL_DELIMITER;
	default:
		if (type >= 16 && type <= 21)
			return NAL_KEYFRAME;
		return type < 16 ? NAL_PICTURE : NAL_OTHER;
	}
}

/* The next start code at or after `from`: its own offset, or size. */
static size_t start_code(const uint8_t *data, size_t size, size_t from)
{
	for (size_t i = from; i + 3 <= size; i++) {
		const uint8_t *one = memchr(data + i + 2, 1, size - i - 2);

		if (!one)
			return size;
		i = (size_t)(one - data) - 2;
		if (data[i] == 0 && data[i + 1] == 0)
			return i;
	}
	return size;
}

/* Everything that is told of a buffer by its NAL units. */
struct scan {
	unsigned int seen;        /* enum nal, together */
	size_t sets_at, sets_end; /* the first and the end of the last parameter set */
	size_t delimiter_end;
};

static struct scan scan_nals(uint32_t codec, const uint8_t *data, size_t size)
{
	struct scan scan = {.sets_at = size};
	size_t at = start_code(data, size, 0);

	while (at + 3 < size) {
		size_t end = start_code(data, size, at + 3);
		enum nal nal = codec == V4L2_PIX_FMT_HEVC ? nal_hevc(data[at + 3])
							  : nal_h264(data[at + 3]);
		/* A zero before the next start code belongs to that one. */
		size_t stop = end < size && data[end - 1] == 0 ? end - 1 : end;

		if ((nal & SETS) && !(scan.seen & (NAL_PICTURE | NAL_KEYFRAME))) {
			if (scan.sets_at == size)
				scan.sets_at = at;
			scan.sets_end = stop;
		}
		if (nal == NAL_DELIMITER && scan.seen == 0)
			scan.delimiter_end = stop;
		scan.seen |= nal;
		at = end;
	}
	return scan;
}

static bool whole_set(uint32_t codec, unsigned int seen)
{
	unsigned int all = codec == V4L2_PIX_FMT_HEVC ? SETS : NAL_SPS | NAL_PPS;

	return (seen & all) == all;
}

static void keep(struct v4l2_m2m_headers *h, const uint8_t *data, const struct scan *scan)
{
	size_t size = scan->sets_end - scan->sets_at;

	if (!whole_set(h->codec, scan->seen) || size > sizeof(h->bytes) - 1)
		return;
	/* Four bytes of start code for the first: it may come to begin a stream. */
	h->bytes[0] = 0;
	memcpy(h->bytes + 1, data + scan->sets_at, size);
	h->size = size + 1;
}

static struct v4l2_m2m_judgement judge_flags(uint32_t codec, uint32_t flags)
{
	bool key = codec == V4L2_PIX_FMT_JPEG || (flags & V4L2_BUF_FLAG_KEYFRAME);

	return (struct v4l2_m2m_judgement){
		.content = key ? V4L2_M2M_KEYFRAME : V4L2_M2M_PICTURE,
		.complete = key,
	};
}

struct v4l2_m2m_judgement v4l2_m2m_headers_judge(struct v4l2_m2m_headers *h, const uint8_t *data,
						 size_t size, uint32_t flags)
{
	struct v4l2_m2m_judgement ret = {.content = V4L2_M2M_EMPTY};
	struct scan scan;

	if (size == 0)
		return ret;
	if (h->codec != V4L2_PIX_FMT_H264 && h->codec != V4L2_PIX_FMT_HEVC)
		return judge_flags(h->codec, flags);
	scan = scan_nals(h->codec, data, size);
	keep(h, data, &scan);
	ret.headers_at = scan.delimiter_end;
	if (scan.seen & NAL_KEYFRAME) {
		ret.content = V4L2_M2M_KEYFRAME;
		ret.complete = whole_set(h->codec, scan.seen);
	} else if (scan.seen & NAL_PICTURE) {
		ret.content = V4L2_M2M_PICTURE;
	} else if (scan.seen & SETS) {
		ret.content = V4L2_M2M_HEADERS;
	}
	return ret;
}

size_t v4l2_m2m_headers_join(const struct v4l2_m2m_headers *h, const uint8_t *data, size_t size,
			     size_t headers_at, uint8_t *ret)
{
	memcpy(ret, data, headers_at);
	memcpy(ret + headers_at, h->bytes, h->size);
	memcpy(ret + headers_at + h->size, data + headers_at, size - headers_at);
	return h->size + size;
}
