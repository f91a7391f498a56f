// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/clip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "camera/access-unit.h"
#include "wire/h264-au.h"
#include "wire/h264.h"
#include "wire/jpeg.h"

#define UNITS_FIRST 256

void clip_release(struct clip *c)
{
	free(c->data);
	free(c->units);
	*c = (struct clip){};
}

static int add_unit(struct clip *c, size_t *room, const uint8_t *begin, const uint8_t *end)
{
	if (c->n_units == *room) {
		size_t more = *room ? *room * 2 : UNITS_FIRST;
		struct slice *units;

		if (more > CLIP_UNITS_MAX)
			return -EFBIG;
		units = reallocarray(c->units, more, sizeof(*units));
		if (!units)
			return -ENOMEM;
		c->units = units;
		*room = more;
	}
	c->units[c->n_units++] = slice_of(begin, (size_t)(end - begin));
	return 0;
}

/* slice_type (7.3.3) stands behind first_mb_in_slice; of a picture's first slice that is the single
 * bit 1, so both are in one byte: ue(1) and ue(6) are B. */
static bool starts_b_picture(struct slice nal)
{
	uint8_t b;

	if (!h264_is_vcl(nal) || nal.len < 2)
		return false;
	b = nal.data[1];
	return (b & 0xf0) == 0xa0 || (b & 0xfc) == 0x9c;
}

/* Where the bytes of a NAL unit begin, its start code included. */
static const uint8_t *with_start_code(struct slice nal, const uint8_t *floor)
{
	const uint8_t *p = nal.data - 3;

	return p > floor && p[-1] == 0 ? p - 1 : p;
}

static int split_h264(struct clip *c, size_t size)
{
	const uint8_t *begin = c->data;
	struct h264_au au = {};
	struct h264_iter it;
	struct slice nal;
	size_t room = 0;
	bool any = false;
	int r;

	h264_iter_init(&it, slice_of(c->data, size));
	while (h264_iter_next(&it, &nal)) {
		any = true;
		if (starts_b_picture(nal))
			return -EOPNOTSUPP;
		if (!h264_au_starts(&au, nal))
			continue;
		r = add_unit(c, &room, begin, with_start_code(nal, begin));
		if (r < 0)
			return r;
		begin = with_start_code(nal, begin);
	}
	return any ? add_unit(c, &room, begin, c->data + size) : -EBADMSG;
}

static int take_sps(struct clip *c)
{
	struct h264_parameter_sets both;
	struct h264_sps sps;
	int r;

	h264_find_parameter_sets(c->units[0], &both);
	r = h264_sps_parse(&sps, both.sps);
	if (r < 0)
		return r;
	c->codec = RING_CODEC_H264;
	c->width = sps.width;
	c->height = sps.height;
	c->fps_num = sps.fps_num;
	c->fps_den = sps.fps_den;
	return 0;
}

/* Drops what stands before the first IDR with parameter sets, then looks at every unit. */
static int check_h264(struct clip *c)
{
	_cleanup_free_ struct access_unit *au = malloc(sizeof(*au));
	struct parameter_sets sets = {};
	size_t first = 0;
	int r;

	if (!au)
		return -ENOMEM;
	while (first < c->n_units &&
	       (!h264_is_idr(c->units[first]) || access_unit_parse(&sets, c->units[first], au) < 0))
		first++;
	if (first == c->n_units)
		return -ENODATA;
	c->n_units -= first;
	memmove(c->units, c->units + first, c->n_units * sizeof(*c->units));
	for (size_t i = 0; i < c->n_units; i++) {
		r = access_unit_parse(&sets, c->units[i], au);
		if (r < 0)
			return r;
	}
	return take_sps(c);
}

static int split_jpeg(struct clip *c, size_t size)
{
	const uint8_t *at = c->data, *end = c->data + size;
	size_t room = 0;

	c->codec = RING_CODEC_JPEG;
	while (at < end) {
		struct jpeg jpeg;
		int r = jpeg_parse(&jpeg, slice_of(at, (size_t)(end - at)));

		if (r < 0)
			return r == -EOPNOTSUPP ? -EPROTONOSUPPORT : r;
		if (c->n_units == 0) {
			c->width = jpeg.width;
			c->height = jpeg.height;
		}
		if (jpeg.width != c->width || jpeg.height != c->height)
			return -ESTALE;
		r = add_unit(c, &room, at, at + jpeg.size);
		if (r < 0)
			return r;
		at += jpeg.size;
	}
	return 0;
}

static int split(struct clip *c, size_t size)
{
	int r;

	if (size >= 2 && c->data[0] == 0xff && c->data[1] == JPEG_MARKER_SOI)
		return split_jpeg(c, size);
	r = split_h264(c, size);
	return r < 0 ? r : check_h264(c);
}

int clip_cut(uint8_t *data, size_t size, struct clip *ret)
{
	int r;

	*ret = (struct clip){.data = data};
	r = split(ret, size);
	if (r < 0)
		clip_release(ret);
	return r;
}

static int read_all(int fd, uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t n = read(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int clip_load(const char *path, struct clip *ret)
{
	/* A fifo must not hold up the start. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ uint8_t *data = NULL;
	struct stat st;
	size_t size;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size == 0)
		return -EBADMSG;
	if ((uint64_t)st.st_size > CLIP_SIZE_MAX)
		return -EFBIG;
	size = (size_t)st.st_size;
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	r = read_all(fd, data, size);
	if (r < 0)
		return r;
	return clip_cut(steal_pointer(&data), size, ret);
}

const char *clip_explain(int error)
{
	switch (error) {
	case -EINVAL:
		return "not a regular file";
	case -EFBIG:
		return "larger than 256 MiB or a million pictures";
	case -EBADMSG:
		return "neither an H.264 byte stream (Annex B) nor JPEG pictures, or broken";
	case -EMSGSIZE:
		return "a picture or parameter set beyond all bounds";
	case -ENODATA:
		return "no IDR picture with SPS and PPS in it";
	case -ESTALE:
		return "its SPS, PPS or size changes";
	case -EPROTONOSUPPORT:
		return "JPEG pictures that RTP cannot carry (with ffmpeg: -pix_fmt yuvj420p "
		       "-huffman default)";
	case -EOPNOTSUPP:
		return "it has B pictures; a camera gives none (encode with -bf 0)";
	default:
		return strerror(-error);
	}
}
