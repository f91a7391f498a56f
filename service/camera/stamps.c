// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/stamps.h"

#include <errno.h>

static struct stamp *at(struct stamps *s, unsigned int i)
{
	return &s->entries[(s->first + i) % STAMPS_MAX];
}

static void forget(struct stamps *s, unsigned int n)
{
	s->first = (s->first + n) % STAMPS_MAX;
	s->count -= n;
}

unsigned int stamps_add(struct stamps *s, const struct stamp *stamp)
{
	unsigned int lost = s->count == STAMPS_MAX;

	forget(s, lost);
	*at(s, s->count++) = *stamp;
	return lost;
}

void stamps_undo(struct stamps *s)
{
	if (s->count)
		s->count--;
}

int stamps_take(struct stamps *s, uint64_t key, struct stamp *ret)
{
	for (unsigned int i = 0; i < s->count; i++) {
		if (at(s, i)->key != key)
			continue;
		*ret = *at(s, i);
		forget(s, i + 1);
		return (int)i;
	}
	return -ENOENT;
}
