// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/mp4-track.h"

#include <errno.h>

#define SAMPLE_ENTRY_SIZE 78 /* of a VisualSampleEntry before its boxes */
#define HEVC_VPS          32
#define HEVC_PPS          34
#define HVCC_FIXED        22 /* bytes before its arrays */

/* Finds a box and takes its full-box header off. */
static int find_full(struct slice container, uint32_t type, struct slice *ret, uint8_t *ret_version)
{
	struct mp4_box box;
	uint32_t flags;
	int r = mp4_box_find(container, type, &box);

	if (r < 0)
		return r;
	*ret = box.payload;
	return mp4_take_full(ret, ret_version, &flags) ? 0 : -EBADMSG;
}

/* A table of `entries` times `size` bytes, after its count. */
static int take_table(struct slice payload, size_t size, struct slice *ret)
{
	uint32_t n;

	if (!mp4_take_u32(&payload, &n) || payload.len / size < n)
		return -EBADMSG;
	*ret = slice_of(payload.data, n * size);
	return 0;
}

static int read_table(struct slice stbl, uint32_t type, size_t size, struct slice *ret)
{
	struct slice payload;
	uint8_t version;
	int r = find_full(stbl, type, &payload, &version);

	return r < 0 ? r : take_table(payload, size, ret);
}

/* --- parameter sets (ISO/IEC 14496-15 sections 5.3.3.1 and 8.3.3.1) --- */

static int take_set(struct mp4_track *t, struct slice *s)
{
	uint16_t len;

	if (t->n_sets == MP4_SETS_MAX || !mp4_take_u16(s, &len) || len == 0 ||
	    !mp4_take(s, len, &t->sets[t->n_sets]))
		return -EBADMSG;
	t->n_sets++;
	return 0;
}

static int take_sets(struct mp4_track *t, struct slice *s, unsigned n)
{
	int r = 0;

	while (r == 0 && n-- > 0)
		r = take_set(t, s);
	return r;
}

static int read_avcc(struct mp4_track *t, struct slice s)
{
	struct slice fixed;
	uint8_t n;
	int r;

	if (!mp4_take(&s, 5, &fixed) || fixed.data[0] != 1 || !mp4_take_u8(&s, &n))
		return -EBADMSG;
	t->length_size = (fixed.data[4] & 3) + 1;
	r = take_sets(t, &s, n & 0x1f);
	if (r < 0 || !mp4_take_u8(&s, &n))
		return -EBADMSG;
	return take_sets(t, &s, n);
}

static int read_hvcc(struct mp4_track *t, struct slice s)
{
	struct slice fixed;
	size_t before;
	uint8_t n, type;
	uint16_t nals;
	int r = 0;

	if (!mp4_take(&s, HVCC_FIXED, &fixed) || fixed.data[0] != 1 || !mp4_take_u8(&s, &n))
		return -EBADMSG;
	t->length_size = (fixed.data[HVCC_FIXED - 1] & 3) + 1;
	while (r == 0 && n-- > 0) {
		if (!mp4_take_u8(&s, &type) || !mp4_take_u16(&s, &nals))
			return -EBADMSG;
		before = t->n_sets;
		r = take_sets(t, &s, nals);
		/* SEI may stand there as well. */
		if ((type & 0x3f) < HEVC_VPS || (type & 0x3f) > HEVC_PPS)
			t->n_sets = before;
	}
	return r;
}

static int read_description(struct mp4_track *t, struct slice stbl)
{
	struct slice payload, fixed;
	struct mp4_box entry, config;
	uint8_t version;
	uint32_t n;
	int r = find_full(stbl, MP4_TYPE('s', 't', 's', 'd'), &payload, &version);

	if (r < 0 || !mp4_take_u32(&payload, &n) || n == 0 || mp4_box_next(&payload, &entry) != 1)
		return -EBADMSG;
	if (n > 1)
		return -ENOTSUP;
	if (entry.type == MP4_TYPE('a', 'v', 'c', '1') ||
	    entry.type == MP4_TYPE('a', 'v', 'c', '3'))
		t->codec = SEAL_CODEC_H264;
	else if (entry.type == MP4_TYPE('h', 'v', 'c', '1') ||
		 entry.type == MP4_TYPE('h', 'e', 'v', '1'))
		t->codec = SEAL_CODEC_HEVC;
	else
		return -ENOTSUP;
	if (!mp4_take(&entry.payload, SAMPLE_ENTRY_SIZE, &fixed))
		return -EBADMSG;
	r = mp4_box_find(entry.payload,
			 t->codec == SEAL_CODEC_H264 ? MP4_TYPE('a', 'v', 'c', 'C')
						     : MP4_TYPE('h', 'v', 'c', 'C'),
			 &config);
	if (r == 0)
		r = t->codec == SEAL_CODEC_H264 ? read_avcc(t, config.payload)
						: read_hvcc(t, config.payload);
	if (r < 0)
		return -EBADMSG;
	return t->length_size == 3 ? -EBADMSG : 0;
}

/* --- sample tables --- */

static int read_sizes(struct mp4_track *t, struct slice stbl)
{
	struct slice payload;
	uint8_t version;
	int r = find_full(stbl, MP4_TYPE('s', 't', 's', 'z'), &payload, &version);

	if (r == -ENOENT)
		return -ENOTSUP; /* stz2 */
	if (r < 0 || !mp4_take_u32(&payload, &t->sample_size) ||
	    !mp4_take_u32(&payload, &t->n_samples))
		return -EBADMSG;
	if (t->sample_size > 0)
		return 0;
	if (payload.len / 4 < t->n_samples)
		return -EBADMSG;
	t->sizes = slice_of(payload.data, 4 * (size_t)t->n_samples);
	return 0;
}

static int read_offsets(struct mp4_track *t, struct slice stbl)
{
	struct mp4_box box;
	int r = read_table(stbl, MP4_TYPE('s', 't', 'c', 'o'), 4, &t->offsets);

	if (r == 0)
		return mp4_box_find(stbl, MP4_TYPE('c', 'o', '6', '4'), &box) == -ENOENT ? 0
											 : -EBADMSG;
	if (r != -ENOENT)
		return r;
	t->long_offsets = true;
	return read_table(stbl, MP4_TYPE('c', 'o', '6', '4'), 8, &t->offsets);
}

static int read_samples(struct mp4_track *t, struct slice stbl)
{
	int r = read_description(t, stbl);

	if (r == 0)
		r = read_sizes(t, stbl);
	if (r == 0)
		r = read_offsets(t, stbl);
	if (r == 0)
		r = read_table(stbl, MP4_TYPE('s', 't', 's', 'c'), 12, &t->chunks);
	if (r == 0)
		r = read_table(stbl, MP4_TYPE('s', 't', 't', 's'), 8, &t->times);
	return r == -ENOENT ? -EBADMSG : r;
}

/* --- the track --- */

/* After creation and modification times, of 32 or 64 bits. */
static int take_after_times(struct slice payload, uint8_t version, uint32_t *ret)
{
	struct slice times;

	if (version > 1 || !mp4_take(&payload, version == 1 ? 16 : 8, &times) ||
	    !mp4_take_u32(&payload, ret))
		return -EBADMSG;
	return 0;
}

static int is_video(struct slice mdia, bool *ret)
{
	struct slice payload, predefined;
	uint8_t version;
	uint32_t handler;
	int r = find_full(mdia, MP4_TYPE('h', 'd', 'l', 'r'), &payload, &version);

	if (r < 0 || !mp4_take(&payload, 4, &predefined) || !mp4_take_u32(&payload, &handler))
		return -EBADMSG;
	*ret = handler == MP4_TYPE('v', 'i', 'd', 'e');
	return 0;
}

static int read_video(struct mp4_track *t, struct slice trak, struct slice mdia)
{
	struct mp4_box minf, stbl;
	struct slice payload;
	uint8_t version;
	int r = find_full(trak, MP4_TYPE('t', 'k', 'h', 'd'), &payload, &version);

	if (r == 0)
		r = take_after_times(payload, version, &t->id);
	if (r == 0)
		r = find_full(mdia, MP4_TYPE('m', 'd', 'h', 'd'), &payload, &version);
	if (r == 0)
		r = take_after_times(payload, version, &t->timescale);
	if (r == 0 && t->timescale == 0)
		r = -EBADMSG;
	if (r == 0)
		r = mp4_box_find(mdia, MP4_TYPE('m', 'i', 'n', 'f'), &minf);
	if (r == 0)
		r = mp4_box_find(minf.payload, MP4_TYPE('s', 't', 'b', 'l'), &stbl);
	if (r == 0)
		r = read_samples(t, stbl.payload);
	return r == -ENOENT ? -EBADMSG : r;
}

static int read_defaults(struct mp4_track *t, struct slice moov)
{
	struct mp4_box mvex, box;
	struct slice rest;
	int r = mp4_box_find(moov, MP4_TYPE('m', 'v', 'e', 'x'), &mvex);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = mvex.payload;
	while ((r = mp4_box_next(&rest, &box)) == 1) {
		uint32_t flags, id, description;
		uint8_t version;

		if (box.type != MP4_TYPE('t', 'r', 'e', 'x'))
			continue;
		if (!mp4_take_full(&box.payload, &version, &flags) ||
		    !mp4_take_u32(&box.payload, &id) || !mp4_take_u32(&box.payload, &description))
			return -EBADMSG;
		if (id == t->id && (!mp4_take_u32(&box.payload, &t->default_duration) ||
				    !mp4_take_u32(&box.payload, &t->default_size)))
			return -EBADMSG;
	}
	return r;
}

int mp4_track_read(struct mp4_track *t, struct slice moov)
{
	struct slice rest = moov;
	struct mp4_box box, mdia;
	bool found = false, video;
	int r;

	*t = (struct mp4_track){0};
	while ((r = mp4_box_next(&rest, &box)) == 1) {
		if (box.type != MP4_TYPE('t', 'r', 'a', 'k'))
			continue;
		if (mp4_box_find(box.payload, MP4_TYPE('m', 'd', 'i', 'a'), &mdia) < 0 ||
		    is_video(mdia.payload, &video) < 0)
			return -EBADMSG;
		if (!video)
			continue;
		if (found)
			return -ENOTSUP;
		found = true;
		r = read_video(t, box.payload, mdia.payload);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	return found ? read_defaults(t, moov) : -ENOENT;
}
