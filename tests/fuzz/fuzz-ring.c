// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A ring as a hostile camera process would fill it: whatever stands in the header and the slots, a
 * reader stays within the mapping. The input lies over the start of a sound ring.
 */
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/memfd.h"
#include "base/ring-reader.h"

#define N_SLOTS   4
#define DATA_SIZE 4096
#define SIZE      (sizeof(struct ring_header) + N_SLOTS * sizeof(struct ring_slot) + DATA_SIZE)

static void sound(struct ring_header *h)
{
	memset(h, 0, SIZE);
	h->magic = RING_MAGIC;
	h->version = RING_VERSION;
	h->n_slots = N_SLOTS;
	h->data_size = DATA_SIZE;
	memcpy(h->description.camera_name, "front", 6);
	h->description.codec = RING_CODEC_H264;
	h->description.fps_denominator = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void *map;
	static int fd = -1;
	static uint8_t buffer[DATA_SIZE];
	size_t skip = offsetof(struct ring_header, head);
	struct ring_reader r;
	struct ring_unit unit;

	if (fd < 0)
		fd = memfd_create_shared("ring", SIZE, &map);
	sound(map);
	/* Half of the inputs leave the description alone, so that the slots are reached. */
	if (size > 0 && data[0] & 1)
		skip = 0;
	if (size > 1)
		memcpy((uint8_t *)map + skip, data + 1,
		       size - 1 < SIZE - skip ? size - 1 : SIZE - skip);
	if (ring_reader_open(&r, fd, SIZE) < 0)
		return 0;
	r.next = 0;
	for (int i = 0; i < 8; i++) {
		if (ring_reader_peek(&r, &unit) == 0)
			ring_reader_copy(&r, &unit, buffer);
		if (ring_reader_seek_keyframe(&r, &unit) == 0)
			ring_reader_copy(&r, &unit, buffer);
		r.next = (uint64_t)i;
	}
	ring_reader_close(&r);
	return 0;
}
