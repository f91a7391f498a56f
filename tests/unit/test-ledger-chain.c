// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ledger's chain: whatever is changed afterwards is found. */
#include "broker/ledger-prune.h"
#include "ledger-state.h"

/* Changes one value of row 6 and looks whether the chain breaks there. */
static void check_change(sqlite3 *db, const char *column)
{
	struct ledger_verdict verdict;
	char sql[1024];

	snprintf(sql, sizeof(sql),
		 "SAVEPOINT t; UPDATE events SET %1$s = CASE typeof(%1$s) "
		 "WHEN 'integer' THEN CASE WHEN %1$s = 2 THEN 3 ELSE %1$s + 1 END "
		 "WHEN 'text' THEN %1$s || 'x' WHEN 'null' THEN 1 "
		 "WHEN 'blob' THEN randomblob(length(%1$s)) END WHERE seq = 6",
		 column);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", column, sqlite3_errmsg(db));
	if (ledger_verify(db, NULL, &verdict) != -EUCLEAN || verdict.first_bad != 6)
		fail_msg("a changed %s is not seen", column);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK TO t; RELEASE t", NULL, NULL, NULL), SQLITE_OK);
}

static void test_every_change_breaks_the_chain(void **s)
{
	struct state *state = *s;
	sqlite3_stmt *statement;
	sqlite3 *db;

	write_some(state);
	state_close(state);
	db = open_file(state);
	assert_int_equal(sqlite3_exec(db, "DROP TRIGGER events_no_update; DROP INDEX events_once",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(db_prepare(db, &statement, "SELECT * FROM events WHERE 0", ""), 0);
	assert_int_equal(sqlite3_column_count(statement), LEDGER_N_COLUMNS);
	for (int column = LEDGER_COLUMN_HASH; column < LEDGER_N_COLUMNS; column++)
		check_change(db, sqlite3_column_name(statement, column));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	assert_int_equal(verify(state, 0).n_events, 8);
}

static uint64_t first_bad_after(const struct state *state, const char *sql)
{
	sqlite3 *db = open_file(state);
	struct ledger_verdict verdict;

	assert_int_equal(sqlite3_exec(db,
				      "BEGIN; DROP TRIGGER events_no_update;"
				      "DROP TRIGGER events_no_delete;"
				      "DROP TRIGGER events_in_order;",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(ledger_verify(db, NULL, &verdict), -EUCLEAN);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	return verdict.first_bad;
}

static void test_rows_removed_moved_or_added_are_seen(void **s)
{
	struct state *state = *s;

	write_some(state);
	state_close(state);
	assert_int_equal(first_bad_after(state, "DELETE FROM events WHERE seq = 1"), 1);
	assert_int_equal(first_bad_after(state, "DELETE FROM events WHERE seq = 5"), 5);
	assert_int_equal(first_bad_after(state, "DELETE FROM events WHERE seq = 5;"
						"UPDATE events SET seq = seq - 1 WHERE seq > 5"),
			 5);
	assert_int_equal(first_bad_after(state, "UPDATE events SET seq = 100 WHERE seq = 3;"
						"UPDATE events SET seq = 3 WHERE seq = 4;"
						"UPDATE events SET seq = 4 WHERE seq = 100"),
			 3);
	assert_int_equal(
		first_bad_after(state, "CREATE TEMP TABLE t AS SELECT * FROM events WHERE seq = 8;"
				       "UPDATE t SET seq = 9, lease = 99;"
				       "INSERT INTO events SELECT * FROM t"),
		9);
	/* A value moved to the next column. */
	assert_int_equal(first_bad_after(state, "UPDATE events SET frames_low = frames_high, "
						"frames_high = frames_low WHERE seq = 2"),
			 2);
	assert_int_equal(first_bad_after(state,
					 "UPDATE events SET client = 'alicefront', camera = ''"
					 " WHERE seq = 7"),
			 7);
	assert_int_equal(verify(state, 0).n_events, 8);
}

/* One value of one row, changed in one byte, for the time of a look. */
static void check_value(sqlite3 *db, uint64_t seq, const char *column,
			const struct ledger_chain_value *value)
{
	struct ledger_verdict verdict;
	sqlite3_stmt *statement;
	char sql[128];
	int r;

	snprintf(sql, sizeof(sql), "UPDATE events SET %s = ? WHERE seq = ?", column);
	assert_int_equal(sqlite3_exec(db, "SAVEPOINT t", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(db_prepare(db, &statement, sql, ""), 0);
	if (value->type == 'i')
		sqlite3_bind_int64(statement, 1, value->integer);
	else if (value->type == 't')
		sqlite3_bind_text(statement, 1, value->bytes, (int)value->size, SQLITE_STATIC);
	else
		sqlite3_bind_blob(statement, 1, value->bytes, (int)value->size, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, (int64_t)seq);
	r = sqlite3_step(statement);
	sqlite3_finalize(statement);
	/* Two rows with one number cannot be. */
	if (r != SQLITE_DONE && (r != SQLITE_CONSTRAINT || strcmp(column, "seq") != 0))
		fail_msg("%s: %s", column, sqlite3_errmsg(db));
	if (r == SQLITE_DONE && ledger_verify(db, NULL, &verdict) != -EUCLEAN)
		fail_msg("a changed byte of %s in row %lu is not seen", column, (unsigned long)seq);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK TO t; RELEASE t", NULL, NULL, NULL), SQLITE_OK);
}

/* Each byte of it in turn. Returns how many. */
static unsigned change_bytes(sqlite3 *db, uint64_t seq, const char *column,
			     const struct ledger_chain_value *value)
{
	uint8_t bytes[LEDGER_REASON_SIZE];
	struct ledger_chain_value changed = *value;

	if (value->type == 'i') {
		for (unsigned bit = 0; bit < 64; bit++) {
			changed.integer = (int64_t)((uint64_t)value->integer ^ UINT64_C(1) << bit);
			check_value(db, seq, column, &changed);
		}
		return 8;
	}
	changed.bytes = bytes;
	for (size_t i = 0; i < value->size; i++) {
		memcpy(bytes, value->bytes, value->size);
		bytes[i] ^= 1;
		check_value(db, seq, column, &changed);
	}
	return (unsigned)value->size;
}

static void test_every_byte_is_chained(void **s)
{
	struct state *state = *s;
	sqlite3_stmt *statement;
	struct ledger_row row;
	unsigned n = 0;
	sqlite3 *db;

	write_some(state);
	state_close(state);
	db = open_file(state);
	assert_int_equal(sqlite3_exec(db,
				      "DROP TRIGGER events_no_update; DROP INDEX events_once;"
				      "DROP INDEX events_camera;"
				      "PRAGMA ignore_check_constraints = ON; BEGIN",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(db_prepare(db, &statement,
				    "SELECT * FROM (SELECT * FROM events LIMIT -1 OFFSET 0)", ""),
			 0);
	for (int seq = 1; db_step(statement) > 0; seq++) {
		assert_int_equal(ledger_row_read(statement, &row), 0);
		for (int i = 0; i < LEDGER_N_COLUMNS; i++)
			if (row.values[i].type)
				n += change_bytes(db, (uint64_t)seq, ledger_chain_columns[i].name,
						  &row.values[i]);
	}
	sqlite3_finalize(statement);
	print_message("%u bytes\n", n);
	assert_true(n > 8 * 200);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(verify(state, 0).n_events, 8);
}

/* By the names and the order in which others read them. */
static void test_the_columns_are_named_as_in_the_table(void **s)
{
	struct state *state = *s;
	sqlite3 *db = open_file(state);
	sqlite3_stmt *statement;

	assert_int_equal(ledger_chain_n_columns, LEDGER_N_COLUMNS);
	assert_int_equal(db_prepare(db, &statement, "SELECT * FROM events WHERE 0", ""), 0);
	for (int i = 0; i < LEDGER_N_COLUMNS; i++)
		assert_string_equal(sqlite3_column_name(statement, i),
				    ledger_chain_columns[i].name);
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static void prune(struct state *state, const struct seal_key *key, uint64_t before, uint64_t seq)
{
	struct ledger_anchor anchor = {};

	assert_int_equal(STATE_RUN(state, ledger_prune_find, before, &anchor.point), 0);
	assert_int_equal(anchor.point.seq, seq);
	assert_int_equal(ledger_chain_sign(key, LEDGER_CHAIN_CONTEXT_ANCHOR, &anchor.point,
					   anchor.signature),
			 0);
	assert_int_equal(STATE_RUN(state, ledger_prune, &anchor), 0);
}

/* A byte of one column of an anchor, for the time of a look: column || byte || column. */
static void check_anchor_byte(sqlite3 *db, const uint8_t *root, uint64_t seq, const char *column,
			      unsigned i)
{
	struct ledger_verdict verdict;
	sqlite3_stmt *statement;
	uint8_t bytes[SEAL_SIGNATURE_SIZE];
	char sql[128];
	size_t size;

	snprintf(sql, sizeof(sql), "SELECT %s FROM anchors WHERE seq = %lu", column,
		 (unsigned long)seq);
	assert_int_equal(db_prepare(db, &statement, sql, ""), 0);
	assert_int_equal(db_step(statement), 1);
	size = (size_t)sqlite3_column_bytes(statement, 0);
	assert_true(i < size && size <= sizeof(bytes));
	memcpy(bytes, sqlite3_column_blob(statement, 0), size);
	sqlite3_finalize(statement);
	bytes[i] ^= 1;
	snprintf(sql, sizeof(sql), "UPDATE anchors SET %s = ? WHERE seq = %lu", column,
		 (unsigned long)seq);
	assert_int_equal(db_exec(db, "SAVEPOINT t"), 0);
	assert_int_equal(db_run(db, sql, "b", bytes, size), 1);
	if (ledger_verify(db, root, &verdict) != -EUCLEAN)
		fail_msg("byte %u of the anchor's %s is not seen", i, column);
	assert_int_equal(db_exec(db, "ROLLBACK TO t; RELEASE t"), 0);
}

static void check_anchor_bit(sqlite3 *db, const uint8_t *root, uint64_t seq, const char *column,
			     unsigned bit)
{
	struct ledger_verdict verdict;
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "UPDATE anchors SET %1$s = (%1$s | (1 << %2$u)) - (%1$s & (1 << %2$u))"
		 " WHERE seq = %3$lu",
		 column, bit, (unsigned long)seq);
	assert_int_equal(db_exec(db, "SAVEPOINT t"), 0);
	/* Two anchors with one number cannot be. */
	if (db_exec(db, sql) == 0 && ledger_verify(db, root, &verdict) != -EUCLEAN)
		fail_msg("bit %u of the anchor's %s is not seen", bit, column);
	assert_int_equal(db_exec(db, "ROLLBACK TO t; RELEASE t"), 0);
}

static void check_anchor(const struct state *state, const uint8_t *root, uint64_t seq)
{
	sqlite3 *db = open_file(state);

	assert_int_equal(db_exec(db, "BEGIN; DROP TRIGGER anchors_no_update;"), 0);
	for (unsigned i = 0; i < LEDGER_HASH_SIZE; i++)
		check_anchor_byte(db, root, seq, "hash", i);
	for (unsigned i = 0; i < SEAL_SIGNATURE_SIZE; i++)
		check_anchor_byte(db, root, seq, "signature", i);
	for (unsigned bit = 0; bit < 63; bit++) {
		check_anchor_bit(db, root, seq, "seq", bit);
		check_anchor_bit(db, root, seq, "realtime", bit);
	}
	assert_int_equal(db_exec(db, "ROLLBACK"), 0);
	sqlite3_close(db);
}

static void assert_forged(const struct state *state, const uint8_t *root, const char *sql)
{
	sqlite3 *db = open_file(state);
	struct ledger_verdict verdict;

	assert_int_equal(
		sqlite3_exec(db, "BEGIN; DROP TRIGGER anchors_no_update;", NULL, NULL, NULL),
		SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (ledger_verify(db, root, &verdict) != -EUCLEAN)
		fail_msg("not seen: %s", sql);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
}

static void test_what_is_old_leaves_an_anchor(void **s)
{
	struct state *state = *s;
	struct ledger_event opened = make_event(9), closed = make_closed(9);
	uint8_t root[SEAL_KEY_SIZE];
	_cleanup_(seal_key_freep) struct seal_key *key = NULL;
	struct ledger_verdict verdict;
	sqlite3 *db;

	assert_int_equal(seal_key_generate(&key), 0);
	seal_key_public(key, root);
	write_some(state);
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	/* Row 6 is the first that is young. The lease that runs needs no row. */
	prune(state, key, query(state, "SELECT realtime FROM events WHERE seq = 6"), 5);
	prune(state, key, UINT64_MAX >> 1, 9);
	assert_int_equal(query(state, "SELECT count(*) FROM peers"), 0);
	assert_int_equal(STATE_RUN(state, ledger_closed, &closed), 0);
	prune(state, key, UINT64_MAX >> 1, 10);
	opened.lease = 10;
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	db = open_file(state);
	assert_int_equal(ledger_verify(db, root, &verdict), 0);
	assert_int_equal(verdict.n_events, 1);
	assert_int_equal(verdict.last, 11);
	sqlite3_close(db);
	check_anchor(state, root, 5);
	check_anchor(state, root, 10);
	assert_forged(state, root, "UPDATE anchors SET hash = randomblob(32) WHERE seq = 10");
	assert_forged(state, root, "UPDATE anchors SET signature = randomblob(64) WHERE seq = 5");
	assert_forged(state, root, "UPDATE anchors SET realtime = realtime + 1 WHERE seq = 9");
	assert_forged(state, root, "UPDATE anchors SET seq = 8 WHERE seq = 9");
	assert_forged(state, root, "DELETE FROM anchors WHERE seq = 10");
	assert_forged(state, root, "DELETE FROM anchors");
	assert_forged(state, root,
		      "INSERT INTO anchors VALUES (11, (SELECT hash FROM events WHERE seq = 11), 1,"
		      " randomblob(64)); DELETE FROM events");
	root[0] ^= 1;
	db = open_file(state);
	assert_int_equal(ledger_verify(db, root, &verdict), -EUCLEAN);
	sqlite3_close(db);
}

/* The chain holds only their hashes. */
static void test_addresses_are_erased_and_the_chain_stays(void **s)
{
	struct state *state = *s;
	uint64_t n;

	write_some(state);
	assert_int_equal(query(state, "SELECT count(*) FROM peers"), 8);
	assert_int_equal(STATE_RUN(state, ledger_prune_peers,
				   query(state, "SELECT realtime FROM events WHERE seq = 6"), &n),
			 0);
	assert_int_equal(n, 5);
	assert_int_equal(query(state, "SELECT count(*) FROM peers"), 3);
	assert_int_equal(verify(state, 0).n_events, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER(test_every_change_breaks_the_chain),
		LEDGER(test_every_byte_is_chained),
		LEDGER(test_rows_removed_moved_or_added_are_seen),
		LEDGER(test_the_columns_are_named_as_in_the_table),
		LEDGER(test_what_is_old_leaves_an_anchor),
		LEDGER(test_addresses_are_erased_and_the_chain_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
