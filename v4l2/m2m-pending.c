// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/m2m-pending.h"

#include <errno.h>

static unsigned int at(const struct v4l2_m2m_pending *p, unsigned int i)
{
	return (p->first + i) % V4L2_M2M_PENDING_MAX;
}

int v4l2_m2m_pending_add(struct v4l2_m2m_pending *p, uint64_t timestamp, uint64_t *ret_key)
{
	unsigned int i = at(p, p->count);

	if (p->count == V4L2_M2M_PENDING_MAX)
		return -EAGAIN;
	p->last_key = timestamp > p->last_key ? timestamp : p->last_key + 1;
	p->entries[i].key = p->last_key;
	p->entries[i].timestamp = timestamp;
	p->count++;
	*ret_key = p->last_key;
	return 0;
}

void v4l2_m2m_pending_undo(struct v4l2_m2m_pending *p)
{
	if (p->count > 0)
		p->count--;
}

int v4l2_m2m_pending_take(struct v4l2_m2m_pending *p, uint64_t key, uint64_t *ret_timestamp,
			  unsigned int *ret_lost)
{
	for (unsigned int i = 0; i < p->count; i++) {
		if (p->entries[at(p, i)].key != key)
			continue;
		*ret_timestamp = p->entries[at(p, i)].timestamp;
		*ret_lost = i;
		p->first = at(p, i + 1);
		p->count -= i + 1;
		return 0;
	}
	return -ENOENT;
}

unsigned int v4l2_m2m_pending_clear(struct v4l2_m2m_pending *p)
{
	unsigned int count = p->count;

	p->count = 0;
	return count;
}
