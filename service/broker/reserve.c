// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/reserve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease-count.h"
#include "broker/lease.h"

#define REASON_FALSE "false count"

#define TIMER_ACCURACY (100 * USEC_PER_MSEC)

/* What is being written. The broker outlives it: the store's end calls back. */
struct renewal {
	struct broker *broker;
	size_t n;
	struct {
		uint64_t lease, frames;
	} permits[];
};

uint64_t reserve_frames(const struct camera *camera)
{
	uint64_t numerator = camera->state.fps_numerator,
		 denominator = camera->state.fps_denominator;

	if (!numerator || !denominator) {
		numerator = RESERVE_FPS_UNKNOWN;
		denominator = 1;
	}
	return (RESERVE_AHEAD + RESERVE_BACKLOG) / USEC_PER_SEC * numerator / denominator + 1;
}

static void arm(struct broker *broker)
{
	sd_event_source *timer = broker->reserve.timer;

	sd_event_source_set_time(timer, clock_monotonic() + RESERVE_INTERVAL);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void measure(struct lease *lease, struct ledger_reservation *ret)
{
	struct lease_counts counts;
	struct tcp_bytes bytes;

	lease_count(lease, &counts);
	/* What was not permitted raises no permit; that it was claimed is not forgotten. */
	if (counts.intent > lease->reserved) {
		lease->overdrawn = true;
		counts.intent = lease->reserved;
	}
	*ret = (struct ledger_reservation){
		.lease = lease->id,
		.done = counts.done,
		.frames_high = counts.intent + reserve_frames(lease->camera),
		.first_sequence = counts.first_sequence,
		.last_sequence = counts.last_sequence,
		.exposed_first = lease->exposure.first,
	};
	/* A page that says less than before does not lower what was promised. */
	if (ret->frames_high < lease->reserved)
		ret->frames_high = lease->reserved;
	ret->frames_low = lease_count_low(lease, counts.done,
					  lease_count_bytes(lease, &bytes) == 0 ? &bytes : NULL);
	if (counts.done > lease->checkpoint)
		lease->checkpoint = counts.done;
}

static void told(struct broker *broker, int error)
{
	struct reserve *reserve = &broker->reserve;

	if (error < 0 && !reserve->failed)
		event_log(LOG_ERR, EVENT_LEDGER_FAILED, NULL,
			  "the ledger cannot be written, so viewers get nothing until it can: %s",
			  strerror(-error));
	reserve->failed = error < 0;
}

static void on_reserved(void *userdata, int error)
{
	struct renewal *renewal = userdata;
	struct broker *broker = renewal->broker;

	broker->reserve.running = false;
	told(broker, error);
	for (size_t i = 0; error == 0 && i < renewal->n; i++) {
		struct lease *lease = lease_find(broker, renewal->permits[i].lease);

		if (lease && lease->permit)
			atomic_store_explicit(&lease->permit->frames, renewal->permits[i].frames,
					      memory_order_release);
	}
	free(renewal);
}

static size_t count_running(const struct broker *broker)
{
	const struct lease *lease;
	size_t n = 0;

	list_for_each (lease, &broker->leases, list)
		n += lease->state == LEASE_RUNNING;
	return n;
}

static int renew(struct broker *broker, size_t max)
{
	struct renewal *renewal = calloc(1, sizeof(*renewal) + max * sizeof(renewal->permits[0]));
	struct ledger_reservation *all = calloc(max, sizeof(*all));
	struct lease *lease;
	int r;

	if (!renewal || !all) {
		free(renewal);
		free(all);
		return -ENOMEM;
	}
	renewal->broker = broker;
	list_for_each (lease, &broker->leases, list) {
		if (lease->state != LEASE_RUNNING)
			continue;
		measure(lease, &all[renewal->n]);
		/* It keeps the permit that it has, and no other has to wait for it. */
		if (!ledger_reservation_valid(&all[renewal->n]))
			continue;
		lease->reserved = all[renewal->n].frames_high;
		renewal->permits[renewal->n].lease = lease->id;
		renewal->permits[renewal->n].frames = all[renewal->n].frames_high;
		renewal->n++;
	}
	r = ledger_reserve(broker->store, all, renewal->n, on_reserved, renewal);
	if (r < 0)
		free(renewal);
	return r;
}

/* Who counts wrongly is not to be trusted with another frame; the row will say [0, exposed]. */
static void end_liars(struct broker *broker)
{
	struct lease *lease, *next;

	list_for_each_safe (lease, next, &broker->leases, list) {
		if (lease->state != LEASE_RUNNING || !lease_count_lies(lease))
			continue;
		lease->overdrawn = true;
		event_log(LOG_ERR, EVENT_COUNT_FALSE,
			  &(struct event_about){.camera = lease->camera->name,
						.client = lease->client,
						.peer = lease->peer_text,
						.reason = REASON_FALSE,
						.lease = lease->id},
			  "lease %lu of %s at %s for %s is ended: what is said to have been sent"
			  " cannot be; whoever serves it is not to be trusted",
			  (unsigned long)lease->id, lease->client, lease->peer_text,
			  lease->camera->name);
		lease_end(lease, REASON_FALSE);
	}
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	struct broker *broker = userdata;
	struct reserve *reserve = &broker->reserve;
	size_t n;

	end_liars(broker);
	n = count_running(broker);
	if (!n)
		return 0;
	arm(broker);
	if (!reserve->running) {
		int r = renew(broker, n);

		reserve->running = r == 0;
		if (r < 0)
			told(broker, r);
	}
	return 0;
}

void reserve_begin(struct broker *broker)
{
	int enabled;

	if (sd_event_source_get_enabled(broker->reserve.timer, &enabled) <= 0)
		arm(broker);
}

int reserve_open(struct broker *broker)
{
	sd_event_source **timer = &broker->reserve.timer;
	int r = sd_event_add_time(broker->event, timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY,
				  on_timer, broker);

	if (r >= 0)
		r = sd_event_source_set_enabled(*timer, SD_EVENT_OFF);
	return r < 0 ? r : sd_event_source_set_priority(*timer, BROKER_PRIORITY_STORE);
}

void reserve_close(struct broker *broker)
{
	broker->reserve.timer = sd_event_source_disable_unref(broker->reserve.timer);
}
