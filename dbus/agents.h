// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The broker's agent (broker/agent.h) on the bus: whoever has called RegisterAgent, until it takes
 * that back or leaves the bus.
 */
#pragma once

#include <systemd/sd-bus.h>

struct agents;
struct bus;

int agents_open(struct bus *bus, struct agents **ret);
/* The broker's leases are gone by then. */
void agents_close(struct agents *agents);

/* path: of the caller's object. -EBUSY: another one is asked already. */
int agents_register(struct agents *agents, sd_bus_message *call, const char *path);
/* How many leases that ended; -ENOENT: the caller is not the agent. */
int agents_unregister(struct agents *agents, sd_bus_message *call);
