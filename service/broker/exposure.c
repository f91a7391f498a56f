// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/exposure.h"

static void begin(struct exposure *e, const struct camera_sequence *m)
{
	if (!e->first)
		e->first = m->first;
	e->begin = m->first;
	e->lasts = true;
	e->n_added++;
}

void exposure_note(struct exposure *e, const struct camera_sequence *m)
{
	if (m->added) {
		begin(e, m);
		return;
	}
	if (!e->lasts || m->next < e->begin)
		return;
	e->units += m->next - e->begin;
	e->next = m->next;
	e->lasts = false;
}
