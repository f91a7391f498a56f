// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Has the server's certificate issued anew when the machine's addresses change, or its end comes
 * near: with the same key, which is what viewers pin, for the connections to come; those that are
 * there go on. The host's name is the one of the start: systemd keeps a later one from this process
 * (ProtectHostname=).
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/clock.h"

#define REISSUE_INTERVAL (3600 * USEC_PER_SEC)
/* After news: more is to come, and while the addresses are read some may be passed over. */
#define REISSUE_PAUSE (1 * USEC_PER_SEC)
#define REISSUE_LOOKS 2

struct broker;

struct reissue {
	sd_event_source *timer, *news;
	unsigned looks; /* that are left after news */
};

int reissue_open(struct broker *broker);
void reissue_close(struct broker *broker);
