// SPDX-License-Identifier: LGPL-2.1-or-later
/* What camward.conf's [ledger] says about how long things are kept, done by a running broker. */
#include "broker/db.h"
#include "broker/settings-service.h"
#include "lease-bench.h"
#include "seal/key.h"
#include "support/ledger-verify.h"

#define DAY (UINT64_C(86400) * USEC_PER_SEC)

static void configure(struct bench *b, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/camward.conf", b->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

/* One lease, so many days ago. */
static void write_lease(struct bench *b, uint64_t days)
{
	struct ledger_event event = {
		.realtime = clock_realtime() - days * DAY,
		.lease = store_next_lease_id(b->broker.store),
		.client = "alice",
		.camera = "front",
		.peer = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1},
		.reason = "viewer left",
	};

	assert_int_equal(ledger_opened(b->broker.store, &event, NULL, NULL), 0);
	assert_int_equal(ledger_closed(b->broker.store, &event, NULL, NULL), 0);
}

static void clear(struct bench *b)
{
	bench_reload(b);
	bench_settle(b);
	assert_false(b->broker.retention.running);
	sd_event_source_set_time(b->broker.retention.timer, 0);
	sd_event_source_set_enabled(b->broker.retention.timer, SD_EVENT_ONESHOT);
	bench_settle(b);
	assert_false(b->broker.retention.running);
}

static uint64_t count(struct bench *b, const char *sql)
{
	char path[128];
	sqlite3 *db;
	uint64_t n = 0;

	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(db_get(db, &n, sql, ""), 0);
	sqlite3_close(db);
	return n;
}

/* By its anchors, signed by the seal root. */
static void assert_provable(struct bench *b, uint64_t n_events)
{
	const char *pem = seal_root_pem(b->broker.seal_root);
	struct ledger_verdict verdict;
	uint8_t root[SEAL_KEY_SIZE];
	char path[128];
	sqlite3 *db;

	assert_int_equal(seal_public_read(pem, strlen(pem), root), 0);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, b->directory);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(ledger_verify(db, root, &verdict), 0);
	assert_int_equal(verdict.n_events, n_events);
	sqlite3_close(db);
}

static void test_a_year_and_three_months(void **state)
{
	struct bench *b = *state;

	write_lease(b, 400);
	write_lease(b, 100);
	write_lease(b, 80);
	clear(b);
	assert_int_equal(count(b, "SELECT count(*) FROM events"), 4);
	assert_int_equal(count(b, "SELECT count(*) FROM anchors"), 1);
	assert_int_equal(count(b, "SELECT count(*) FROM peers"), 2);
	assert_provable(b, 4);
	assert_int_equal(b->broker.retention.told, 6);
	clear(b);
	assert_int_equal(count(b, "SELECT count(*) FROM anchors"), 1);
}

static void test_as_long_as_the_file_says(void **state)
{
	struct bench *b = *state;

	configure(b, "[ledger]\nevents-days=0\naddresses-days=10\n");
	write_lease(b, 4000);
	write_lease(b, 5);
	clear(b);
	assert_int_equal(count(b, "SELECT count(*) FROM events"), 4);
	assert_int_equal(count(b, "SELECT count(*) FROM peers"), 2);
	configure(b, "[ledger]\nevents-days=3\n");
	clear(b);
	assert_int_equal(count(b, "SELECT count(*) FROM events"), 0);
	assert_int_equal(count(b, "SELECT count(*) FROM peers"), 0);
	assert_provable(b, 0);
	write_lease(b, 0);
	bench_settle(b);
	assert_provable(b, 2);
}

/* A misspelt limit must not be no limit, and no other one. */
static void test_a_mistake_removes_nothing(void **state)
{
	static const char *const wrong[] = {
		"[ledger]\nevent-days=1\n",
		"[ledger]\nevents-days=one\n",
		"[ledger]\nevents-days=1\nevents-days=1\n",
		"[ledger]\nevents-days=36501\n",
		"[mdns]\nevents-days=1\n",
		"[ledgers]\n;\nevents-days=1\n",
	};
	struct bench *b = *state;

	write_lease(b, 4000);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct service_settings settings;
		char error[SETTINGS_ERROR_SIZE];

		configure(b, wrong[i]);
		assert_int_equal(settings_load_service(b->directory, &settings, error), -EINVAL);
		assert_non_null(strstr(error, "camward.conf:"));
		clear(b);
	}
	assert_int_equal(count(b, "SELECT count(*) FROM events"), 2);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_a_year_and_three_months),
		BENCH(test_as_long_as_the_file_says),
		BENCH(test_a_mistake_removes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
