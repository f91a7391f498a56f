// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-prune.h"

#include "base/clock.h"
#include "broker/ledger-append.h"
#include "broker/store-queue.h"

/* The rows before the first one that is young enough to stay. */
static int find(struct store_writer *writer, const struct store_job *job)
{
	struct ledger_chain_point *ret = job->result;
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = db_prepare(
		writer->db, &statement,
		"SELECT seq, hash FROM events WHERE seq < min("
		" coalesce((SELECT seq FROM events WHERE realtime >= ?1 ORDER BY seq LIMIT 1),"
		"  9223372036854775807),"
		" (SELECT min(seq) FROM events) + " DB_TEXT(
			LEDGER_PRUNE_ROWS) ")"
					   " ORDER BY seq DESC LIMIT 1",
		"i", job->id);

	*ret = (struct ledger_chain_point){.realtime = clock_realtime()};
	if (r == 0)
		r = db_step(statement);
	if (r <= 0)
		return r;
	ret->seq = db_column(statement, 0);
	return db_column_blob(statement, 1, ret->hash, sizeof(ret->hash));
}

int ledger_prune_find(struct store *store, uint64_t before, struct ledger_chain_point *ret,
		      store_done done, void *userdata)
{
	struct store_job *job = store_job_new(find, done, userdata);

	if (job) {
		job->id = before;
		job->result = ret;
	}
	return store_queue(store, job, STORE_QUEUE_MAX / 2);
}

static int prune(struct store_writer *writer, const struct store_job *job)
{
	const struct ledger_anchor *anchor = job->owned;
	const struct ledger_chain_point *point = &anchor->point;
	uint64_t n;
	int r = db_get(writer->db, &n, "SELECT count(*) FROM events WHERE seq = ? AND hash = ?",
		       "ib", point->seq, point->hash, sizeof(point->hash));

	if (r == 0 && n != 1)
		r = -EINVAL;
	if (r == 0)
		r = db_run(writer->db, "INSERT INTO anchors VALUES (?, ?, ?, ?)", "ibib",
			   point->seq, point->hash, sizeof(point->hash), point->realtime,
			   anchor->signature, sizeof(anchor->signature));
	if (r >= 0)
		r = db_run(writer->db, "DELETE FROM events WHERE seq <= ?", "i", point->seq);
	if (r >= 0)
		r = db_run(writer->db, "DELETE FROM peers WHERE seq <= ?", "i", point->seq);
	return r < 0 ? r : 0;
}

int ledger_prune(struct store *store, const struct ledger_anchor *anchor, store_done done,
		 void *userdata)
{
	return store_queue(store,
			   store_job_new_copy(prune, anchor, sizeof(*anchor), done, userdata),
			   STORE_QUEUE_MAX / 2);
}

static int erase_peers(struct store_writer *writer, const struct store_job *job)
{
	uint64_t *ret = job->result;
	int r = db_run(writer->db,
		       "DELETE FROM peers WHERE seq IN (SELECT seq FROM peers JOIN events"
		       " USING (seq) WHERE realtime < ? LIMIT " DB_TEXT(LEDGER_PRUNE_ROWS) ")",
		       "i", job->id);

	*ret = r < 0 ? 0 : (uint64_t)r;
	return r < 0 ? r : 0;
}

int ledger_prune_peers(struct store *store, uint64_t before, uint64_t *ret, store_done done,
		       void *userdata)
{
	struct store_job *job = store_job_new(erase_peers, done, userdata);

	if (job) {
		job->id = before;
		job->result = ret;
	}
	return store_queue(store, job, STORE_QUEUE_MAX / 2);
}
