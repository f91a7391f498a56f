// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reservations (ledger.h): how many frames each running lease may begin. They are renewed for all
 * leases at once, in one transaction; when it is durable the permits are raised. While the disk
 * stalls there is no second one on its way, and the permits stay: viewers get no frame that a power
 * cut could hide, until the disk is back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/clock.h"

#define RESERVE_AHEAD    (5 * USEC_PER_SEC)
#define RESERVE_INTERVAL (RESERVE_AHEAD / 2)
/* What a session can have behind it when it begins or resumes: MaxFrameAge (session/delivery.h). */
#define RESERVE_BACKLOG     (2 * USEC_PER_SEC)
#define RESERVE_FPS_UNKNOWN 60 /* of a camera that does not say */

struct broker;
struct camera;

struct reserve {
	sd_event_source *timer;
	bool running; /* a renewal is on its way to the disk */
	bool failed;  /* the last one; that has been told */
};

int reserve_open(struct broker *broker);
void reserve_close(struct broker *broker);

/* How many frames a lease of this camera may need until the next renewal but one. */
uint64_t reserve_frames(const struct camera *camera);

/* A lease runs: the timer does, too. */
void reserve_begin(struct broker *broker);
