// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is left to the process once it is set up: its link, its ring, and its one device. No other
 * file, no new socket, no other process, no new program.
 */
#pragma once

/*
 * For good. device: the node that it may open at each START, followed through symbolic links now
 * (a node that appears anew later is another one); NULL: the source needs none any more.
 * Errors: those of base/sandbox.h, after a line in the log.
 */
int confine(const char *device);
