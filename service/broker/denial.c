// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/denial.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/event.h"
#include "broker/broker.h"
#include "broker/lease-count.h"

/* Whether this is news; remembers it. */
static bool remember(struct denials *d, const struct ledger_event *event)
{
	uint64_t now = clock_monotonic();
	size_t free = DENIALS_MAX;

	for (size_t i = 0; i < DENIALS_MAX; i++) {
		if (!d->recent[i].when || now - d->recent[i].when >= DENIALS_WINDOW)
			free = i;
		else if (!strcmp(d->recent[i].client, event->client) &&
			 !strcmp(d->recent[i].camera, event->camera) &&
			 !strcmp(d->recent[i].reason, event->reason))
			return false;
	}
	if (free == DENIALS_MAX)
		return false;
	d->recent[free].when = now;
	snprintf(d->recent[free].client, NAME_SIZE, "%s", event->client);
	snprintf(d->recent[free].camera, NAME_SIZE, "%s", event->camera);
	snprintf(d->recent[free].reason, LEDGER_REASON_SIZE, "%s", event->reason);
	return true;
}

void denial_report(struct broker *broker, const struct ledger_event *event, const char *peer)
{
	struct ledger_event row = *event;

	lease_fill_integration(broker, &row);
	/* Coalesced and bounded by itself; when the disk fails, the refusal stands all the same. */
	(void)ledger_denied(broker->store, &row);
	metrics_denied(&broker->metrics, event->reason);
	if (!remember(&broker->denials, event))
		return;
	event_log(LOG_NOTICE, EVENT_DENIED,
		  &(struct event_about){.camera = event->camera,
					.client = event->client,
					.peer = peer,
					.reason = event->reason},
		  "%s at %s may not watch %s: %s", event->client, peer, event->camera,
		  event->reason);
	observe(broker, denied, event->client, event->camera, peer, event->reason);
}
