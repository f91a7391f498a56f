// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/jpeg.h"

#include <errno.h>
#include <stdbool.h>

#define MARKER_SOF0 0xc0 /* baseline */
#define MARKER_SOF1 0xc1 /* extended sequential */
#define MARKER_SOFX 0xcf /* the last frame header of the other kinds */
#define MARKER_DHT  0xc4
#define MARKER_JPG  0xc8
#define MARKER_DAC  0xcc
#define MARKER_SOI  0xd8
#define MARKER_EOI  0xd9
#define MARKER_SOS  0xda

#define COMPONENTS 3
#define SOF_SIZE   (8 + 3 * COMPONENTS) /* its length field included */

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static bool is_frame_header(uint8_t marker)
{
	return marker >= MARKER_SOF0 && marker <= MARKER_SOFX && marker != MARKER_DHT &&
	       marker != MARKER_JPG && marker != MARKER_DAC;
}

/* segment: from its length field on. */
static int read_frame_header(uint8_t marker, const uint8_t *segment, size_t length,
			     struct v4l2_jpeg *ret)
{
	const uint8_t *components = segment + 8;

	if (marker > MARKER_SOF1)
		return -EOPNOTSUPP;
	if (length < SOF_SIZE)
		return -EBADMSG;
	if (segment[2] != 8 || segment[7] != COMPONENTS)
		return -EOPNOTSUPP;
	*ret = (struct v4l2_jpeg){
		.width = be16(segment + 5),
		.height = be16(segment + 3),
		.h = components[1] >> 4,
		.v = components[1] & 0xf,
		.c_h = components[4] >> 4,
		.c_v = components[4] & 0xf,
	};
	if (!ret->width || !ret->height || !ret->h || !ret->v || !ret->c_h || !ret->c_v)
		return -EBADMSG;
	return components[7] == components[4] ? 0 : -EOPNOTSUPP;
}

/* Within entropy-coded data no marker looks like this one: a 0xff there is followed by 0. */
static bool has_end(const uint8_t *data, size_t size)
{
	for (size_t i = size; i >= 2; i--)
		if (data[i - 2] == 0xff && data[i - 1] == MARKER_EOI)
			return true;
	return false;
}

int v4l2_jpeg_inspect(const uint8_t *data, size_t size, struct v4l2_jpeg *ret)
{
	bool framed = false;
	size_t at = 2;

	if (size < 2 || data[0] != 0xff || data[1] != MARKER_SOI)
		return -EBADMSG;
	while (size - at >= 4) {
		uint8_t marker = data[at + 1];
		size_t length = be16(data + at + 2);
		int r;

		if (data[at] != 0xff)
			return -EBADMSG;
		if (marker == 0xff) { /* fill */
			at++;
			continue;
		}
		if (length < 2 || length > size - at - 2)
			return -EBADMSG;
		if (is_frame_header(marker)) {
			if (framed)
				return -EBADMSG;
			r = read_frame_header(marker, data + at + 2, length, ret);
			if (r < 0)
				return r;
			framed = true;
		}
		at += 2 + length;
		if (marker == MARKER_SOS)
			return framed && has_end(data + at, size - at) ? 0 : -EBADMSG;
	}
	return -EBADMSG;
}
