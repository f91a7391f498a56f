// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is left to the process once it is set up: its link, its ring, and its devices: the camera
 * and the converter and encoder that its pictures go to, and what lends these memory. No other
 * file, no new socket, no other process, no new program.
 */
#pragma once

#include <stdbool.h>

#define CONFINE_NODES_MAX 6

/*
 * Settles which files remain. nodes: those that may be opened at each START, followed through
 * symbolic links now (a node that appears anew later is another one); NULL among them: none.
 * Before the broker is spoken to, which then looks whether the camera's device is still the one
 * that has its name. *ret: for confine(), the caller's; -EBADF: this kernel has no Landlock.
 * Errors: those of base/sandbox.h, after a line in the log.
 */
int confine_settle(const char *const nodes[], unsigned int n, int *ret);

/* For good. Errors as above. */
int confine(int settled, bool devices);
