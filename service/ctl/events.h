// SPDX-License-Identifier: LGPL-2.1-or-later
/* What changes at the service, as events with a sentence. Properties are those of the bus. */
#pragma once

#include "ctl/watch.h"

/* An object with this interface has come, or is gone. */
void events_added(struct watch *watch, const char *interface, const struct json_object *properties);
void events_removed(struct watch *watch, const char *interface,
		    const struct json_object *properties);

/* Some properties have changed; `before` and `now` hold all of them. */
void events_changed(struct watch *watch, const char *interface, const struct json_object *before,
		    const struct json_object *now);

/* The manager's signals. Return -errno if the message cannot be read. */
int events_lease_ended(struct watch *watch, sd_bus_message *m);
int events_denied(struct watch *watch, sd_bus_message *m);
/* A camera's signal, likewise. */
int events_tripwire(struct watch *watch, sd_bus_message *m);
