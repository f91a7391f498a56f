// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Intake by listening sockets, as a service: systemd gives them (units/camward.socket), and
 * whoever connects is what its unit says (sd_peer_get_unit). Anybody else is refused and logged.
 * What breaks it: ProtectProc=invisible and PrivateUsers on the broker's own unit.
 */
#pragma once

#include <systemd/sd-event.h>

struct broker;
struct intake_unit;

/* Those that LISTEN_FDS gives; *ret is NULL when there are none. Errors: -EPROTOTYPE (a socket that
 * is none of ours), others of the loop. */
int intake_unit_open(struct broker *broker, struct intake_unit **ret);
struct intake_unit *intake_unit_free(struct intake_unit *intake);
