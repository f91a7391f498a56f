// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Running leases are decided anew whenever the answer may have changed: at each change of policy
 * (redecide_all by whoever changed it), at the time that a verdict itself named, and when somebody
 * sets the clock or the time zone.
 *
 * Of leases that run by a grant with a limit in number, those on their way out do not count.
 */
#pragma once

#include <systemd/sd-event.h>

#include "broker/policy-decide.h"
#include "broker/subscription.h"
#include "proto/limits.h"

struct broker;
struct lease;

struct redecide {
	sd_event_source *timer; /* CLOCK_REALTIME, at the earliest ask_again */
	sd_event_source *clock_set;
	sd_event_source *zone_set;
	sd_event_source *zone_file; /* NULL: there is none */
	int clock_fd;
	/* The grants of the leases that count: for one decision after the other. */
	uint64_t held[PROTO_CONNECTIONS_MAX + PROTO_CONNECTIONS_SPARE + SUBSCRIPTIONS_MAX];
};

/* Watches the clock and the time zone. The errors of sd-event, timerfd and inotify: without them
 * access could outlast its time, so the broker does not start. */
int redecide_open(struct broker *broker);
void redecide_close(struct broker *broker);

/* About a lease that is to be opened; what it takes from the present is filled in. */
struct policy_verdict redecide_opening(struct broker *broker, struct policy_request *request);

/* About one that runs, as it is. */
struct policy_verdict redecide_lease(struct broker *broker, const struct lease *lease);
/* About one that runs, as if it had begun with this stream. */
struct policy_verdict redecide_switch(struct broker *broker, const struct lease *lease,
				      uint32_t stream);

/* A verdict about a lease that is about to run names this time (us, CLOCK_REALTIME; 0: none). */
void redecide_by(struct broker *broker, uint64_t when);

/* Ends every lease that is no longer permitted, before it returns; says how many. */
unsigned redecide_all(struct broker *broker);
