// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/ring-writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/memfd.h"

struct ring_writer {
	int fd;
	size_t size;
	struct ring_header *header;
	struct ring_slot *slots;
	uint8_t *data;
	uint64_t head;     /* index of the next unit */
	uint64_t position; /* of the next byte */
	uint64_t data_size;
	uint32_t n_slots;
};

static bool power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

int ring_writer_new(const struct ring_description *description, uint32_t n_slots,
		    uint64_t data_size, struct ring_writer **ret)
{
	_cleanup_(ring_writer_freep) struct ring_writer *w = NULL;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	void *map;

	data_size = (data_size + page - 1) / page * page;
	if (!power_of_two(n_slots) || n_slots > RING_SLOTS_MAX || !data_size ||
	    data_size > RING_DATA_MAX)
		return -EINVAL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->size = sizeof(struct ring_header) + n_slots * sizeof(struct ring_slot) + data_size;
	w->fd = memfd_create_single_writer("camward-ring", w->size, &map);
	if (w->fd < 0)
		return w->fd;
	w->header = map;
	w->slots = (struct ring_slot *)(w->header + 1);
	w->data = (uint8_t *)(w->slots + n_slots);
	w->data_size = data_size;
	w->n_slots = n_slots;
	w->header->magic = RING_MAGIC;
	w->header->version = RING_VERSION;
	w->header->n_slots = n_slots;
	w->header->data_size = data_size;
	w->header->description = *description;
	*ret = steal_pointer(&w);
	return 0;
}

struct ring_writer *ring_writer_free(struct ring_writer *w)
{
	if (!w)
		return NULL;
	if (w->header)
		munmap(w->header, w->size);
	if (w->fd > 0)
		close_fd(w->fd);
	free(w);
	return NULL;
}

int ring_writer_fd(const struct ring_writer *w)
{
	return w->fd;
}

uint64_t ring_writer_size(const struct ring_writer *w)
{
	return w->size;
}

/* Where length bytes fit without a wrap, at or after the present position. */
static uint64_t place(const struct ring_writer *w, uint64_t length)
{
	uint64_t offset = w->position % w->data_size;

	if (offset + length > w->data_size)
		return w->position + (w->data_size - offset);
	return w->position;
}

/* Gives up every unit that reaches below end - data_size, before a byte of them changes. */
static void retire(struct ring_writer *w, uint64_t end)
{
	uint64_t oldest = end > w->data_size ? end - w->data_size : 0;

	atomic_store_explicit(&w->header->oldest, oldest, memory_order_relaxed);
	/* Pairs with the reader's acquire fence: who sees a changed byte sees the raised mark. */
	atomic_thread_fence(memory_order_seq_cst);
}

int ring_writer_put(struct ring_writer *w, struct ring_unit *unit, const struct iovec *pieces,
		    size_t n_pieces)
{
	uint64_t length = 0, position;
	struct ring_slot *slot = &w->slots[w->head % w->n_slots];
	uint8_t *to;

	for (size_t i = 0; i < n_pieces; i++) {
		if (pieces[i].iov_len > w->data_size)
			return -EMSGSIZE;
		length += pieces[i].iov_len;
	}
	if (!length || length > w->data_size / 2)
		return -EMSGSIZE;

	position = place(w, length);
	atomic_store_explicit(&slot->stamp, 0, memory_order_relaxed);
	retire(w, position + length);
	to = w->data + position % w->data_size;
	for (size_t i = 0; i < n_pieces; i++)
		to = (uint8_t *)mempcpy(to, pieces[i].iov_base, pieces[i].iov_len);

	unit->index = w->head;
	unit->position = position;
	unit->length = (uint32_t)length;
	slot->unit = *unit;
	atomic_store_explicit(&slot->stamp, w->head + 1, memory_order_release);
	w->position = position + length;
	w->head++;
	if (unit->flags & RING_UNIT_KEYFRAME)
		atomic_store_explicit(&w->header->keyframe, w->head, memory_order_release);
	atomic_store_explicit(&w->header->head, w->head, memory_order_release);
	return 0;
}

uint64_t ring_writer_held(const struct ring_writer *w)
{
	uint64_t oldest = atomic_load_explicit(&w->header->oldest, memory_order_relaxed);
	uint64_t n = 0;

	while (n < w->n_slots && n < w->head &&
	       w->slots[(w->head - 1 - n) % w->n_slots].unit.position >= oldest)
		n++;
	return n;
}
