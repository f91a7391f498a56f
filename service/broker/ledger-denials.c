// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-denials.h"

#include "base/clock.h"
#include "broker/ledger-append.h"

#define RETRY (5 * USEC_PER_SEC)

/* Who a denial that has no place of its own is counted for. */
#define MANY_CLIENTS "(many)"
#define MANY_REASONS "several reasons"

static struct ledger_denial *find(struct ledger_denials *denials, const struct ledger_event *event)
{
	for (size_t i = 0; i < denials->n; i++) {
		struct ledger_event *other = &denials->entries[i].event;

		if (strcmp(other->client, event->client) == 0 &&
		    strcmp(other->camera, event->camera) == 0 &&
		    strcmp(other->reason, event->reason) == 0)
			return &denials->entries[i];
	}
	return NULL;
}

static size_t count_client(const struct ledger_denials *denials, const char *client)
{
	size_t n = 0;

	for (size_t i = 0; i < denials->n; i++)
		n += strcmp(denials->entries[i].event.client, client) == 0;
	return n;
}

static void forget_camera(struct ledger_event *event)
{
	memset(event->camera, 0, sizeof(event->camera));
	memset(event->camera_uuid, 0, sizeof(event->camera_uuid));
	strcpy(event->reason, MANY_REASONS);
}

static void forget_client(struct ledger_event *event)
{
	forget_camera(event);
	strcpy(event->client, MANY_CLIENTS);
	memset(event->integration, 0, sizeof(event->integration));
	memset(event->peer, 0, sizeof(event->peer));
	event->port = 0;
}

/* The entry for an event, which loses detail as the room for it gets less. One place is kept for
 * each kind of loss. */
static struct ledger_denial *find_or_add(struct ledger_denials *denials, struct ledger_event *event)
{
	struct ledger_denial *found = find(denials, event);

	if (!found && count_client(denials, event->client) >= LEDGER_DENIALS_PER_CLIENT - 1) {
		forget_camera(event);
		found = find(denials, event);
	}
	if (!found && denials->n >= LEDGER_DENIALS_MAX - 1) {
		forget_client(event);
		found = find(denials, event);
	}
	if (found)
		return found;
	found = &denials->entries[denials->n++];
	*found = (struct ledger_denial){0};
	return found;
}

void ledger_denials_add(struct ledger_denials *denials, const struct ledger_event *event,
			uint64_t now)
{
	struct ledger_event kept = *event;
	struct ledger_denial *entry = find_or_add(denials, &kept);

	if (!entry->due)
		entry->due = now;
	if (entry->count++ == 0)
		entry->since = kept.realtime;
	entry->event = kept;
}

uint64_t ledger_denials_due(const struct ledger_denials *denials)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < denials->n; i++)
		if (denials->entries[i].due < due)
			due = denials->entries[i].due;
	return due;
}

int ledger_denials_write(const struct ledger_denials *denials, sqlite3 *db, uint64_t run,
			 uint64_t now)
{
	for (size_t i = 0; i < denials->n; i++) {
		const struct ledger_denial *entry = &denials->entries[i];
		int r;

		if (entry->due > now || !entry->count)
			continue;
		r = ledger_append_denied(db, run, &entry->event, entry->count, entry->since);
		if (r < 0)
			return r;
	}
	return 0;
}

void ledger_denials_written(struct ledger_denials *denials, uint64_t now)
{
	for (size_t i = denials->n; i-- > 0;) {
		struct ledger_denial *entry = &denials->entries[i];

		if (entry->due > now)
			continue;
		if (entry->count) {
			entry->count = 0;
			entry->due = now + LEDGER_DENIED_WINDOW;
		} else {
			*entry = denials->entries[--denials->n];
		}
	}
}

void ledger_denials_postpone(struct ledger_denials *denials, uint64_t now)
{
	for (size_t i = 0; i < denials->n; i++)
		if (denials->entries[i].due <= now)
			denials->entries[i].due = now + RETRY;
}
