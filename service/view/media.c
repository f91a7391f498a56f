// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define START_CODE_SIZE 3
#define HEVC_VPS        32
#define HEVC_PREFIX_SEI 39
#define HEVC_IDR_FIRST  16
#define HEVC_IDR_LAST   21

static bool is_mp4(struct slice file)
{
	static const char types[][5] = {"ftyp", "styp", "moov", "moof", "free", "mdat", "wide"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (file.len >= 8 && memcmp(file.data + 4, types[i], 4) == 0)
			return true;
	return false;
}

/* What an HEVC stream can begin with has, as H.264, types that nothing begins with: the second byte
 * of an HEVC header is 1 in the base layer. */
static bool looks_like_hevc(struct slice nal)
{
	unsigned type;

	if (nal.len < HEVC_NAL_HEADER || nal.data[1] != 1 || nal.data[0] & 0x81)
		return false;
	type = hevc_nal_type(nal);
	return (type >= HEVC_VPS && type <= HEVC_PREFIX_SEI) ||
	       (type >= HEVC_IDR_FIRST && type <= HEVC_IDR_LAST);
}

static int init_byte_stream(struct media *m)
{
	struct h264_iter it;
	struct slice nal;

	h264_iter_init(&it, m->file);
	if (!h264_iter_next(&it, &nal))
		return -EINVAL;
	m->kind = MEDIA_BYTE_STREAM;
	m->codec = looks_like_hevc(nal) ? SEAL_CODEC_HEVC : SEAL_CODEC_H264;
	m->begin = m->file.data;
	h264_iter_init(&m->nals, m->file);
	return 0;
}

int media_init(struct media *m, struct slice file)
{
	int r;

	*m = (struct media){.file = file};
	if (file.len >= 3 && memcmp(file.data, "\xff\xd8\xff", 3) == 0) {
		m->kind = MEDIA_JPEG;
		m->codec = SEAL_CODEC_JPEG;
		m->begin = file.data;
		return 0;
	}
	if (!is_mp4(file))
		return init_byte_stream(m);
	m->kind = MEDIA_MP4;
	r = mp4_reader_init(&m->mp4, file);
	m->codec = m->mp4.track.codec;
	return r;
}

void media_release(struct media *m)
{
	free(m->buffer);
	*m = (struct media){};
}

bool media_parameter_set(const struct media *m, size_t i, struct slice *ret)
{
	if (m->kind != MEDIA_MP4 || i >= m->mp4.track.n_sets)
		return false;
	*ret = m->mp4.track.sets[i];
	return true;
}

const char *media_name(const struct media *m)
{
	if (m->kind == MEDIA_JPEG)
		return "JPEG";
	if (m->kind == MEDIA_MP4)
		return m->codec == SEAL_CODEC_HEVC ? "MP4 with HEVC" : "MP4 with H.264";
	return m->codec == SEAL_CODEC_HEVC ? "HEVC byte stream" : "H.264 byte stream";
}

/* --- byte streams --- */

static bool starts_unit(struct media *m, struct slice nal)
{
	return m->codec == SEAL_CODEC_HEVC ? hevc_au_starts(&m->hevc_au, nal)
					   : h264_au_starts(&m->h264_au, nal);
}

static int next_of_stream(struct media *m, struct media_unit *ret)
{
	const uint8_t *begin = m->begin, *end = m->file.data + m->file.len;
	struct slice nal;

	m->begin = NULL;
	while (h264_iter_next(&m->nals, &nal)) {
		if (!starts_unit(m, nal))
			continue;
		m->begin = end = nal.data - START_CODE_SIZE;
		break;
	}
	ret->bytes = slice_of(begin, (size_t)(end - begin));
	return 1;
}

/* --- MP4 --- */

static int reserve(struct media *m, size_t size)
{
	if (size <= m->size)
		return 0;
	free(m->buffer);
	m->size = 0;
	m->buffer = malloc(2 * size);
	if (!m->buffer)
		return -ENOMEM;
	m->size = 2 * size;
	return 0;
}

/*
 * Whether a NAL unit stays one when start codes stand between them: within it there is none
 * (section 7.4.1 forbids it). Else a player of the file would see other NAL units than were judged.
 */
static bool is_whole(struct slice nal)
{
	for (size_t i = 0; i + 2 < nal.len; i++)
		if (nal.data[i] == 0 && nal.data[i + 1] == 0 && nal.data[i + 2] <= 2)
			return false;
	return nal.len > 0;
}

static bool take_nal(struct slice *rest, unsigned length_size, struct slice *ret)
{
	size_t len = 0;
	struct slice field;

	if (!mp4_take(rest, length_size, &field))
		return false;
	for (unsigned i = 0; i < length_size; i++)
		len = len << 8 | field.data[i];
	if (!mp4_take(rest, len, ret))
		return false;
	/* Zeros after a NAL unit are none of it; muxers leave one when the next start code had four
	 * bytes. */
	while (ret->len > 0 && ret->data[ret->len - 1] == 0)
		ret->len--;
	return is_whole(*ret);
}

/* Each length becomes a start code, which is at most 3 bytes longer. */
static struct slice to_byte_stream(struct media *m, struct slice sample)
{
	static const uint8_t start_code[] = {0, 0, 0, 1};
	struct slice nal;
	size_t n = 0;

	while (sample.len > 0) {
		if (!take_nal(&sample, m->mp4.track.length_size, &nal))
			return slice_of(NULL, 0);
		memcpy(m->buffer + n, start_code, sizeof(start_code));
		n += sizeof(start_code);
		memcpy(m->buffer + n, nal.data, nal.len);
		n += nal.len;
	}
	return slice_of(m->buffer, n);
}

static int next_of_mp4(struct media *m, struct media_unit *ret)
{
	struct mp4_sample sample;
	int r = mp4_reader_next(&m->mp4, &sample);

	if (r <= 0)
		return r;
	/* A NAL unit has a byte, so that there are at most half as many as bytes. */
	r = reserve(m, sample.bytes.len + 3 * (sample.bytes.len / 2 + 1));
	if (r < 0)
		return r;
	ret->bytes = to_byte_stream(m, sample.bytes);
	ret->has_time = true;
	ret->time = sample.time;
	return 1;
}

int media_next(struct media *m, struct media_unit *ret)
{
	*ret = (struct media_unit){0};
	if (m->kind == MEDIA_MP4)
		return next_of_mp4(m, ret);
	if (!m->begin)
		return 0;
	if (m->kind == MEDIA_BYTE_STREAM)
		return next_of_stream(m, ret);
	ret->bytes = m->file;
	m->begin = NULL;
	return 1;
}
