// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/closing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/event.h"
#include "broker/broker.h"
#include "broker/camera.h"

#define TIMER_ACCURACY (50 * USEC_PER_MSEC)

struct closing {
	struct list list; /* of the broker */
	struct broker *broker;
	enum ledger_kind kind; /* CLOSED or SWITCHED */
	struct ledger_event event;
	struct exposure exposure;
	sd_event_source *timer; /* of the camera's patience, then of the next try; NULL: the last */
	uint64_t delay;         /* us, to the next try */
	bool judged;            /* the camera is not waited for any more */
	bool queued;            /* it is on its way to the disk */
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

static void closing_free(struct closing *c)
{
	sd_event_source_disable_unref(c->timer);
	list_remove(&c->list);
	free(c);
}

static void arm(struct closing *c, uint64_t delay)
{
	sd_event_source_set_time(c->timer, clock_monotonic() + delay);
	sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
}

/* Whether the disk may take it some day: else the row itself is at fault. */
static bool is_of_the_disk(int error)
{
	return error != -EINVAL && error != -EEXIST && error != -ENOENT;
}

static void tell_failure(enum ledger_kind kind, int error)
{
	event_log(LOG_ERR, EVENT_LEDGER_FAILED, NULL, "the ledger lacks %s: %s",
		  kind == LEDGER_CLOSED ? "the end of a lease"
					: "that a lease has switched its stream",
		  strerror(-error));
}

static void on_written(void *userdata, int error)
{
	struct closing *c = userdata;

	c->queued = false;
	if (error < 0 && !c->delay)
		tell_failure(c->kind, error);
	if (error == 0 || !c->timer || !is_of_the_disk(error)) {
		closing_free(c);
		return;
	}
	c->delay = c->delay ? smaller(c->delay * 2, CLOSING_DELAY_MAX) : CLOSING_DELAY_FIRST;
	arm(c, c->delay);
}

static int queue(struct broker *broker, enum ledger_kind kind, const struct ledger_event *event,
		 struct closing *c)
{
	store_done done = c ? on_written : NULL;

	return kind == LEDGER_CLOSED ? ledger_closed(broker->store, event, done, c)
				     : ledger_switched(broker->store, event, done, c);
}

bool closing_is_behind(const struct broker *broker, uint64_t lease)
{
	const struct closing *c;

	list_for_each (c, &broker->closings, list)
		if (c->kind == LEDGER_SWITCHED && c->event.lease == lease && c->delay)
			return true;
	return false;
}

static void write_row(struct closing *c)
{
	int r;

	if (!c->judged)
		judge(&c->event, &c->exposure);
	c->judged = true;
	/* Who reads the ledger takes the end for the last word. */
	if (c->timer && c->kind == LEDGER_CLOSED && closing_is_behind(c->broker, c->event.lease)) {
		arm(c, CLOSING_DELAY_FIRST);
		return;
	}
	c->queued = true;
	r = queue(c->broker, c->kind, &c->event, c);
	if (r < 0)
		on_written(c, r);
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	write_row(userdata);
	return 0;
}

static struct closing *closing_new(struct broker *broker, enum ledger_kind kind,
				   const struct ledger_event *event,
				   const struct exposure *exposure)
{
	struct closing *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return NULL;
	*c = (struct closing){
		.broker = broker, .kind = kind, .event = *event, .exposure = *exposure};
	list_init(&c->list);
	/* It was now, not when the row is written. */
	c->event.realtime = clock_realtime();
	c->event.boottime = clock_now(CLOCK_BOOTTIME);
	r = sd_event_add_time(broker->event, &c->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY,
			      on_timer, c);
	if (r >= 0)
		r = sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
	if (r < 0) {
		closing_free(c);
		return NULL;
	}
	list_append(&broker->closings, &c->list);
	return c;
}

/* Without memory there is one try. */
static void write_once(struct broker *broker, enum ledger_kind kind,
		       const struct ledger_event *event)
{
	if (queue(broker, kind, event, NULL) < 0)
		tell_failure(kind, -ENOMEM);
}

void closing_add(struct broker *broker, const struct ledger_event *event,
		 const struct exposure *exposure, const struct camera *camera)
{
	struct closing *c = closing_new(broker, LEDGER_CLOSED, event, exposure);
	struct ledger_event copy = *event;

	if (!c) {
		judge(&copy, exposure);
		write_once(broker, LEDGER_CLOSED, &copy);
	} else if (camera && camera->welcomed && !exposure_is_whole(exposure)) {
		arm(c, CLOSING_TIMEOUT);
	} else {
		write_row(c);
	}
}

void closing_add_switch(struct broker *broker, const struct ledger_event *event)
{
	struct closing *c = closing_new(broker, LEDGER_SWITCHED, event, &(const struct exposure){});

	if (!c) {
		write_once(broker, LEDGER_SWITCHED, event);
		return;
	}
	c->judged = true;
	write_row(c);
}

static bool is_about(const struct closing *c, const struct camera *camera,
		     const struct camera_sequence *m)
{
	return !c->judged && c->event.lease == m->lease && c->event.epoch == m->epoch &&
	       memcmp(c->event.camera_uuid, camera->uuid, UUID_SIZE) == 0;
}

void closing_exposed(const struct camera *camera, const struct camera_sequence *m)
{
	struct closing *c;

	list_for_each (c, &camera->broker->closings, list) {
		if (!is_about(c, camera, m))
			continue;
		exposure_note(&c->exposure, m);
		if (exposure_is_whole(&c->exposure)) {
			sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
			write_row(c);
		}
		return;
	}
}

void closing_end(struct broker *broker)
{
	struct closing *c, *next;

	list_for_each_safe (c, next, &broker->closings, list) {
		c->timer = sd_event_source_disable_unref(c->timer);
		if (!c->queued)
			write_row(c);
	}
}
