// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/ledger-verify.h"

#include <errno.h>
#include <string.h>

#include "broker/ledger-row.h"

/* The anchors' signatures; *verdict begins at the newest. */
static int verify_anchors(sqlite3 *db, const uint8_t *root, struct ledger_verdict *verdict)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement,
			   "SELECT seq, realtime, hash, signature FROM anchors ORDER BY seq", "");

	while (r >= 0 && (r = db_step(statement)) > 0) {
		struct ledger_chain_point anchor = {
			.seq = db_column(statement, 0),
			.realtime = db_column(statement, 1),
		};
		uint8_t signature[SEAL_SIGNATURE_SIZE];

		verdict->last = anchor.seq;
		r = db_column_blob(statement, 2, anchor.hash, sizeof(anchor.hash));
		if (r == 0)
			r = db_column_blob(statement, 3, signature, sizeof(signature));
		if (r == 0 && root &&
		    ledger_chain_verify(root, LEDGER_CHAIN_CONTEXT_ANCHOR, &anchor, signature) < 0)
			r = -EUCLEAN;
		if (r < 0)
			break;
		memcpy(verdict->head, anchor.hash, sizeof(anchor.hash));
	}
	if (r == -EUCLEAN)
		verdict->first_bad = verdict->last;
	return r;
}

/* One row: its place in order and its hash, which becomes the new head. */
static int verify_row(const struct ledger_row *row, struct ledger_verdict *verdict)
{
	const struct ledger_chain_value *stored = &row->values[LEDGER_COLUMN_HASH];
	uint8_t hash[LEDGER_HASH_SIZE];

	if (row->values[LEDGER_COLUMN_SEQ].integer != (int64_t)verdict->last + 1)
		return -EUCLEAN;
	ledger_row_hash(row, verdict->head, hash);
	if (stored->type != 'b' || stored->size != sizeof(hash) ||
	    memcmp(stored->bytes, hash, sizeof(hash)) != 0)
		return -EUCLEAN;
	memcpy(verdict->head, hash, sizeof(hash));
	verdict->n_events++;
	verdict->last++;
	return 0;
}

static int verify_rows(sqlite3 *db, struct ledger_verdict *verdict)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	struct ledger_row row;
	int r = db_prepare(db, &statement, "SELECT * FROM events ORDER BY seq", "");

	if (r < 0)
		return r;
	while ((r = db_step(statement)) > 0) {
		r = ledger_row_read(statement, &row);
		if (r == 0)
			r = verify_row(&row, verdict);
		if (r < 0)
			break;
	}
	if (r == -EUCLEAN)
		verdict->first_bad = verdict->last + 1;
	return r;
}

int ledger_verify(sqlite3 *db, const uint8_t *root, struct ledger_verdict *ret)
{
	int r;

	*ret = (struct ledger_verdict){0};
	r = verify_anchors(db, root, ret);
	return r < 0 ? r : verify_rows(db, ret);
}
