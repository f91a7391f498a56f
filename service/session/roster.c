// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int roster_init(struct roster *r, const struct roster_limits *limits)
{
	*r = (struct roster){.limits = *limits};
	if (!limits->connections || limits->connections > ROSTER_MAX || !limits->pending ||
	    !limits->pending_per_source)
		return -EINVAL;
	r->entries = calloc(limits->connections + ROSTER_SPARE, sizeof(*r->entries));
	return r->entries ? 0 : -ENOMEM;
}

void roster_release(struct roster *r)
{
	free(r->entries);
	*r = (struct roster){};
}

void roster_source(const uint8_t address[16], uint8_t ret[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(ret, address, 16);
	if (memcmp(address, mapped, sizeof(mapped)) != 0)
		memset(ret + 8, 0, 8);
}

static bool is_pending(const struct roster_entry *e)
{
	return !e->admitted && !e->ending;
}

static bool is_of(const struct roster_entry *e, const uint8_t source[16])
{
	return memcmp(e->source, source, 16) == 0;
}

static uint32_t count_pending_of(const struct roster *r, const uint8_t source[16])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++)
		n += is_pending(&r->entries[i]) && is_of(&r->entries[i], source);
	return n;
}

static struct roster_entry *oldest_pending_of(const struct roster *r, const uint8_t source[16])
{
	for (uint32_t i = 0; i < r->n; i++)
		if (is_pending(&r->entries[i]) && is_of(&r->entries[i], source))
			return &r->entries[i];
	return NULL;
}

/* The source with most pending connections; NULL: there is none. Quadratic in them, and they are
 * few; it runs only when a limit has been reached. */
static const uint8_t *fullest_source(const struct roster *r)
{
	const uint8_t *fullest = NULL;
	uint32_t most = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t n =
			is_pending(&r->entries[i]) ? count_pending_of(r, r->entries[i].source) : 0;

		if (n > most) {
			most = n;
			fullest = r->entries[i].source;
		}
	}
	return fullest;
}

enum roster_verdict roster_judge(const struct roster *r, const uint8_t source[16], uint64_t now,
				 struct roster_entry **ret_victim)
{
	uint32_t pending = 0, running = 0;
	const uint8_t *from = NULL;

	*ret_victim = NULL;
	for (uint32_t i = 0; i < r->n; i++) {
		pending += is_pending(&r->entries[i]);
		running += !r->entries[i].ending;
	}
	if (count_pending_of(r, source) >= r->limits.pending_per_source)
		from = source;
	else if (pending >= r->limits.pending || running >= r->limits.connections)
		from = fullest_source(r);
	else
		return r->n < r->limits.connections + ROSTER_SPARE ? ROSTER_ADMIT : ROSTER_REFUSE;
	if (from)
		*ret_victim = oldest_pending_of(r, from);
	if (!*ret_victim || now - (*ret_victim)->accepted < ROSTER_MERCY_USEC ||
	    r->n >= r->limits.connections + ROSTER_SPARE)
		return ROSTER_REFUSE;
	return ROSTER_REPLACE;
}

struct roster_entry *roster_add(struct roster *r, const struct roster_entry *e)
{
	r->entries[r->n] = *e;
	return &r->entries[r->n++];
}

struct roster_entry *roster_find(const struct roster *r, uint64_t connection)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->entries[i].connection == connection)
			return &r->entries[i];
	return NULL;
}

struct roster_entry *roster_find_pid(const struct roster *r, pid_t pid)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->entries[i].pid == pid)
			return &r->entries[i];
	return NULL;
}

void roster_remove(struct roster *r, struct roster_entry *e)
{
	size_t after = (size_t)(r->entries + r->n - (e + 1));

	memmove(e, e + 1, after * sizeof(*e));
	r->n--;
}

struct roster_entry *roster_oldest_pending(const struct roster *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (is_pending(&r->entries[i]))
			return &r->entries[i];
	return NULL;
}
