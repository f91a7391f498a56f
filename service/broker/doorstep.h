// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where a camera's process waits that has not been let in: its link stays open, unread, and it is
 * looked at anew every DOORSTEP_INTERVAL, until it is let in or leaves. So nothing has to be
 * plugged in or started again once the cause has gone, and nothing runs in circles meanwhile.
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/clock.h"

#define DOORSTEP_INTERVAL (1 * USEC_PER_SEC)

struct admission;
struct broker;
struct doorstep;

/* look: asked whether it may come in now; 0 takes the link, anything else leaves it here. */
int doorstep_new(struct broker *broker, int (*look)(struct broker *, struct admission *),
		 struct doorstep **ret);
struct doorstep *doorstep_free(struct doorstep *d);

/* A new process for this camera, or none: whoever waited as it is sent away. */
void doorstep_clear(struct doorstep *d, const char *name);
/* Takes the link, as look() has just left it. */
int doorstep_wait(struct doorstep *d, const struct admission *admission);
