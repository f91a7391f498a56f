// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leases that have ended and whose CLOSED row is not on the disk yet. First it lacks the camera's
 * word of how far they could see, which comes within moments and is not waited for any longer than
 * CLOSING_TIMEOUT. Then the disk has to take it: while it does not, being full, it is tried again
 * and again. If the broker dies meanwhile the reservation says the same less exactly.
 *
 * So do the SWITCHED rows of running leases. A lease's rows are written in their order, and it does
 * not switch again while the disk refuses one.
 */
#pragma once

#include "base/clock.h"
#include "broker/exposure.h"
#include "broker/ledger.h"

#define CLOSING_TIMEOUT     (500 * USEC_PER_MSEC)
#define CLOSING_DELAY_FIRST (1 * USEC_PER_SEC)
#define CLOSING_DELAY_MAX   (60 * USEC_PER_SEC)

struct broker;
struct camera;

/* The row of a lease that is about to go. camera: NULL if it has never told it anything. */
void closing_add(struct broker *broker, const struct ledger_event *event,
		 const struct exposure *exposure, const struct camera *camera);

/* The row of a lease that goes on with event->stream. */
void closing_add_switch(struct broker *broker, const struct ledger_event *event);
/* Whether the disk has refused a SWITCHED row of this lease, and has not taken it yet. */
bool closing_is_behind(const struct broker *broker, uint64_t lease);

/* A camera's word about a lease that has gone; it has none about those of other cameras. */
void closing_exposed(const struct camera *camera, const struct camera_sequence *m);

/* Writes all that are left as they are; the store has to be closed then, which ends them. */
void closing_end(struct broker *broker);
