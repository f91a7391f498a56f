// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/mp4-reader.h"

#include <errno.h>

#include "base/clock.h"

/* Of tfhd (section 8.8.7). */
#define TFHD_BASE         0x000001
#define TFHD_DESCRIPTION  0x000002
#define TFHD_DURATION     0x000008
#define TFHD_SIZE         0x000010
#define TFHD_BASE_IS_MOOF 0x020000

/* Of trun (section 8.8.8). */
#define TRUN_OFFSET      0x000001
#define TRUN_FIRST_FLAGS 0x000004
#define TRUN_DURATION    0x000100
#define TRUN_SIZE        0x000200
#define TRUN_FLAGS       0x000400
#define TRUN_COMPOSITION 0x000800

int mp4_reader_init(struct mp4_reader *m, struct slice file)
{
	struct slice rest = file;
	struct mp4_box box;
	int r;

	*m = (struct mp4_reader){.file = file, .boxes = file};
	while ((r = mp4_box_next(&rest, &box)) == 1)
		if (box.type == MP4_TYPE('m', 'o', 'o', 'v'))
			return mp4_track_read(&m->track, box.payload);
	return -EBADMSG;
}

static int give(struct mp4_reader *m, uint64_t offset, uint64_t size, uint32_t duration,
		struct mp4_sample *ret)
{
	if (size == 0 || offset > m->file.len || size > m->file.len - offset)
		return -EBADMSG;
	/* Samples do not overlap, so all of them are no more than the file. */
	if (size > m->file.len - m->given)
		return -EBADMSG;
	m->given += size;
	ret->bytes = slice_of(m->file.data + offset, size);
	/* In two steps: the product could exceed 64 bits. */
	ret->time = m->time / m->track.timescale * USEC_PER_SEC +
		    m->time % m->track.timescale * USEC_PER_SEC / m->track.timescale;
	m->time += duration;
	return 1;
}

/* --- sample tables --- */

/* How many samples the current chunk has; 0: the tables disagree. */
static uint32_t chunk_samples(struct mp4_reader *m)
{
	const struct mp4_track *t = &m->track;
	size_t n = t->chunks.len / 12;

	/* Chunks are counted from 1 there. */
	while (m->chunk_run + 1 < n &&
	       mp4_u32_at(t->chunks, 3 * (m->chunk_run + 1)) <= (uint64_t)m->chunk + 1)
		m->chunk_run++;
	if (n == 0 || mp4_u32_at(t->chunks, 3 * m->chunk_run) > (uint64_t)m->chunk + 1 ||
	    mp4_u32_at(t->chunks, 3 * m->chunk_run + 2) != 1)
		return 0;
	return mp4_u32_at(t->chunks, 3 * m->chunk_run + 1);
}

static int begin_chunk(struct mp4_reader *m)
{
	const struct mp4_track *t = &m->track;
	size_t n = t->offsets.len / (t->long_offsets ? 8 : 4);

	if (m->chunk >= n || chunk_samples(m) == 0)
		return -EBADMSG;
	m->offset = t->long_offsets ? mp4_u64_at(t->offsets, m->chunk)
				    : mp4_u32_at(t->offsets, m->chunk);
	return 0;
}

/* The duration of the next sample; the last entry goes on. */
static uint32_t next_duration(struct mp4_reader *m)
{
	const struct mp4_track *t = &m->track;
	size_t n = t->times.len / 8;

	while (m->time_run < n && m->in_time_run >= mp4_u32_at(t->times, 2 * m->time_run)) {
		m->time_run++;
		m->in_time_run = 0;
	}
	if (m->time_run >= n)
		return 0;
	m->in_time_run++;
	return mp4_u32_at(t->times, 2 * m->time_run + 1);
}

static int next_of_tables(struct mp4_reader *m, struct mp4_sample *ret)
{
	const struct mp4_track *t = &m->track;
	uint32_t size = t->sample_size ? t->sample_size : mp4_u32_at(t->sizes, m->sample);
	int r = m->in_chunk == 0 ? begin_chunk(m) : 0;

	if (r == 0)
		r = give(m, m->offset, size, next_duration(m), ret);
	if (r < 0)
		return r;
	m->offset += size;
	m->sample++;
	if (++m->in_chunk == chunk_samples(m)) {
		m->in_chunk = 0;
		m->chunk++;
	}
	return 1;
}

/* --- fragments --- */

static int take_header(struct mp4_reader *m, struct slice traf, uint64_t moof, bool first,
		       bool *ret_ours)
{
	struct mp4_box box;
	uint32_t flags, id, description;
	uint8_t version;
	struct slice s;

	if (mp4_box_find(traf, MP4_TYPE('t', 'f', 'h', 'd'), &box) < 0)
		return -EBADMSG;
	s = box.payload;
	if (!mp4_take_full(&s, &version, &flags) || !mp4_take_u32(&s, &id))
		return -EBADMSG;
	*ret_ours = id == m->track.id;
	if (!*ret_ours)
		return 0;
	m->base = moof;
	if (flags & TFHD_BASE && !mp4_take_u64(&s, &m->base))
		return -EBADMSG;
	/* Then its data would begin where the other track's end. */
	if (!(flags & (TFHD_BASE | TFHD_BASE_IS_MOOF)) && !first)
		return -ENOTSUP;
	if (flags & TFHD_DESCRIPTION && (!mp4_take_u32(&s, &description) || description != 1))
		return -ENOTSUP;
	m->fragment_duration = m->track.default_duration;
	m->fragment_size = m->track.default_size;
	if ((flags & TFHD_DURATION && !mp4_take_u32(&s, &m->fragment_duration)) ||
	    (flags & TFHD_SIZE && !mp4_take_u32(&s, &m->fragment_size)))
		return -EBADMSG;
	return 0;
}

/* Section 8.8.12. */
static int take_base_time(struct mp4_reader *m, struct slice traf)
{
	struct mp4_box box;
	uint32_t flags, time;
	uint8_t version;
	int r = mp4_box_find(traf, MP4_TYPE('t', 'f', 'd', 't'), &box);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!mp4_take_full(&box.payload, &version, &flags))
		return -EBADMSG;
	if (version == 1)
		return mp4_take_u64(&box.payload, &m->time) ? 0 : -EBADMSG;
	if (!mp4_take_u32(&box.payload, &time))
		return -EBADMSG;
	m->time = time;
	return 0;
}

/* One fragment of our track in a moof, as every writer makes it; two are not read. */
static int take_fragment(struct mp4_reader *m, const struct mp4_box *moof)
{
	uint64_t at = (uint64_t)(moof->whole.data - m->file.data);
	struct slice rest = moof->payload;
	bool first = true, found = false, ours;
	struct mp4_box box;
	int r;

	while ((r = mp4_box_next(&rest, &box)) == 1) {
		if (box.type != MP4_TYPE('t', 'r', 'a', 'f'))
			continue;
		r = take_header(m, box.payload, at, first, &ours);
		first = false;
		if (r == 0 && ours && found)
			r = -ENOTSUP;
		if (r == 0 && ours)
			r = take_base_time(m, box.payload);
		if (r < 0)
			return r;
		if (!ours)
			continue;
		found = true;
		m->runs = box.payload;
		m->data = m->base;
	}
	return r;
}

static unsigned entry_size(uint32_t flags)
{
	return 4 * (!!(flags & TRUN_DURATION) + !!(flags & TRUN_SIZE) + !!(flags & TRUN_FLAGS) +
		    !!(flags & TRUN_COMPOSITION));
}

static int take_run(struct mp4_reader *m, struct slice s)
{
	uint32_t n, offset, first;
	uint8_t version;
	unsigned size;

	if (!mp4_take_full(&s, &version, &m->run_flags) || !mp4_take_u32(&s, &n))
		return -EBADMSG;
	if (m->run_flags & TRUN_OFFSET) {
		if (!mp4_take_u32(&s, &offset))
			return -EBADMSG;
		/* Signed; what falls out of the file is found when a sample is read. */
		m->data = m->base + (uint64_t)(int64_t)(int32_t)offset;
	}
	if (m->run_flags & TRUN_FIRST_FLAGS && !mp4_take_u32(&s, &first))
		return -EBADMSG;
	size = entry_size(m->run_flags);
	if (size > 0 && s.len / size < n)
		return -EBADMSG;
	m->run = s;
	m->run_left = n;
	return 0;
}

static int next_of_run(struct mp4_reader *m, struct mp4_sample *ret)
{
	uint32_t duration = m->fragment_duration, size = m->fragment_size, other;
	int r;

	if ((m->run_flags & TRUN_DURATION && !mp4_take_u32(&m->run, &duration)) ||
	    (m->run_flags & TRUN_SIZE && !mp4_take_u32(&m->run, &size)) ||
	    (m->run_flags & TRUN_FLAGS && !mp4_take_u32(&m->run, &other)) ||
	    (m->run_flags & TRUN_COMPOSITION && !mp4_take_u32(&m->run, &other)))
		return -EBADMSG;
	r = give(m, m->data, size, duration, ret);
	m->data += size;
	m->run_left--;
	return r;
}

/* On to the next run, of this fragment or of a later one. 1: there is one; 0: none. */
static int next_run(struct mp4_reader *m)
{
	struct mp4_box box;
	int r;

	while ((r = mp4_box_next(&m->runs, &box)) == 1)
		if (box.type == MP4_TYPE('t', 'r', 'u', 'n')) {
			r = take_run(m, box.payload);
			return r < 0 ? r : 1;
		}
	while (r == 0 && (r = mp4_box_next(&m->boxes, &box)) == 1) {
		if (box.type != MP4_TYPE('m', 'o', 'o', 'f')) {
			r = 0;
			continue;
		}
		r = take_fragment(m, &box);
		return r < 0 ? r : 1;
	}
	return r;
}

int mp4_reader_next(struct mp4_reader *m, struct mp4_sample *ret)
{
	int r;

	if (m->sample < m->track.n_samples)
		return next_of_tables(m, ret);
	while (m->run_left == 0) {
		r = next_run(m);
		if (r <= 0)
			return r;
	}
	return next_of_run(m, ret);
}
