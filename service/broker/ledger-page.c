// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-page.h"

#include <stdlib.h>

#include "base/clock.h"
#include "broker/ledger-append.h"
#include "broker/ledger-row.h"
#include "broker/store-queue.h"

#define N_VALUES (LEDGER_N_COLUMNS + LEDGER_PAGE_N_EXTRA)

/* The window comes first: what it holds is all that is looked at. Who asks since when gets the
 * switches before that, too, of what went on then. An end belongs to the integration that its
 * OPENED names, too: old ledgers have ends that say what the client was in by then. */
static const char select_rows[] =
	"SELECT e.*, p.salt, p.address, p.port, o.low, o.high FROM"
	" (SELECT * FROM events WHERE seq > ?1 ORDER BY seq LIMIT " DB_TEXT(
		LEDGER_PAGE_ROWS) ") AS e"
				  " LEFT JOIN peers AS p USING (seq)"
				  " LEFT JOIN (SELECT lease AS of, frames_low AS low,"
				  "  frames_high AS high FROM reservations) AS o"
				  "  ON ?8 AND kind = 1 AND of = lease"
				  " WHERE (?2 = '' OR client = ?2)"
				  " AND (?3 = '' OR integration = ?3 OR (kind = 2 AND EXISTS"
				  "  (SELECT 1 FROM events AS x WHERE x.lease = e.lease"
				  "   AND x.kind = 1 AND x.integration = ?3)))"
				  " AND (?4 = '' OR camera = ?4 OR (camera_uuid = ?5 AND ?5 <> "
				  "zeroblob(16)))"
				  " AND (max(realtime, coalesce(since, realtime)) >= ?6"
				  "  OR (kind IN (1, 6) AND lease IN (SELECT lease FROM "
				  "reservations))"
				  "  OR (kind = 6 AND EXISTS (SELECT 1 FROM events AS c"
				  "   WHERE c.lease = e.lease AND c.kind = 2"
				  "   AND max(c.realtime, coalesce(c.since, c.realtime)) >= ?6)))"
				  " AND min(realtime, coalesce(since, realtime)) < ?7"
				  " ORDER BY seq";

static struct ledger_chain_value get_value(sqlite3_stmt *statement, int i)
{
	switch (sqlite3_column_type(statement, i)) {
	case SQLITE_INTEGER:
		return (struct ledger_chain_value){.type = 'i',
						   .integer = sqlite3_column_int64(statement, i)};
	case SQLITE_TEXT:
		return (struct ledger_chain_value){
			.type = 't',
			.bytes = sqlite3_column_text(statement, i),
			.size = (size_t)sqlite3_column_bytes(statement, i)};
	case SQLITE_BLOB:
		return (struct ledger_chain_value){
			.type = 'b',
			.bytes = sqlite3_column_blob(statement, i),
			.size = (size_t)sqlite3_column_bytes(statement, i)};
	default:
		return (struct ledger_chain_value){0};
	}
}

/* Values and their bytes; texts with a NUL behind. */
static int copy_row(sqlite3_stmt *statement, struct ledger_page_row *ret)
{
	struct ledger_chain_value values[N_VALUES];
	size_t size = 0;
	uint8_t *at;

	for (int i = 0; i < N_VALUES; i++) {
		values[i] = get_value(statement, i);
		size += values[i].size + 1;
	}
	ret->values = malloc(sizeof(values) + size);
	if (!ret->values)
		return -ENOMEM;
	at = (uint8_t *)(ret->values + N_VALUES);
	for (int i = 0; i < N_VALUES; i++) {
		if (values[i].size)
			memcpy(at, values[i].bytes, values[i].size);
		at[values[i].size] = '\0';
		values[i].bytes = at;
		at += values[i].size + 1;
	}
	memcpy(ret->values, values, sizeof(values));
	return 0;
}

static int read_rows(sqlite3 *db, const struct ledger_query *q, struct ledger_page *page)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement, select_rows, "itttbiii", q->after, q->client,
			   q->integration, q->camera, q->camera_uuid, sizeof(q->camera_uuid),
			   q->since, q->until ? q->until : (uint64_t)INT64_MAX,
			   (uint64_t)q->reservations);

	while (r >= 0 && page->n_rows < LEDGER_PAGE_ROWS && (r = db_step(statement)) > 0) {
		r = copy_row(statement, &page->rows[page->n_rows]);
		page->n_rows += r == 0;
	}
	return r < 0 ? r : 0;
}

static int read_page(struct store_writer *writer, const struct store_job *job)
{
	const struct ledger_query *query = job->owned;
	struct ledger_page *page = job->result;
	int r;

	page->n_rows = 0;
	r = db_get(writer->db, &page->next,
		   "SELECT coalesce(max(seq), 0) FROM (SELECT seq FROM events WHERE seq > ?"
		   " ORDER BY seq LIMIT " DB_TEXT(LEDGER_PAGE_ROWS) ")",
		   "i", query->after);
	return r < 0 ? r : read_rows(writer->db, query, page);
}

int ledger_page_read(struct store *store, const struct ledger_query *query, struct ledger_page *ret,
		     store_done done, void *userdata)
{
	struct store_job *job =
		store_job_new_copy(read_page, query, sizeof(*query), done, userdata);

	if (job)
		job->result = ret;
	return store_queue(store, job, STORE_QUEUE_MAX / 2);
}

void ledger_page_release(struct ledger_page *page)
{
	for (size_t i = 0; i < page->n_rows; i++)
		free(page->rows[i].values);
	page->n_rows = 0;
}

static int read_anchor(sqlite3_stmt *statement, struct ledger_anchor *ret)
{
	int r;

	ret->point.seq = db_column(statement, 0);
	ret->point.realtime = db_column(statement, 1);
	r = db_column_blob(statement, 2, ret->point.hash, sizeof(ret->point.hash));
	return r < 0 ? r : db_column_blob(statement, 3, ret->signature, sizeof(ret->signature));
}

static int read_anchors(sqlite3 *db, struct ledger_ends *ends)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement,
			   "SELECT * FROM (SELECT seq, realtime, hash, signature FROM anchors"
			   " ORDER BY seq DESC LIMIT " DB_TEXT(LEDGER_ANCHORS_MAX) ") ORDER BY seq",
			   "");

	while (r >= 0 && ends->n_anchors < LEDGER_ANCHORS_MAX && (r = db_step(statement)) > 0) {
		r = read_anchor(statement, &ends->anchors[ends->n_anchors]);
		ends->n_anchors += r == 0;
	}
	return r < 0 ? r : 0;
}

static int read_ends(struct store_writer *writer, const struct store_job *job)
{
	struct ledger_ends *ends = job->result;
	int r;

	*ends = (struct ledger_ends){.head.realtime = clock_realtime()};
	r = ledger_head(writer->db, &ends->head.seq, ends->head.hash);
	return r < 0 ? r : read_anchors(writer->db, ends);
}

int ledger_page_read_ends(struct store *store, struct ledger_ends *ret, store_done done,
			  void *userdata)
{
	struct store_job *job = store_job_new(read_ends, done, userdata);

	if (job)
		job->result = ret;
	return store_queue(store, job, STORE_QUEUE_MAX / 2);
}
