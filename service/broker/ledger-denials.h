// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Denials on their way into the ledger, coalesced so that nobody can fill the disk by asking: at
 * most one row per client, camera and reason within LEDGER_DENIED_WINDOW, and only so many of
 * these at a time. Belongs to the store's thread.
 */
#pragma once

#include "broker/db.h"
#include "broker/ledger.h"

#define LEDGER_DENIALS_MAX        256
#define LEDGER_DENIALS_PER_CLIENT 16

struct ledger_denial {
	struct ledger_event event; /* the latest of them */
	uint64_t count;            /* not written yet */
	uint64_t since;            /* us, CLOCK_REALTIME: the first of these */
	uint64_t due;              /* us, CLOCK_MONOTONIC: when to write, or to forget if none */
};

struct ledger_denials {
	size_t n;
	struct ledger_denial entries[LEDGER_DENIALS_MAX];
};

/* Counts one. A client with too many entries loses the camera's name and the reason's detail;
 * when there are too many altogether, all share one entry, without a client's name. */
void ledger_denials_add(struct ledger_denials *denials, const struct ledger_event *event,
			uint64_t now);

/* When something is due: us, CLOCK_MONOTONIC; UINT64_MAX: never. */
uint64_t ledger_denials_due(const struct ledger_denials *denials);

/* Writes those that are due, within the caller's transaction; nothing is forgotten before
 * ledger_denials_written says that the same moment's rows are durable. */
int ledger_denials_write(const struct ledger_denials *denials, sqlite3 *db, uint64_t run,
			 uint64_t now);
void ledger_denials_written(struct ledger_denials *denials, uint64_t now);

/* They could not be written: later, then. */
void ledger_denials_postpone(struct ledger_denials *denials, uint64_t now);
