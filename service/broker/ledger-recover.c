// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "broker/ledger-append.h"
#include "broker/ledger-peer.h"
#include "broker/ledger-row.h"

/* The reservation's columns stand behind those of its OPENED row. */
enum reserved_column {
	RESERVED_DONE = LEDGER_N_COLUMNS,
	RESERVED_FRAMES_LOW,
	RESERVED_FRAMES_HIGH,
	RESERVED_FIRST_SEQUENCE,
	RESERVED_LAST_SEQUENCE,
	RESERVED_EXPOSED_FIRST,
	RESERVED_IS_UNKNOWN,
};

/* Who and what: of the OPENED row that the statement stands at. */
static int read_opened(sqlite3_stmt *statement, struct ledger_event *event)
{
	int r;

	*event = (struct ledger_event){
		.lease = db_column(statement, LEDGER_COLUMN_LEASE),
		.grant = db_column(statement, LEDGER_COLUMN_GRANT),
		.right = (uint32_t)db_column(statement, LEDGER_COLUMN_RIGHT),
		.stream = (uint32_t)db_column(statement, LEDGER_COLUMN_STREAM),
		.protocol = (uint32_t)db_column(statement, LEDGER_COLUMN_PROTOCOL),
		.port = (uint16_t)db_column(statement, LEDGER_COLUMN_PORT),
		.epoch = db_column(statement, LEDGER_COLUMN_EPOCH),
		.uncertain = true,
	};
	r = db_column_text(statement, LEDGER_COLUMN_CLIENT, event->client, sizeof(event->client));
	if (r == 0)
		r = db_column_text(statement, LEDGER_COLUMN_CAMERA, event->camera,
				   sizeof(event->camera));
	if (r == 0)
		r = db_column_blob(statement, LEDGER_COLUMN_CAMERA_UUID, event->camera_uuid,
				   sizeof(event->camera_uuid));
	if (r == 0)
		r = db_column_text(statement, LEDGER_COLUMN_INTEGRATION, event->integration,
				   sizeof(event->integration));
	/* As it stands in rows of before version 5. */
	if (r == 0)
		r = db_column_blob(statement, LEDGER_COLUMN_PEER, event->peer, sizeof(event->peer));
	return r;
}

/* How much: from what was received for certain to what may have been sent. */
static void read_reserved(sqlite3_stmt *statement, struct ledger_event *event)
{
	event->delivered = event->offered = db_column(statement, RESERVED_DONE);
	event->frames_low = db_column(statement, RESERVED_FRAMES_LOW);
	event->frames_high = db_column(statement, RESERVED_IS_UNKNOWN)
				     ? LEDGER_UNKNOWN
				     : db_column(statement, RESERVED_FRAMES_HIGH);
	event->first_sequence = db_column(statement, RESERVED_FIRST_SEQUENCE);
	event->last_sequence = db_column(statement, RESERVED_LAST_SEQUENCE);
	event->exposed_first = db_column(statement, RESERVED_EXPOSED_FIRST);
}

/* 1: there was one to close. */
static int recover_one(sqlite3 *db, uint64_t run, const char *reason)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	struct ledger_event event;
	int r = db_prepare(db, &statement,
			   "SELECT events.*, done, r.frames_low, r.frames_high, r.first_sequence,"
			   " r.last_sequence, r.exposed_first, r.frames_high IS NULL"
			   " FROM reservations AS r JOIN events ON seq = opened"
			   " ORDER BY r.lease LIMIT 1",
			   "");

	if (r == 0)
		r = db_step(statement);
	if (r <= 0)
		return r;
	r = read_opened(statement, &event);
	read_reserved(statement, &event);
	if (r == 0)
		r = ledger_peer_find(db, db_column(statement, LEDGER_COLUMN_SEQ), &event);
	sqlite3_reset(statement);
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	ledger_event_stamp(&event);
	if (r == 0)
		r = ledger_append(db, run, LEDGER_CLOSED, &event);
	return r < 0 ? r : 1;
}

int ledger_recover(sqlite3 *db, uint64_t run, const char *reason)
{
	int r;

	do
		r = recover_one(db, run, reason);
	while (r > 0);
	return r;
}
