// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-anchor.h"

#include <limits.h>
#include <stdio.h>

#include "broker/store-queue.h"

int ledger_anchor_newest(sqlite3 *db, const struct seal_root *root, struct ledger_chain_point *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	struct ledger_chain_point point = {0};
	uint8_t signature[SEAL_SIGNATURE_SIZE];
	int r = db_prepare(db, &statement,
			   "SELECT seq, realtime, hash, signature FROM anchors"
			   " ORDER BY seq DESC LIMIT 1",
			   "");

	*ret = point;
	if (r == 0)
		r = db_step(statement);
	if (r <= 0)
		return r;
	point.seq = db_column(statement, 0);
	point.realtime = db_column(statement, 1);
	r = db_column_blob(statement, 2, point.hash, sizeof(point.hash));
	if (r == 0)
		r = db_column_blob(statement, 3, signature, sizeof(signature));
	if (r == 0 &&
	    (!root || seal_root_has_signed(root, LEDGER_CHAIN_CONTEXT_ANCHOR, &point, signature)))
		*ret = point;
	return r;
}

int ledger_anchor_read(const char *dir, const struct seal_root *root,
		       struct ledger_chain_point *ret)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	char path[PATH_MAX];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/" STORE_FILE, dir) >= sizeof(path))
		return -ENAMETOOLONG;
	r = db_open(path, &db);
	return r < 0 ? r : ledger_anchor_newest(db, root, ret);
}

static int replace(struct store_writer *writer, const struct store_job *job)
{
	const struct ledger_anchor *anchor = job->owned;
	const struct ledger_chain_point *point = &anchor->point;
	uint64_t n;
	int r = db_get(writer->db, &n, "SELECT count(*) FROM anchors WHERE seq = ? AND hash = ?",
		       "ib", point->seq, point->hash, sizeof(point->hash));

	if (r == 0 && n != 1)
		return -ENOENT;
	if (r == 0)
		r = db_run(writer->db, "DELETE FROM anchors WHERE seq <= ?", "i", point->seq);
	if (r >= 0)
		r = db_get(writer->db, &n, "SELECT count(*) FROM anchors", "");
	if (r == 0 && n == 0)
		r = db_run(writer->db, "INSERT INTO anchors VALUES (?, ?, ?, ?)", "ibib",
			   point->seq, point->hash, sizeof(point->hash), point->realtime,
			   anchor->signature, sizeof(anchor->signature));
	return r < 0 ? r : 0;
}

int ledger_anchor_replace(struct store *store, const struct ledger_anchor *anchor, store_done done,
			  void *userdata)
{
	return store_queue(store,
			   store_job_new_copy(replace, anchor, sizeof(*anchor), done, userdata),
			   STORE_QUEUE_MAX);
}
