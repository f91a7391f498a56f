// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/pace.h"

void pace_begin(struct pace *p, uint64_t now)
{
	*p = (struct pace){
		.stream = RING_STREAM_MAIN,
		.since = now,
		.calm_since = now,
		.calm_for = PACE_CALM_FOR,
	};
}

void pace_frame(struct pace *p, uint64_t now, uint64_t age)
{
	if (age >= PACE_BEHIND_AGE && now - p->since >= PACE_SETTLE)
		p->behind = true;
	if (age >= PACE_CALM_AGE)
		p->calm_since = now;
}

void pace_skipped(struct pace *p, uint64_t now)
{
	p->behind = true;
	p->calm_since = now;
}

enum ring_stream pace_wanted(const struct pace *p, uint64_t now)
{
	if (p->stream == RING_STREAM_MAIN)
		return p->behind ? RING_STREAM_SUB : RING_STREAM_MAIN;
	return now - p->calm_since >= p->calm_for ? RING_STREAM_MAIN : RING_STREAM_SUB;
}

static void note_trial(struct pace *p, uint64_t now)
{
	if (!p->up_at || now - p->up_at >= PACE_TRIAL)
		p->calm_for = PACE_CALM_FOR;
	else if (p->calm_for < PACE_CALM_FOR_MAX)
		p->calm_for *= 2;
}

void pace_switched(struct pace *p, enum ring_stream stream, uint64_t now)
{
	if (stream == RING_STREAM_SUB)
		note_trial(p, now);
	else
		p->up_at = now;
	p->stream = stream;
	p->since = p->calm_since = now;
	p->behind = false;
}

void pace_refused(struct pace *p, uint64_t now)
{
	p->since = p->calm_since = now;
	p->behind = false;
}
