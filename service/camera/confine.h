// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is left to the process once it is set up: its link, its ring, and its one device. No other
 * file, no new socket, no other process, no new program.
 */
#pragma once

#include <stdbool.h>

/*
 * Settles which files remain. device: the node that may be opened at each START, followed through
 * symbolic links now (a node that appears anew later is another one); NULL: the source needs none.
 * Before the broker is spoken to, which then looks whether the camera's device is still the one
 * that has its name. *ret: for confine(), the caller's; -EBADF: this kernel has no Landlock.
 * Errors: those of base/sandbox.h, after a line in the log.
 */
int confine_settle(const char *device, int *ret);

/* For good. Errors as above. */
int confine(int settled, bool device);
