// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Denials that the disk did not take. They are in force, but a restart would forget them: so the
 * disk is brought up to the memory, again and again until it succeeds, and once more when the
 * broker ends. What is written is not the single denial but what memory says at that time, so that
 * a permission given meanwhile is not undone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/clock.h"

#define CATCH_UP_DELAY_FIRST (1 * USEC_PER_SEC)
#define CATCH_UP_DELAY_MAX   (60 * USEC_PER_SEC)

struct broker;

struct catch_up {
	sd_event_source *timer;
	uint64_t delay;   /* us, to the next try */
	bool needed;      /* the disk lacks a denial */
	unsigned running; /* jobs of a try that are in the store's queue */
	int error;        /* of these, the first */
};

int catch_up_open(struct broker *broker);
/* While the store still takes jobs: a last try, whose outcome comes by the store's end. */
void catch_up_last(struct broker *broker);
void catch_up_close(struct broker *broker);

/* To be called when a denial could not be written. */
void catch_up_ask(struct broker *broker, int error);
