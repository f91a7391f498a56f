// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults on purpose, to prove that what must notice them does: only in builds with -Dfaults=true,
 * which cannot be installed. CAMWARD_FAULT in the environment names the one to make:
 *
 *	ring    a lease is granted with the ring of another camera
 *	epoch   ... with the ring of the camera's epoch before
 *	lease   ... but the answer goes to another session that waits for one
 *	switch  a lease that changes its stream is handed the ring of another camera
 *	key     a camera seals with the key of its first epoch for ever
 *
 * The rooms that make them have a fault.h of their own, whose functions are nothing otherwise.
 */
#pragma once

#include <stdbool.h>

#ifdef CAMWARD_FAULTS
/* Whether this one is to be made. */
bool fault_chosen(const char *name);
/* Says at the start of a program that it is not to be trusted. */
void fault_announce(void);
#else
static inline void fault_announce(void)
{
}
#endif
