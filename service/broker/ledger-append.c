// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-append.h"

#include <assert.h>

#include "base/clock.h"
#include "broker/ledger-row.h"

void ledger_event_stamp(struct ledger_event *event)
{
	if (!event->realtime)
		event->realtime = clock_realtime();
	if (!event->boottime)
		event->boottime = clock_now(CLOCK_BOOTTIME);
}

/* The newest row's number and hash; zeros in an empty ledger. */
static int read_head(sqlite3 *db, uint64_t *seq, uint8_t hash[LEDGER_HASH_SIZE])
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement, "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1",
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

static int bind_value(sqlite3_stmt *statement, int i, const struct ledger_value *value)
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
	static_assert(LEDGER_N_COLUMNS == 33, "as many as there are question marks");
	int r = db_prepare(db, &statement,
			   "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
			   "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			   "");

	for (int i = 0; r == 0 && i < LEDGER_N_COLUMNS; i++)
		r = db_errno(db, bind_value(statement, i + 1, &row->values[i]));
	return r < 0 ? r : db_step(statement);
}

static int append(sqlite3 *db, struct ledger_context *context, const struct ledger_event *event)
{
	uint8_t before[LEDGER_HASH_SIZE], hash[LEDGER_HASH_SIZE];
	struct ledger_row row;
	int r = read_head(db, &context->seq, before);

	context->seq++;
	if (r == 0)
		r = ledger_row_make(context, event, &row);
	if (r == 0)
		r = ledger_row_hash(&row, before, hash);
	if (r < 0)
		return r;
	row.values[LEDGER_COLUMN_HASH] =
		(struct ledger_value){.type = 'b', .bytes = hash, .size = sizeof(hash)};
	return insert(db, &row);
}

static bool event_valid(enum ledger_kind kind, const struct ledger_event *event)
{
	bool lease = kind == LEDGER_OPENED || kind == LEDGER_CLOSED || kind == LEDGER_TRIPWIRE;

	return event->client[0] && (event->camera[0] || kind == LEDGER_DENIED) &&
	       (event->lease || !lease);
}

int ledger_append(sqlite3 *db, uint64_t run, enum ledger_kind kind,
		  const struct ledger_event *event)
{
	struct ledger_context context = {.kind = kind, .run = run, .count = 1};
	int r;

	if (!event_valid(kind, event))
		return -EINVAL;
	context.since = event->realtime;
	r = append(db, &context, event);
	if (r < 0)
		return r;
	if (kind == LEDGER_OPENED)
		r = db_run(db, "INSERT INTO reservations(lease, opened) VALUES (?, ?)", "ii",
			   event->lease, context.seq);
	else if (kind == LEDGER_CLOSED)
		r = db_run(db, "DELETE FROM reservations WHERE lease = ?", "i", event->lease);
	else
		return 0;
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int ledger_append_denied(sqlite3 *db, uint64_t run, const struct ledger_event *event,
			 uint64_t count, uint64_t since)
{
	struct ledger_context context = {
		.kind = LEDGER_DENIED, .run = run, .count = count, .since = since};

	return append(db, &context, event);
}

/* The CLOSED event of the lease whose OPENED row the statement stands at. */
static int make_closing(sqlite3_stmt *statement, struct ledger_event *event)
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
		.reason = LEDGER_REASON_CRASH,
		.frames_high = LEDGER_UNKNOWN,
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
		r = db_column_blob(statement, LEDGER_COLUMN_PEER, event->peer, sizeof(event->peer));
	ledger_event_stamp(event);
	return r;
}

/* 1: there was one to close. */
static int recover_one(sqlite3 *db, uint64_t run)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	struct ledger_event event;
	int r = db_prepare(db, &statement,
			   "SELECT * FROM events WHERE seq = "
			   "(SELECT opened FROM reservations ORDER BY lease LIMIT 1)",
			   "");

	if (r == 0)
		r = db_step(statement);
	if (r <= 0)
		return r;
	r = make_closing(statement, &event);
	sqlite3_reset(statement);
	if (r == 0)
		r = ledger_append(db, run, LEDGER_CLOSED, &event);
	return r < 0 ? r : 1;
}

int ledger_recover(sqlite3 *db, uint64_t run)
{
	int r;

	do
		r = recover_one(db, run);
	while (r > 0);
	return r;
}
