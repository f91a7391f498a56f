// SPDX-License-Identifier: LGPL-2.1-or-later
/* The database of another version: older ones are brought up to date, newer ones refused. */
#include "ledger-state.h"

static void run_sql(const struct state *state, const char *sql)
{
	sqlite3 *db = open_file(state);

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void fill(struct state *state)
{
	struct client client = make_client("alice", "nest");
	struct camera_record camera = make_camera("front", 1);
	struct grant grant = make_grant(1, "alice", 1), wide = make_grant(2, "", 1);

	strcpy(wide.integration, "nest");
	assert_int_equal(STATE_RUN(state, store_add_client, &client), 0);
	assert_int_equal(STATE_RUN(state, store_add_camera, &camera), 0);
	assert_int_equal(STATE_RUN(state, store_add_grant, &grant), 0);
	assert_int_equal(STATE_RUN(state, store_add_grant, &wide), 0);
}

/* What versions have added. */
#define UNDO_4 "DROP TABLE client_users;"
#define UNDO_5                                                \
	"ALTER TABLE events DROP COLUMN exposed_first;"       \
	"ALTER TABLE events DROP COLUMN exposed_next;"        \
	"ALTER TABLE events DROP COLUMN exposed;"             \
	"ALTER TABLE events DROP COLUMN peer_hash;"           \
	"ALTER TABLE reservations DROP COLUMN frames_low;"    \
	"ALTER TABLE reservations DROP COLUMN exposed_first;" \
	"DROP TABLE peers;"                                   \
	"DROP TRIGGER anchors_no_update;"
#define UNDO_9 "DROP INDEX events_once;"
/* What ran when the older version crashed. */
#define UNDO_8                                                                               \
	UNDO_9                                                                               \
	"DROP TABLE reservations; CREATE TABLE reservations ("                               \
	"lease INTEGER PRIMARY KEY, opened INTEGER NOT NULL REFERENCES events(seq),"         \
	"realtime INTEGER, until INTEGER, done INTEGER, frames_high INTEGER,"                \
	"first_sequence INTEGER, last_sequence INTEGER, frames_low INTEGER,"                 \
	"exposed_first INTEGER) STRICT;"                                                     \
	"INSERT INTO reservations(lease, opened, realtime, done, frames_high,"               \
	"frames_low) SELECT lease, seq, realtime, 5, 300, 4 FROM events AS o WHERE kind = 1" \
	" AND NOT EXISTS (SELECT 1 FROM events AS c WHERE c.lease = o.lease AND c.kind = 2);"
#define UNDO_7 "ALTER TABLE events DROP COLUMN integration;"
#define UNDO_6                                                      \
	"ALTER TABLE camera_configurations DROP COLUMN sub_width;"  \
	"ALTER TABLE camera_configurations DROP COLUMN sub_height;" \
	"ALTER TABLE camera_configurations DROP COLUMN sub_fps;"    \
	"ALTER TABLE camera_configurations DROP COLUMN sub_bitrate;"

/* Version 7 kept what a crash leaves beside the OPENED row. */
static void test_an_older_reservation_is_closed(void **s)
{
	struct state *state = *s;
	struct ledger_event event = {.lease = 7,
				     .client = "alice",
				     .integration = "home",
				     .camera = "front",
				     .camera_uuid = {1},
				     .right = RIGHT_LIVE,
				     .protocol = SESSION_PROTOCOL_RTSP,
				     .peer = {9},
				     .port = 77,
				     .epoch = 3};

	assert_int_equal(STATE_RUN(state, ledger_opened, &event), 0);
	state_close(state);
	run_sql(state, UNDO_8 "PRAGMA user_version = 7");
	state_open(state);
	state_close(state);
	assert_int_equal(
		query(state,
		      "SELECT count(*) FROM events AS c JOIN events AS o USING (lease, client,"
		      " integration, camera, camera_uuid, right, stream, protocol, epoch)"
		      " JOIN peers AS p ON p.seq = c.seq JOIN peers AS q ON q.seq = o.seq"
		      " WHERE o.kind = 1 AND c.kind = 2 AND c.since = o.realtime"
		      " AND p.address = q.address AND p.port = 77 AND c.delivered = 5"
		      " AND c.frames_low = 4 AND c.frames_high = 300 AND c.uncertain = 1"),
		1);
	state_open(state);
}

static void test_a_newer_database_is_refused(void **s)
{
	struct state *state = *s;

	state_close(state);
	run_sql(state, "PRAGMA user_version = 99");
	assert_int_equal(state_try_open(state), -ENOTSUP);
	assert_non_null(strstr(store_open_error_text(-ENOTSUP), "newer"));
	policy_free(state->policy);
	run_sql(state, UNDO_8 UNDO_7 UNDO_6 UNDO_5 "PRAGMA user_version = 4");
	state_open(state);
}

/* Version 1 had no tables for what the owner chooses. */
static void test_an_older_database_is_brought_up_to_date(void **s)
{
	struct state *state = *s;

	fill(state);
	state_close(state);
	run_sql(state, UNDO_8 UNDO_7 UNDO_5 UNDO_4
		"DROP TABLE camera_names; DROP TABLE camera_configurations;"
		"DROP TABLE camera_controls; PRAGMA user_version = 1");
	state_open(state);
	assert_int_equal(state->policy->n_grants, 2);
	state_reopen(state);
	assert_int_equal(state->policy->n_grants, 2);
}

/* Version 2 knew no tripwires. */
static void test_an_older_ledger_takes_tripwires(void **s)
{
	struct state *state = *s;
	struct ledger_event event = {.lease = 7, .client = "alice", .camera = "front"};

	fill(state);
	assert_int_equal(STATE_RUN(state, ledger_opened, &event), 0);
	state_close(state);
	run_sql(state, UNDO_8 UNDO_7 UNDO_6 UNDO_5 UNDO_4
		"PRAGMA writable_schema = ON;"
		"UPDATE sqlite_schema SET sql ="
		" replace(sql, 'kind BETWEEN 1 AND 5', 'kind BETWEEN 1 AND 4');"
		"PRAGMA user_version = 2");
	state_open(state);
	assert_int_equal(STATE_RUN(state, ledger_tripwire, &event), 0);
	assert_int_equal(state->policy->n_clients, 1);
	state_reopen(state);
	event.lease = 8;
	assert_int_equal(STATE_RUN(state, ledger_tripwire, &event), 0);
}

/* Version 8 knew no switches, and had each kind of event once a lease. */
static void test_an_older_ledger_takes_switches(void **s)
{
	struct state *state = *s;
	struct ledger_event event = {.lease = 7, .client = "alice", .camera = "front"};

	assert_int_equal(STATE_RUN(state, ledger_opened, &event), 0);
	state_close(state);
	run_sql(state, UNDO_9 "DROP INDEX events_lease;"
			      "CREATE UNIQUE INDEX events_lease ON events(lease, kind)"
			      " WHERE lease IS NOT NULL;"
			      "PRAGMA writable_schema = ON;"
			      "UPDATE sqlite_schema SET sql ="
			      " replace(sql, 'kind BETWEEN 1 AND 6', 'kind BETWEEN 1 AND 5');"
			      "PRAGMA user_version = 8");
	state_open(state);
	/* It was closed as one that a crash had left. */
	event.lease = 8;
	assert_int_equal(STATE_RUN(state, ledger_opened, &event), 0);
	for (uint32_t i = 0; i < 3; i++) {
		event.stream = i % 2;
		assert_int_equal(STATE_RUN(state, ledger_switched, &event), 0);
	}
	assert_int_equal(STATE_RUN(state, ledger_closed, &event), 0);
	assert_int_equal(STATE_RUN(state, ledger_closed, &event), -ENOENT);
	assert_int_equal(STATE_RUN(state, ledger_tripwire, &event), 0);
	assert_int_equal(STATE_RUN(state, ledger_tripwire, &event), -EEXIST);
	verify(state, 0);
	assert_int_equal(query(state, "SELECT count(*) FROM events WHERE kind = 6"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER(test_a_newer_database_is_refused),
		LEDGER(test_an_older_reservation_is_closed),
		LEDGER(test_an_older_database_is_brought_up_to_date),
		LEDGER(test_an_older_ledger_takes_tripwires),
		LEDGER(test_an_older_ledger_takes_switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
