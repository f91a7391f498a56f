// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-append.h"

#include <assert.h>

#include "base/clock.h"
#include "broker/ledger-peer.h"
#include "broker/ledger-reservation.h"
#include "broker/ledger-row.h"

void ledger_event_stamp(struct ledger_event *event)
{
	if (!event->realtime)
		event->realtime = clock_realtime();
	if (!event->boottime)
		event->boottime = clock_now(CLOCK_BOOTTIME);
}

int ledger_head(sqlite3 *db, uint64_t *seq, uint8_t hash[LEDGER_HASH_SIZE])
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	/* Pruning may have left nothing but its anchor. */
	int r = db_prepare(db, &statement,
			   "SELECT seq, hash FROM (SELECT * FROM (SELECT seq, hash FROM events"
			   " ORDER BY seq DESC LIMIT 1) UNION ALL SELECT * FROM (SELECT seq, hash"
			   " FROM anchors ORDER BY seq DESC LIMIT 1)) ORDER BY seq DESC LIMIT 1",
			   "");

	if (r == 0)
		r = db_step(statement);
	*seq = 0;
	memset(hash, 0, LEDGER_HASH_SIZE);
	if (r <= 0)
		return r;
	*seq = db_column(statement, 0);
	return db_column_blob(statement, 1, hash, LEDGER_HASH_SIZE);
}

static int bind_value(sqlite3_stmt *statement, int i, const struct ledger_chain_value *value)
{
	switch (value->type) {
	case 'i':
		return sqlite3_bind_int64(statement, i, value->integer);
	case 't':
		return sqlite3_bind_text64(statement, i, value->bytes, value->size, SQLITE_STATIC,
					   SQLITE_UTF8);
	case 'b':
		return sqlite3_bind_blob64(statement, i, value->bytes, value->size, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(statement, i);
	}
}

static int insert(sqlite3 *db, const struct ledger_row *row)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	static_assert(LEDGER_N_COLUMNS == 38, "as many as there are question marks");
	int r = db_prepare(db, &statement,
			   "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
			   "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			   "");

	for (int i = 0; r == 0 && i < LEDGER_N_COLUMNS; i++)
		r = db_errno(db, bind_value(statement, i + 1, &row->values[i]));
	return r < 0 ? r : db_step(statement);
}

static int append(sqlite3 *db, struct ledger_context *context, const struct ledger_event *event)
{
	uint8_t before[LEDGER_HASH_SIZE], hash[LEDGER_HASH_SIZE];
	struct ledger_peer peer;
	struct ledger_row row;
	int has_peer = ledger_peer_make(event, &peer);
	int r = has_peer < 0 ? has_peer : ledger_head(db, &context->seq, before);

	if (r < 0)
		return r;
	context->seq++;
	context->peer_hash = has_peer ? peer.hash : NULL;
	r = ledger_row_make(context, event, &row);
	if (r < 0)
		return r;
	ledger_row_hash(&row, before, hash);
	row.values[LEDGER_COLUMN_HASH] =
		(struct ledger_chain_value){.type = 'b', .bytes = hash, .size = sizeof(hash)};
	r = insert(db, &row);
	return r == 0 && has_peer ? ledger_peer_keep(db, context->seq, event, &peer) : r;
}

static bool event_valid(enum ledger_kind kind, const struct ledger_event *event)
{
	bool lease = kind != LEDGER_DENIED && kind != LEDGER_STILL;

	return event->client[0] && (event->camera[0] || kind == LEDGER_DENIED) &&
	       (event->lease || !lease);
}

int ledger_append(sqlite3 *db, uint64_t run, enum ledger_kind kind,
		  const struct ledger_event *event)
{
	struct ledger_context context = {.kind = kind, .run = run, .count = 1};
	int r = 0;

	if (!event_valid(kind, event))
		return -EINVAL;
	context.since = event->realtime;
	if (kind == LEDGER_CLOSED)
		r = ledger_reservation_end(db, event->lease, &context.since);
	if (r == 0)
		r = append(db, &context, event);
	if (r == 0 && kind == LEDGER_OPENED)
		r = ledger_reservation_add(db, event);
	return r;
}

int ledger_append_denied(sqlite3 *db, uint64_t run, const struct ledger_event *event,
			 uint64_t count, uint64_t since)
{
	struct ledger_context context = {
		.kind = LEDGER_DENIED, .run = run, .count = count, .since = since};

	return append(db, &context, event);
}
