// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-row.h"

/* One row: its place in order and its hash, which becomes the new head. */
static int verify_row(const struct ledger_row *row, struct ledger_verdict *verdict)
{
	const struct ledger_value *stored = &row->values[LEDGER_COLUMN_HASH];
	uint8_t hash[LEDGER_HASH_SIZE];
	int r;

	if (row->values[LEDGER_COLUMN_SEQ].integer != (int64_t)verdict->n_events + 1)
		return -EUCLEAN;
	r = ledger_row_hash(row, verdict->head, hash);
	if (r < 0)
		return r;
	if (stored->type != 'b' || stored->size != sizeof(hash) ||
	    memcmp(stored->bytes, hash, sizeof(hash)) != 0)
		return -EUCLEAN;
	memcpy(verdict->head, hash, sizeof(hash));
	verdict->n_events++;
	return 0;
}

int ledger_verify(sqlite3 *db, struct ledger_verdict *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	struct ledger_row row;
	int r = db_prepare(db, &statement, "SELECT * FROM events ORDER BY seq", "");

	*ret = (struct ledger_verdict){0};
	if (r < 0)
		return r;
	while ((r = db_step(statement)) > 0) {
		r = ledger_row_read(statement, &row);
		if (r == 0)
			r = verify_row(&row, ret);
		if (r < 0)
			break;
	}
	if (r == -EUCLEAN)
		ret->first_bad = ret->n_events + 1;
	return r;
}
