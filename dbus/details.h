// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a call is about, for the question to polkit: who and what is named, and which client,
 * integration, camera or grant that is just now. Two readings of one call that differ mean that
 * something else has taken the name meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "base/parse.h"

struct bus;

/* "" and 0: nothing of the kind. */
struct details {
	char client[NAME_SIZE], integration[NAME_SIZE], camera[NAME_SIZE];
	uint64_t client_created, integration_created;
	uint8_t camera_uuid[UUID_SIZE];
};

/* Reads the call from its beginning and leaves it there. What does not exist, or is no name, is
 * left to the method. Returns negative if the arguments cannot be read. */
typedef int (*details_read)(const struct bus *bus, sd_bus_message *call, struct details *ret);

/* Nothing that could change. */
int details_of_nothing(const struct bus *bus, sd_bus_message *call, struct details *ret);
int details_of_client(const struct bus *bus, sd_bus_message *call, struct details *ret);
int details_of_integration(const struct bus *bus, sd_bus_message *call, struct details *ret);
int details_of_integration_object(const struct bus *bus, sd_bus_message *call, struct details *ret);
/* Client.Move: the client and where it goes. */
int details_of_move(const struct bus *bus, sd_bus_message *call, struct details *ret);
int details_of_client_and_camera(const struct bus *bus, sd_bus_message *call, struct details *ret);
/* kind and name, as Suspend has them. */
int details_of_scope(const struct bus *bus, sd_bus_message *call, struct details *ret);
int details_of_camera_object(const struct bus *bus, sd_bus_message *call, struct details *ret);
int details_of_client_object(const struct bus *bus, sd_bus_message *call, struct details *ret);
int details_of_grant_object(const struct bus *bus, sd_bus_message *call, struct details *ret);
int details_of_lease_object(const struct bus *bus, sd_bus_message *call, struct details *ret);

/* Whether what `now` names is not what `then` named; what has gone is not something else. */
bool details_changed(const struct details *then, const struct details *now);
