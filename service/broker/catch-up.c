// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/catch-up.h"

#include <string.h>

#include "base/event.h"
#include "broker/broker.h"

#define TIMER_ACCURACY (50 * USEC_PER_MSEC)

static void arm(struct catch_up *c)
{
	sd_event_source_set_time(c->timer, clock_monotonic() + c->delay);
	sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
	c->delay = c->delay * 2 < CATCH_UP_DELAY_MAX ? c->delay * 2 : CATCH_UP_DELAY_MAX;
}

static void conclude(struct broker *broker)
{
	struct catch_up *c = &broker->catch_up;

	if (c->error < 0) {
		/* There is no timer any more when the broker ends. */
		if (c->timer)
			arm(c);
		return;
	}
	c->needed = false;
	event_log(LOG_NOTICE, EVENT_DENIAL_WRITTEN, NULL,
		  "what was denied is on disk now, and survives a restart");
}

static void on_written(void *userdata, int error)
{
	struct broker *broker = userdata;
	struct catch_up *c = &broker->catch_up;

	if (error < 0 && !c->error)
		c->error = error;
	if (--c->running == 0)
		conclude(broker);
}

/* All in one go: nothing that is decided later may come between. */
static void try_it(struct broker *broker)
{
	const struct policy *policy = broker->policy;
	struct catch_up *c = &broker->catch_up;
	int r = store_keep_only(broker->store, policy, on_written, broker);

	c->error = 0;
	c->running = r < 0 ? 0 : 1;
	for (size_t i = 0; r >= 0 && i < policy->n_suspensions; i++) {
		const struct suspension *suspension = policy->suspensions[i];

		/* Its end is on its way to the disk. */
		if (suspension->resuming)
			continue;
		r = store_suspend(broker->store, suspension, on_written, broker);
		if (r >= 0)
			c->running++;
	}
	if (r < 0)
		c->error = r;
	if (!c->running)
		conclude(broker);
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	try_it(userdata);
	return 0;
}

void catch_up_ask(struct broker *broker, int error)
{
	struct catch_up *c = &broker->catch_up;

	if (c->needed) {
		/* A try that is under way may have begun too early for this one. */
		if (c->running && !c->error)
			c->error = error;
		return;
	}
	c->needed = true;
	event_log(LOG_ERR, EVENT_DENIAL_UNWRITTEN,
		  &(struct event_about){.reason = strerror(-error)},
		  "what is denied now is not on disk yet: %s", strerror(-error));
	c->delay = CATCH_UP_DELAY_FIRST;
	if (c->timer)
		arm(c);
}

int catch_up_open(struct broker *broker)
{
	struct catch_up *c = &broker->catch_up;
	int r = sd_event_add_time(broker->event, &c->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY,
				  on_timer, broker);

	if (r >= 0)
		r = sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
	return r < 0 ? r : sd_event_source_set_priority(c->timer, BROKER_PRIORITY_STORE);
}

void catch_up_last(struct broker *broker)
{
	catch_up_close(broker);
	if (broker->catch_up.needed && !broker->catch_up.running)
		try_it(broker);
}

void catch_up_close(struct broker *broker)
{
	broker->catch_up.timer = sd_event_source_disable_unref(broker->catch_up.timer);
}
