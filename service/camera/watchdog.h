// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tells systemd that the loop still turns (WatchdogSec= of the unit), as sd_event_set_watchdog()
 * does, but through a socket that is opened once: a confined process opens none.
 */
#pragma once

#include <systemd/sd-event.h>

struct watchdog;

/* Before confine(). *ret is NULL where nobody watches. */
int watchdog_new(sd_event *event, struct watchdog **ret);
struct watchdog *watchdog_free(struct watchdog *w);

static inline void watchdog_freep(struct watchdog **w)
{
	watchdog_free(*w);
}
