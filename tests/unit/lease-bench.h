// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the tests of leases share: full connections, and the ledger's last word. */
#pragma once

#include <sqlite3.h>

#include "broker-bench.h"

/* More than both kernels hold on the way: the rest stays in the sender's queue. */
static inline void fill_connection(struct fake_session *s)
{
	static const char bytes[1 << 16];

	while (send(s->socket, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	assert_int_equal(errno, EAGAIN);
}

/* All that the viewer can still read; then *ret says how it ended. */
static inline size_t drain_viewer(struct fake_session *s, int *ret)
{
	static char bytes[1 << 16];
	size_t total = 0;
	ssize_t n;

	while ((n = recv(s->viewer, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		total += (size_t)n;
	*ret = n < 0 ? -errno : 0;
	return total;
}

static inline uint64_t lease_of(struct bench *b)
{
	assert_false(list_empty(&b->broker.leases));
	return list_entry(b->broker.leases.next, struct lease, list)->id;
}

/* One column of the ledger's newest row of this kind. */
static inline void ledger_text(struct bench *b, enum ledger_kind kind, const char *column,
			       char text[64])
{
	char path[128], sql[128];
	sqlite3_stmt *statement;
	sqlite3 *db;

	bench_settle(b);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	snprintf(sql, sizeof(sql), "SELECT %s FROM events WHERE kind = %d ORDER BY seq DESC",
		 column, kind);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	text[0] = '\0';
	if (sqlite3_step(statement) == SQLITE_ROW)
		snprintf(text, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static inline void assert_ledger(struct bench *b, enum ledger_kind kind, const char *column,
				 const char *expected)
{
	uint64_t end = clock_monotonic() + 5 * USEC_PER_SEC;
	char text[64];

	do
		ledger_text(b, kind, column, text);
	while (strcmp(text, expected) != 0 && clock_monotonic() < end);
	assert_string_equal(text, expected);
}
