// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whether an access unit is of now (docs/SEAL.md, "Fresh"). */
#include "seal/verifier-check.h"

/* Far beyond any clock, and sums of two do not overflow. */
#define TIME_MAX (INT64_C(1) << 60)

/* later - earlier, us, either way round. */
static int64_t since(uint64_t later, uint64_t earlier)
{
	uint64_t d = later >= earlier ? later - earlier : earlier - later;
	int64_t clamped = d > TIME_MAX ? TIME_MAX : (int64_t)d;

	return later >= earlier ? clamped : -clamped;
}

static enum verdict judge_live(const struct verifier *v, const struct seal *seal, uint64_t own)
{
	int64_t captured = since(seal->boottime, v->statement.boottime);

	if (since(own, v->answered) - captured > (int64_t)v->config.max_age)
		return VERDICT_STALE;
	if (captured - since(own, v->asked) > (int64_t)v->config.tolerance)
		return VERDICT_FUTURE;
	return VERDICT_VALID;
}

/* Whether the unit came with less delay than any before: it is what the others are measured by. */
static bool moves_anchor(const struct verifier *v, const struct seal *seal, bool new_epoch,
			 uint64_t own)
{
	return !v->has_anchor || new_epoch ||
	       since(seal->boottime, v->anchor_signed) > since(own, v->anchor_own);
}

static enum verdict judge_wall(const struct seal *seal, uint64_t own)
{
	int64_t age = since(own, seal->realtime);

	if (age > (int64_t)VERIFIER_WALL_USEC)
		return VERDICT_STALE;
	return age < -(int64_t)VERIFIER_WALL_USEC ? VERDICT_FUTURE : VERDICT_VALID;
}

static enum verdict judge_relay(const struct verifier *v, const struct seal *seal, bool new_epoch,
				struct verifier_time arrived)
{
	if (moves_anchor(v, seal, new_epoch, arrived.boottime))
		return v->config.freshness == VERIFIER_RELAY ? judge_wall(seal, arrived.realtime)
							     : VERDICT_VALID;
	if (since(arrived.boottime, v->anchor_own) - since(seal->boottime, v->anchor_signed) >
	    (int64_t)v->config.max_age)
		return VERDICT_STALE;
	return VERDICT_VALID;
}

enum verdict verifier_check_fresh(const struct verifier *v, const struct seal *seal, bool new_epoch,
				  struct verifier_time arrived)
{
	switch (v->config.freshness) {
	case VERIFIER_LIVE:
		return judge_live(v, seal, arrived.boottime);
	case VERIFIER_RELAY:
	case VERIFIER_NO_CLOCK:
		return judge_relay(v, seal, new_epoch, arrived);
	case VERIFIER_FILE:
		break;
	}
	return v->has_last && !new_epoch && seal->boottime < v->last.boottime ? VERDICT_STALE
									      : VERDICT_VALID;
}

void verifier_keep_fresh(struct verifier *v, const struct seal *seal, bool new_epoch,
			 struct verifier_time arrived)
{
	if (!moves_anchor(v, seal, new_epoch, arrived.boottime))
		return;
	v->has_anchor = true;
	v->anchor_signed = seal->boottime;
	v->anchor_own = arrived.boottime;
}
