// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every hour: what is older than camward.conf's [ledger] says is removed from the ledger, and the
 * ledger's head is signed and told to the journal if it has moved. Whoever keeps a head elsewhere
 * can see later that the whole database was rolled back: nobody can see that from within.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "broker/ledger-prune.h"

#define RETENTION_INTERVAL (3600 * USEC_PER_SEC)

struct broker;

struct retention {
	sd_event_source *timer;
	bool running;
	uint64_t events_before, addresses_before; /* us, CLOCK_REALTIME; 0: nothing goes */
	struct ledger_chain_point point;
	uint64_t n_erased;
	struct ledger_ends ends;
	uint64_t told; /* the head's number that the journal knows */
};

int retention_open(struct broker *broker);
void retention_close(struct broker *broker);
