// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Refusals of authenticated clients, for the ledger, the log and whoever watches the bus. A flood
 * of them says the same thing once a minute, and never more than DENIALS_MAX things a minute.
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"
#include "broker/ledger.h"

#define DENIALS_MAX    32
#define DENIALS_WINDOW (60 * USEC_PER_SEC)

struct broker;

struct denials {
	struct {
		char client[NAME_SIZE], camera[NAME_SIZE];
		char reason[LEDGER_REASON_SIZE];
		uint64_t when; /* us, CLOCK_MONOTONIC; 0: free */
	} recent[DENIALS_MAX];
};

/* event: who, what, from where, why. peer: for people. */
void denial_report(struct broker *broker, const struct ledger_event *event, const char *peer);
