// SPDX-License-Identifier: LGPL-2.1-or-later
/* Clients as more than one verb makes them. */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

struct ctl;

/*
 * Has the service make a client. integration: NULL: none; expires: of its token, us,
 * CLOCK_REALTIME, 0: never. *ret_token points into *ret_reply, which is the caller's and erased
 * when it is freed. Returns 0 or, having said what went wrong, the exit status.
 */
int clients_make(struct ctl *ctl, const char *name, const char *integration, uint64_t expires,
		 sd_bus_message **ret_reply, const char **ret_token);
