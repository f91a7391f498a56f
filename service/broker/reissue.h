// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Has the server's certificate issued anew when the machine's addresses or its host's name change,
 * when its end comes near, or when the clock is set, by which it may have ended long ago: with the
 * same key, which is what viewers pin, for the connections to come; those that are there go on.
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/clock.h"
#include "broker/tls-names.h"

#define REISSUE_INTERVAL (3600 * USEC_PER_SEC)
/* After news: more is to come, and while the addresses are read some may be passed over. */
#define REISSUE_PAUSE (1 * USEC_PER_SEC)
#define REISSUE_LOOKS 2

struct broker;

struct reissue {
	sd_event_source *timer, *addresses, *host_name;
	char host[TLS_NAME_TEXT_SIZE]; /* its name at the last look */
	unsigned looks;                /* that are left after news */
};

int reissue_open(struct broker *broker);
/* There is news: looks within a moment. */
int reissue_soon(struct broker *broker);
void reissue_close(struct broker *broker);
