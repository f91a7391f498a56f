// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/exposure.h"

void exposure_note(struct exposure *e, const struct camera_sequence *m)
{
	uint64_t *begin = &e->begin[m->stream];

	if (m->added) {
		if (!e->n_stretches++)
			e->first = m->first;
		*begin = m->first;
	} else if (*begin && m->next >= *begin) {
		e->units += m->next - *begin;
		e->next = m->next;
		*begin = 0;
	}
}

bool exposure_is_whole(const struct exposure *e)
{
	for (unsigned i = 0; i < RING_N_STREAMS; i++)
		if (e->begin[i])
			return false;
	return e->n_stretches > 0;
}
