// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table `reservations`: one row a running lease, outside the chain, with all that its CLOSED
 * row needs if the broker should die. It refers to no event: what is old may go from the ledger
 * while the lease runs on. Within the caller's transaction.
 */
#pragma once

#include "broker/db.h"
#include "broker/ledger.h"

/* As its OPENED row is written. -EEXIST. */
int ledger_reservation_add(sqlite3 *db, const struct ledger_event *opened);

/* A lease that was closed meanwhile has none, and that is no error. */
int ledger_reservation_renew(sqlite3 *db, const struct ledger_reservation *r);

/* As its CLOSED row is written. ret_opened: us, CLOCK_REALTIME. -ENOENT: it is not open. */
int ledger_reservation_end(sqlite3 *db, uint64_t lease, uint64_t *ret_opened);

/* OPENED rows that have neither CLOSED nor reservation, which nobody but who meddled with the
 * database can bring about: they get one that knows nothing. */
int ledger_reservation_adopt(sqlite3 *db);

/* Any that is there, as a CLOSED row but for its reason. 1; 0: there is none. */
int ledger_reservation_next(sqlite3 *db, struct ledger_event *ret);
