// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/ring-reader.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

static bool description_sound(const struct ring_description *d)
{
	return memchr(d->camera_name, 0, sizeof(d->camera_name)) && name_valid(d->camera_name) &&
	       d->stream < RING_N_STREAMS &&
	       (d->codec == RING_CODEC_H264 || d->codec == RING_CODEC_JPEG) &&
	       d->parameter_sets_size <= sizeof(d->parameter_sets) && d->fps_denominator > 0;
}

int ring_reader_open(struct ring_reader *r, int fd, size_t size)
{
	const struct ring_header *h;
	uint32_t n_slots;
	uint64_t data_size;

	if (size < sizeof(*h))
		return -EPROTO;
	h = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (h == MAP_FAILED)
		return -errno;
	/* Read once: what is checked below must be what is used, whatever the writer does. */
	n_slots = *(const volatile uint32_t *)&h->n_slots;
	data_size = *(const volatile uint64_t *)&h->data_size;
	*r = (struct ring_reader){
		.header = h,
		.slots = (const struct ring_slot *)(h + 1),
		.size = size,
		.n_slots = n_slots,
		.data_size = data_size,
		.description = h->description,
	};
	if (h->magic != RING_MAGIC || h->version != RING_VERSION || !n_slots ||
	    n_slots > RING_SLOTS_MAX || n_slots & (n_slots - 1) || !data_size ||
	    data_size > RING_DATA_MAX ||
	    sizeof(*h) + n_slots * sizeof(struct ring_slot) + data_size != size ||
	    !description_sound(&r->description)) {
		ring_reader_close(r);
		return -EPROTO;
	}
	r->data = (const uint8_t *)(r->slots + n_slots);
	r->next = atomic_load_explicit(&h->head, memory_order_acquire);
	return 0;
}

void ring_reader_close(struct ring_reader *r)
{
	if (r->header)
		munmap((void *)(uintptr_t)r->header, r->size);
	*r = (struct ring_reader){};
}

uint64_t ring_reader_pending(const struct ring_reader *r)
{
	uint64_t head = atomic_load_explicit(&r->header->head, memory_order_acquire);

	return head > r->next ? head - r->next : 0;
}

/* Whether the bytes from position on are still those of their unit. */
static bool intact(const struct ring_reader *r, uint64_t position)
{
	/* Pairs with the writer's fence between raising the mark and writing. */
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&r->header->oldest, memory_order_relaxed) <= position;
}

static int read_slot(const struct ring_reader *r, uint64_t index, struct ring_unit *ret)
{
	const struct ring_slot *slot = &r->slots[index & (r->n_slots - 1)];
	struct ring_unit unit;

	if (atomic_load_explicit(&slot->stamp, memory_order_acquire) != index + 1)
		return -ESTALE;
	unit = slot->unit;
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&slot->stamp, memory_order_relaxed) != index + 1)
		return -ESTALE;
	if (unit.index != index || !unit.length || unit.length > r->data_size ||
	    unit.position % r->data_size + unit.length > r->data_size)
		return -EPROTO;
	if (!intact(r, unit.position))
		return -ESTALE;
	*ret = unit;
	return 0;
}

int ring_reader_seek_keyframe(struct ring_reader *r, struct ring_unit *ret)
{
	uint64_t keyframe = atomic_load_explicit(&r->header->keyframe, memory_order_acquire);
	int e;

	if (!keyframe)
		return -ENOENT;
	e = read_slot(r, keyframe - 1, ret);
	if (e == -ESTALE || (e == 0 && !(ret->flags & RING_UNIT_KEYFRAME)))
		return -ENOENT;
	if (e < 0)
		return e;
	r->next = keyframe - 1;
	return 0;
}

int ring_reader_peek(const struct ring_reader *r, struct ring_unit *ret)
{
	if (!ring_reader_pending(r))
		return -EAGAIN;
	return read_slot(r, r->next, ret);
}

int ring_reader_copy(struct ring_reader *r, const struct ring_unit *unit, void *buffer)
{
	memcpy(buffer, r->data + unit->position % r->data_size, unit->length);
	if (!intact(r, unit->position))
		return -ESTALE;
	r->next = unit->index + 1;
	return 0;
}
