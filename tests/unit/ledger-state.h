// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the tests of the ledger share: a store, rows to write, and the file from the outside. */
#pragma once

#include "base/clock.h"
#include "broker-state.h"
#include "broker/db.h"
#include "broker/ledger-page.h"
#include "broker/ledger-row.h"
#include "support/ledger-verify.h"

static inline int make(void **s)
{
	static struct state state;

	state_make(&state);
	state_open(&state);
	*s = &state;
	return 0;
}

static inline int drop(void **s)
{
	state_remove(*s);
	return 0;
}

static inline sqlite3 *open_file(const struct state *state)
{
	char path[128];
	sqlite3 *db;

	state_path(state, STORE_FILE, path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static inline uint64_t query(const struct state *state, const char *sql)
{
	sqlite3 *db = open_file(state);
	uint64_t value = 0;

	assert_int_equal(db_get(db, &value, sql, ""), 0);
	sqlite3_close(db);
	return value;
}

static inline struct ledger_verdict verify(const struct state *state, int expected)
{
	struct ledger_verdict verdict;
	sqlite3 *db = open_file(state);

	assert_int_equal(ledger_verify(db, NULL, &verdict), expected);
	sqlite3_close(db);
	return verdict;
}

static inline struct ledger_event make_event(uint64_t lease)
{
	return (struct ledger_event){
		.lease = lease,
		.grant = 5,
		.client = "alice",
		.camera = "front",
		.camera_uuid = {1, 0xca},
		.right = RIGHT_LIVE,
		.protocol = SESSION_PROTOCOL_RTSP,
		.peer = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
		.port = 53211,
		.epoch = (UINT64_C(1) << 32) | 2,
	};
}

static inline struct ledger_event make_closed(uint64_t lease)
{
	struct ledger_event event = make_event(lease);

	strcpy(event.reason, "viewer");
	event.offered = 10;
	event.delivered = 7;
	event.skipped[SESSION_SKIP_LATE] = 2;
	event.skipped[SESSION_SKIP_SWITCH] = 1;
	event.first_sequence = 101;
	event.last_sequence = 110;
	event.frames_low = 6;
	event.frames_high = 7;
	event.bytes_acked = 60000;
	event.bytes_sent = 70000;
	event.exposed_first = 90;
	event.exposed_next = 112;
	event.exposed = 22;
	return event;
}

static inline void write_some(struct state *state)
{
	for (uint64_t lease = 1; lease <= 4; lease++) {
		struct ledger_event opened = make_event(lease), closed = make_closed(lease);

		assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
		assert_int_equal(STATE_RUN(state, ledger_closed, &closed), 0);
	}
}

#define LEDGER(f) cmocka_unit_test_setup_teardown(f, make, drop)
