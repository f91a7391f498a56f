// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/exposure.h"

/* What a row can hold is the most that there is. */
static uint64_t add(uint64_t a, uint64_t b)
{
	return b < (uint64_t)INT64_MAX - a ? a + b : INT64_MAX;
}

static void begin(struct exposure *e, const struct camera_sequence *m)
{
	if (e->streams[m->stream].lasts)
		return;
	if (!e->n_added++) {
		e->first = m->first;
		e->stream = m->stream;
	}
	e->n_lasting++;
	e->streams[m->stream].begin = m->first;
	e->streams[m->stream].lasts = true;
}

void exposure_note(struct exposure *e, const struct camera_sequence *m)
{
	uint64_t from = e->streams[m->stream].begin;

	if (m->added) {
		begin(e, m);
		return;
	}
	if (!e->streams[m->stream].lasts || m->next < from)
		return;
	e->units = add(e->units, m->next - from);
	if (m->stream == e->stream)
		e->next = m->next;
	e->streams[m->stream].lasts = false;
	e->n_lasting--;
}
