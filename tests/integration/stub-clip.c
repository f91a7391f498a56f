// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stub-clip.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/h264-au.h"
#include "wire/h264.h"

#define RING_SLOTS 256
#define RING_DATA  ((uint64_t)8 << 20)

struct unit {
	struct slice bytes;
	bool keyframe;
};

static struct unit *units;
static size_t n_units;

static void add_unit(const uint8_t *from, const uint8_t *to)
{
	struct slice bytes = slice_of(from, (size_t)(to - from));

	units = realloc(units, (n_units + 1) * sizeof(*units));
	assert(units);
	units[n_units++] = (struct unit){bytes, h264_is_idr(bytes)};
}

/* From the start code of one access unit's first NAL unit to that of the next. */
static void split(const uint8_t *data, size_t size)
{
	struct h264_au au = {};
	struct h264_iter it;
	struct slice nal;
	const uint8_t *begin = data;

	h264_iter_init(&it, slice_of(data, size));
	while (h264_iter_next(&it, &nal)) {
		const uint8_t *start = nal.data - 3;

		if (!h264_au_starts(&au, nal))
			continue;
		if (start > data && start[-1] == 0)
			start--;
		add_unit(begin, start);
		begin = start;
	}
	add_unit(begin, data + size);
}

static void add_parameter_set(struct ring_description *d, struct slice set)
{
	uint8_t *to = d->parameter_sets + d->parameter_sets_size;

	assert(d->parameter_sets_size + 4 + set.len <= sizeof(d->parameter_sets));
	memcpy(to, "\0\0\0\1", 4);
	memcpy(to + 4, set.data, set.len);
	d->parameter_sets_size += 4 + (uint32_t)set.len;
}

struct ring_writer *stub_clip_load(const char *path, struct ring_description *description)
{
	_cleanup_close_ int fd = open(path, O_RDONLY);
	struct h264_parameter_sets sets;
	struct ring_writer *ring;
	struct stat st;
	uint8_t *data;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return NULL;
	split(data, (size_t)st.st_size);
	h264_find_parameter_sets(units[0].bytes, &sets);
	errno = EINVAL;
	if (!units[0].keyframe || !sets.sps.data || !sets.pps.data)
		return NULL;
	add_parameter_set(description, sets.sps);
	add_parameter_set(description, sets.pps);
	return ring_writer_new(description, RING_SLOTS, RING_DATA, &ring) < 0 ? NULL : ring;
}

uint64_t stub_clip_publish(struct ring_writer *ring, bool from_keyframe)
{
	static uint64_t sequence;
	static size_t at;
	struct ring_unit unit = {
		.sequence = ++sequence,
		.captured_monotonic = clock_monotonic(),
		.captured_realtime = clock_realtime(),
	};
	struct iovec piece;
	int r;

	if (from_keyframe || at >= n_units)
		at = 0;
	unit.flags = units[at].keyframe ? RING_UNIT_KEYFRAME : 0;
	piece = (struct iovec){(void *)(uintptr_t)units[at].bytes.data, units[at].bytes.len};
	at++;
	r = ring_writer_put(ring, &unit, &piece, 1);
	assert(r == 0);
	return unit.index;
}
