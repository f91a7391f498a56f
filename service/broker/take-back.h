// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Takes memory back from a local subscriber (base/memfd.h). That nothing more is written into it
 * holds when take_back() returns. That what stood there is gone does, too, unless it was mapped so
 * often that the kernel has to work for it: that goes on by itself, in a thread of its own, while
 * the broker, who has others to cut off, waits for all of a TAKE_BACK_PERIOD together no longer
 * than TAKE_BACK_PATIENCE, and for none while another is at work. One thread calls it.
 */
#pragma once

#include "base/clock.h"

#define TAKE_BACK_PATIENCE (20 * USEC_PER_MSEC)
#define TAKE_BACK_PERIOD   (1 * USEC_PER_SEC)

/* fd stays the caller's. */
void take_back(int fd);

/* How many are not done. */
unsigned take_back_running(void);
