// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sets of rights (proto/rights.h) as the bus has them: "as", the names of dbus/names.h. Errors:
 * sd-bus's. */
#pragma once

#include <systemd/sd-bus.h>

#include "proto/rights.h"

/* An unknown or repeated one makes the set 0, which no grant takes. */
int rights_read(sd_bus_message *m, uint32_t *ret);
int rights_append(sd_bus_message *m, uint32_t rights);
/* Of a single right, a constant; "": of none, or more than one. */
const char *rights_text(uint32_t right);
