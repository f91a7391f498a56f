// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/tripwire.h"

#include <stdio.h>
#include <string.h>

#include "base/event.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/control.h"
#include "broker/lease-count.h"
#include "broker/lease.h"
#include "broker/ledger.h"

#define REASON "tripwire"

static void on_suspended(void *userdata, int error)
{
	if (error < 0)
		log_error("a suspension after a tripwire is not on the disk: %s", strerror(-error));
}

static void on_recorded(void *userdata, int error)
{
	if (error < 0)
		event_log(LOG_ERR, EVENT_LEDGER_FAILED, NULL, "the ledger lacks a tripwire: %s",
			  strerror(-error));
}

/* One that is suspended already stays so. */
static void suspend(struct broker *broker, const struct ledger_event *event)
{
	struct control_result result = {};
	char reason[CONTROL_REASON_SIZE];
	int r;

	snprintf(reason, sizeof(reason),
		 REASON ": lease %lu was handed frames of another camera or epoch",
		 (unsigned long)event->lease);
	r = control_suspend(broker, SUSPENSION_CAMERA, event->camera, reason, &result, on_suspended,
			    NULL);
	if (r)
		log_error("camera %s cannot be suspended: %d", event->camera, r);
}

void tripwire_fired(struct lease *lease)
{
	struct broker *broker = lease->broker;
	const struct camera *camera = lease->camera;
	struct ledger_event event;
	int r;

	lease_fill_event(lease, &event);
	snprintf(event.reason, sizeof(event.reason),
		 "handed frames of another camera or epoch: camera suspended");
	event_log(LOG_ERR, EVENT_TRIPWIRE,
		  &(struct event_about){.camera = camera->name,
					.client = lease->client,
					.peer = lease->peer_text,
					.reason = event.reason,
					.lease = lease->id},
		  "tripwire: lease %lu of %s at %s for %s was handed frames of another camera or "
		  "epoch; the camera is suspended",
		  (unsigned long)lease->id, lease->client, lease->peer_text, camera->name);
	lease_end(lease, REASON);
	suspend(broker, &event);
	r = ledger_tripwire(broker->store, &event, on_recorded, NULL);
	if (r < 0)
		on_recorded(NULL, r);
	observe(broker, tripwire, camera, event.lease, event.client);
}
