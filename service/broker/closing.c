// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/closing.h"

#include <stdlib.h>
#include <string.h>

#include "base/event.h"
#include "broker/broker.h"
#include "broker/camera.h"

#define TIMER_ACCURACY (50 * USEC_PER_MSEC)

struct closing {
	struct list list; /* of the broker */
	struct broker *broker;
	struct ledger_event event;
	struct exposure exposure;
	sd_event_source *timer;
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Nobody has received more than the camera has shown; who claims so lied. */
static void judge(struct ledger_event *event, const struct exposure *exposure)
{
	uint64_t most = LEDGER_UNKNOWN;

	if (exposure_is_whole(exposure)) {
		event->exposed_first = exposure->first;
		event->exposed_next = exposure->next;
		event->exposed = most = exposure->units;
	}
	if (event->frames_high > most)
		event->lied = true;
	if (!event->lied)
		return;
	event->frames_low = 0;
	event->frames_high = most;
	event->delivered = smaller(event->delivered, most);
	event->uncertain = true;
}

static void on_closed(void *userdata, int error)
{
	if (error < 0)
		event_log(LOG_ERR, EVENT_LEDGER_FAILED, NULL,
			  "the ledger lacks the end of a lease: %s", strerror(-error));
}

static void write_row(struct broker *broker, struct ledger_event *event,
		      const struct exposure *exposure)
{
	int r;

	judge(event, exposure);
	r = ledger_closed(broker->store, event, on_closed, NULL);
	if (r < 0)
		on_closed(NULL, r);
}

static void finish(struct closing *c)
{
	write_row(c->broker, &c->event, &c->exposure);
	sd_event_source_disable_unref(c->timer);
	list_remove(&c->list);
	free(c);
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	finish(userdata);
	return 0;
}

static int wait_for_camera(struct broker *broker, const struct ledger_event *event,
			   const struct exposure *exposure)
{
	struct closing *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	*c = (struct closing){.broker = broker, .event = *event, .exposure = *exposure};
	/* It ended now, not when the row is written. */
	c->event.realtime = clock_realtime();
	c->event.boottime = clock_now(CLOCK_BOOTTIME);
	r = sd_event_add_time(broker->event, &c->timer, CLOCK_MONOTONIC,
			      clock_monotonic() + CLOSING_TIMEOUT, TIMER_ACCURACY, on_timer, c);
	if (r < 0) {
		free(c);
		return r;
	}
	list_init(&c->list);
	list_append(&broker->closings, &c->list);
	return 0;
}

void closing_add(struct broker *broker, const struct ledger_event *event,
		 const struct exposure *exposure, const struct camera *camera)
{
	struct ledger_event copy = *event;

	if (camera && camera->welcomed && !exposure_is_whole(exposure) &&
	    wait_for_camera(broker, event, exposure) == 0)
		return;
	write_row(broker, &copy, exposure);
}

static bool is_about(const struct closing *c, const struct camera *camera,
		     const struct camera_sequence *m)
{
	return c->event.lease == m->lease && c->event.epoch == m->epoch &&
	       memcmp(c->event.camera_uuid, camera->uuid, UUID_SIZE) == 0;
}

void closing_exposed(const struct camera *camera, const struct camera_sequence *m)
{
	struct closing *c;

	list_for_each (c, &camera->broker->closings, list) {
		if (!is_about(c, camera, m))
			continue;
		exposure_note(&c->exposure, m);
		if (exposure_is_whole(&c->exposure))
			finish(c);
		return;
	}
}

void closing_end(struct broker *broker)
{
	struct closing *c, *next;

	list_for_each_safe (c, next, &broker->closings, list)
		finish(c);
}
