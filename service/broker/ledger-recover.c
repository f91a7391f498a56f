// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "broker/ledger-append.h"
#include "broker/ledger-reservation.h"

/* 1: there was one to close. */
static int recover_one(sqlite3 *db, uint64_t run, const char *reason)
{
	struct ledger_event event;
	int r = ledger_reservation_next(db, &event);

	if (r <= 0)
		return r;
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	ledger_event_stamp(&event);
	r = ledger_append(db, run, LEDGER_CLOSED, &event);
	return r < 0 ? r : 1;
}

int ledger_recover(sqlite3 *db, uint64_t run, const char *reason)
{
	int r = ledger_reservation_adopt(db);

	while (r == 0 && (r = recover_one(db, run, reason)) > 0)
		r = 0;
	return r;
}
