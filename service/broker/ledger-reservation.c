// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-reservation.h"

#include <stdio.h>

int ledger_reservation_add(sqlite3 *db, const struct ledger_event *e)
{
	int r = db_run(db,
		       "INSERT INTO reservations(lease, opened, grant_id, client, integration,"
		       " camera, camera_uuid, right, stream, protocol, epoch, address, port, done,"
		       " frames_low, frames_high)"
		       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)",
		       "iiittt"
		       "biiiibii",
		       e->lease, e->realtime, e->grant, e->client, e->integration, e->camera,
		       e->camera_uuid, sizeof(e->camera_uuid), (uint64_t)e->right,
		       (uint64_t)e->stream, (uint64_t)e->protocol, e->epoch, e->peer,
		       sizeof(e->peer), (uint64_t)e->port, e->reserved);

	return r < 0 ? r : 0;
}

int ledger_reservation_renew(sqlite3 *db, const struct ledger_reservation *one)
{
	int r = db_run(db,
		       "UPDATE reservations SET done = ?, frames_low = ?, frames_high = ?,"
		       " first_sequence = ?, last_sequence = ?, exposed_first = ? WHERE lease = ?",
		       "iiiiiii", one->done, one->frames_low, one->frames_high, one->first_sequence,
		       one->last_sequence, one->exposed_first, one->lease);

	return r < 0 ? r : 0;
}

int ledger_reservation_end(sqlite3 *db, uint64_t lease, uint64_t *ret_opened)
{
	return db_get(db, ret_opened, "DELETE FROM reservations WHERE lease = ? RETURNING opened",
		      "i", lease);
}

int ledger_reservation_adopt(sqlite3 *db)
{
	return db_exec(db,
		       "INSERT INTO reservations"
		       " SELECT lease, realtime, coalesce(grant_id, 0), client,"
		       "  coalesce(integration, ''), camera, camera_uuid, right, stream, protocol,"
		       "  epoch, coalesce(address, peer), coalesce(p.port, e.port),"
		       "  0, 0, NULL, NULL, NULL, NULL"
		       " FROM events AS e LEFT JOIN peers AS p USING (seq) WHERE kind = 1"
		       " AND NOT EXISTS (SELECT 1 FROM events AS c"
		       "  WHERE c.lease = e.lease AND c.kind = 2)"
		       " AND lease NOT IN (SELECT lease FROM reservations)");
}

enum column {
	LEASE,
	GRANT,
	CLIENT,
	INTEGRATION,
	CAMERA,
	CAMERA_UUID,
	RIGHT,
	STREAM,
	PROTOCOL,
	EPOCH,
	ADDRESS,
	PORT,
	DONE,
	FRAMES_LOW,
	FRAMES_HIGH,
	FIRST_SEQUENCE,
	LAST_SEQUENCE,
	EXPOSED_FIRST,
};

static int read_who(sqlite3_stmt *s, struct ledger_event *ret)
{
	int r;

	ret->lease = db_column(s, LEASE);
	ret->grant = db_column(s, GRANT);
	ret->right = (uint32_t)db_column(s, RIGHT);
	ret->stream = (uint32_t)db_column(s, STREAM);
	ret->protocol = (uint32_t)db_column(s, PROTOCOL);
	ret->epoch = db_column(s, EPOCH);
	ret->port = (uint16_t)db_column(s, PORT);
	r = db_column_text(s, CLIENT, ret->client, sizeof(ret->client));
	if (r == 0)
		r = db_column_text(s, INTEGRATION, ret->integration, sizeof(ret->integration));
	if (r == 0)
		r = db_column_text(s, CAMERA, ret->camera, sizeof(ret->camera));
	if (r == 0)
		r = db_column_blob(s, CAMERA_UUID, ret->camera_uuid, sizeof(ret->camera_uuid));
	return r < 0 ? r : db_column_blob(s, ADDRESS, ret->peer, sizeof(ret->peer));
}

/* From what was received for certain to what may have been sent. */
static void read_how_much(sqlite3_stmt *s, struct ledger_event *ret)
{
	ret->delivered = ret->offered = db_column(s, DONE);
	ret->frames_low = db_column(s, FRAMES_LOW);
	ret->frames_high = sqlite3_column_type(s, FRAMES_HIGH) == SQLITE_NULL
				   ? LEDGER_UNKNOWN
				   : db_column(s, FRAMES_HIGH);
	ret->first_sequence = db_column(s, FIRST_SEQUENCE);
	ret->last_sequence = db_column(s, LAST_SEQUENCE);
	ret->exposed_first = db_column(s, EXPOSED_FIRST);
	ret->uncertain = true;
}

int ledger_reservation_next(sqlite3 *db, struct ledger_event *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = db_prepare(
		db, &statement,
		"SELECT lease, grant_id, client, integration, camera, camera_uuid, right,"
		" stream, protocol, epoch, address, port, done, frames_low, frames_high,"
		" first_sequence, last_sequence, exposed_first FROM reservations"
		" ORDER BY lease LIMIT 1",
		"");

	if (r == 0)
		r = db_step(statement);
	if (r <= 0)
		return r;
	*ret = (struct ledger_event){0};
	r = read_who(statement, ret);
	if (r < 0)
		return r;
	read_how_much(statement, ret);
	return 1;
}
