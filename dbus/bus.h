// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The service on the system bus. The broker does not know it: it is told what to do through
 * broker/control.h and tells what happens through broker/observer.h.
 */
#pragma once

#include "base/cleanup.h"
#include "broker/broker.h"

struct bus;

/*
 * Connects (DBUS_SYSTEM_BUS_ADDRESS is honoured), registers all objects, becomes the broker's
 * observer and then takes the name. A bus that is lost ends the loop with EXIT_FAILURE.
 * Errors: -EEXIST (the name is taken), those of the connection.
 */
int bus_open(struct broker *broker, struct bus **ret);

/* Sends what is queued; the broker has no observer afterwards. */
void bus_close(struct bus *bus);
DEFINE_CLEANUP(struct bus *, bus_close)

/* A sentence about an error of bus_open. */
const char *bus_open_error_text(int error);
