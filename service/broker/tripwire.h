// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What happens when a session finds that the ring it was handed is not of the camera, epoch or
 * stream that was asked for and granted. It should never happen, and means that something here is
 * broken: the lease is ended, the camera suspended until an administrator has looked, and that is
 * told: in the ledger, on the bus, in the log.
 */
#pragma once

struct lease;

/* The lease is gone afterwards. */
void tripwire_fired(struct lease *lease);
