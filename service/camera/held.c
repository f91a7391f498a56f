// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/held.h"

#include <errno.h>

static struct held_frame *at(struct held *h, unsigned i)
{
	return &h->frames[(h->first + i) % SUBSCRIBER_HELD_MAX];
}

/* Where length bytes fit; false: nowhere. */
static bool place(struct held *h, uint64_t length, uint64_t *ret)
{
	const struct held_frame *oldest = at(h, 0), *newest;
	uint64_t end;

	*ret = 0;
	if (h->n == 0)
		return length <= h->size;
	newest = at(h, h->n - 1);
	end = newest->offset + newest->length;
	/* Beyond the newest one up to the oldest, or to the memory's end and from its begin. */
	if (newest->offset < oldest->offset) {
		*ret = end;
		return length <= oldest->offset - end;
	}
	if (length <= h->size - end) {
		*ret = end;
		return true;
	}
	return length <= oldest->offset;
}

int held_take(struct held *h, uint64_t sequence, uint64_t length, uint64_t *ret_offset)
{
	if (!length || h->n == SUBSCRIBER_HELD_MAX || !place(h, length, ret_offset))
		return -ENOSPC;
	h->n++;
	*at(h, h->n - 1) =
		(struct held_frame){.sequence = sequence, .offset = *ret_offset, .length = length};
	return 0;
}

int held_release(struct held *h, uint64_t sequence)
{
	unsigned i = 0;

	while (i < h->n && (at(h, i)->sequence != sequence || at(h, i)->released))
		i++;
	if (i == h->n)
		return -ENOENT;
	at(h, i)->released = true;
	while (h->n && at(h, 0)->released) {
		h->first = (h->first + 1) % SUBSCRIBER_HELD_MAX;
		h->n--;
	}
	return 0;
}
