// SPDX-License-Identifier: LGPL-2.1-or-later
/* Camera.Subscribe: local subscribers (broker/subscription.h), which end when their caller leaves
 * the bus. */
#pragma once

#include "dbus/objects.h"

/* The method, of the camera with this name, whether there is one or not. */
int subscribe(struct bus *bus, const char *camera, uid_t uid, sd_bus_message *call,
	      sd_bus_error *error);

/* Whether the message that is being handled calls it: it has to be answered for every name, so that
 * what does not exist is not told from what is not granted. */
bool subscribe_is_called(sd_bus *bus);

/* A lease has ended. */
void subscribe_lease_ended(const struct lease *lease);
