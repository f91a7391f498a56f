// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/penalties.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t weights[] = {
	[PENALTY_CREDENTIAL] = PENALTY_CREDENTIAL_USEC,
	[PENALTY_ANONYMOUS] = PENALTY_ANONYMOUS_USEC,
	[PENALTY_GRACE] = PENALTY_GRACE_USEC,
	[PENALTY_CRASH] = PENALTY_CRASH_USEC,
};

int penalties_init(struct penalties *p)
{
	*p = (struct penalties){.entries = calloc(PENALTY_SOURCES_MAX, sizeof(*p->entries))};
	return p->entries ? 0 : -ENOMEM;
}

void penalties_release(struct penalties *p)
{
	free(p->entries);
	*p = (struct penalties){};
}

/* Where the source is, or belongs. */
static uint32_t position(const struct penalties *p, const uint8_t source[16])
{
	uint32_t low = 0, high = p->n;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (memcmp(p->entries[middle].source, source, 16) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_of(const struct penalties *p, uint32_t i, const uint8_t source[16])
{
	return i < p->n && memcmp(p->entries[i].source, source, 16) == 0;
}

static void move(struct penalties *p, uint32_t from, uint32_t to)
{
	memmove(p->entries + to, p->entries + from, (p->n - from) * sizeof(*p->entries));
	p->n += to - from;
}

static void forget_expired(struct penalties *p, uint64_t now)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->n; i++)
		if (p->entries[i].until > now)
			p->entries[kept++] = p->entries[i];
	p->n = kept;
}

static bool is_less(const struct penalty *a, const struct penalty *b)
{
	return a->refused != b->refused ? a->refused < b->refused : a->until < b->until;
}

/* Whether there is room for this one, if need be at the cost of the least. */
static bool make_room(struct penalties *p, const struct penalty *wanted, uint64_t now)
{
	uint32_t least = 0;

	if (p->n == PENALTY_SOURCES_MAX)
		forget_expired(p, now);
	if (p->n < PENALTY_SOURCES_MAX)
		return true;
	for (uint32_t i = 1; i < p->n; i++)
		if (is_less(&p->entries[i], &p->entries[least]))
			least = i;
	if (!is_less(&p->entries[least], wanted))
		return false;
	move(p, least + 1, least);
	return true;
}

uint64_t penalties_add(struct penalties *p, const uint8_t source[16], enum penalty_kind kind,
		       uint64_t now)
{
	uint32_t i = position(p, source);
	bool known = is_of(p, i, source), was_refused;
	struct penalty entry = known ? p->entries[i] : (struct penalty){};

	memcpy(entry.source, source, sizeof(entry.source));
	if (entry.until <= now) {
		entry.until = now;
		entry.refused = 0;
	}
	was_refused = entry.refused;
	entry.until += weights[kind];
	if (entry.until > now + PENALTY_MAX_USEC)
		entry.until = now + PENALTY_MAX_USEC;
	if (entry.until > now + PENALTY_MIN_USEC)
		entry.refused = 1;
	if (!known) {
		if (!make_room(p, &entry, now))
			return 0;
		i = position(p, source);
		move(p, i, i + 1);
	}
	p->entries[i] = entry;
	return entry.refused && !was_refused ? entry.until - now : 0;
}

bool penalties_refuse(const struct penalties *p, const uint8_t source[16], uint64_t now)
{
	uint32_t i = position(p, source);

	return is_of(p, i, source) && p->entries[i].refused && p->entries[i].until > now;
}
