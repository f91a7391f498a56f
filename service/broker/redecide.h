// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Running leases are decided anew whenever the answer may have changed: at each change of policy
 * (redecide_all by whoever changed it), at the time that a verdict itself named, and when somebody
 * sets the clock.
 */
#pragma once

#include <systemd/sd-event.h>

#include "broker/policy-decide.h"

struct broker;
struct lease;

struct redecide {
	sd_event_source *timer; /* CLOCK_REALTIME, at the earliest ask_again */
	sd_event_source *clock_set;
	int clock_fd;
};

int redecide_open(struct broker *broker);
void redecide_close(struct broker *broker);

struct policy_verdict redecide_lease(const struct broker *broker, const struct lease *lease);

/* A verdict about a lease that is about to run names this time (0: none). */
void redecide_by(struct broker *broker, uint64_t when);

/* Ends every lease that is no longer permitted, before it returns; says how many. */
unsigned redecide_all(struct broker *broker);
