// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a lease that runs leaves on the disk besides its first row: enough for its last one, however
 * long it runs, whatever is pruned meanwhile and whichever way the clock is set. */
#include "broker/ledger-prune.h"
#include "ledger-state.h"

#define DAY (UINT64_C(86400) * USEC_PER_SEC)

static void renew(struct state *state, uint64_t lease)
{
	struct ledger_reservation *renewed = calloc(1, sizeof(*renewed));

	assert_non_null(renewed);
	*renewed = (struct ledger_reservation){
		.lease = lease,
		.done = 1000000,
		.frames_low = 999998,
		.frames_high = 1000211,
		.first_sequence = 4,
		.last_sequence = 1000003,
		.exposed_first = 3,
	};
	assert_int_equal(STATE_RUN(state, ledger_reserve, renewed, 1), 0);
}

/* All events and addresses of before this time. */
static void prune(struct state *state, uint64_t before)
{
	struct ledger_anchor anchor = {};
	uint64_t n;

	assert_int_equal(STATE_RUN(state, ledger_prune_find, before, &anchor.point), 0);
	assert_int_not_equal(anchor.point.seq, 0);
	assert_int_equal(STATE_RUN(state, ledger_prune, &anchor), 0);
	assert_int_equal(STATE_RUN(state, ledger_prune_peers, before, &n), 0);
}

/* Lease 7 was opened 500 days ago and runs; all others are of that time, too. */
static uint64_t run_for_months(struct state *state)
{
	struct ledger_event opened = make_event(7);

	write_some(state);
	opened.realtime = clock_realtime() - 500 * DAY;
	opened.reserved = 211;
	strcpy(opened.integration, "home");
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	renew(state, 7);
	prune(state, clock_realtime() + 1);
	assert_int_equal(query(state, "SELECT count(*) FROM events"), 0);
	assert_int_equal(query(state, "SELECT count(*) FROM peers"), 0);
	return opened.realtime;
}

static void test_what_is_old_goes_while_a_lease_runs(void **s)
{
	struct state *state = *s;
	struct ledger_event closed = make_closed(7);
	uint64_t opened = run_for_months(state);

	assert_int_equal(STATE_RUN(state, ledger_closed, &closed), 0);
	assert_int_equal(query(state, "SELECT since FROM events WHERE lease = 7 AND kind = 2"),
			 opened);
	assert_int_equal(query(state, "SELECT frames_low FROM events"), 6);
	assert_int_equal(query(state, "SELECT frames_high FROM events"), 7);
	assert_int_equal(query(state, "SELECT count(*) FROM reservations"), 0);
	assert_int_equal(verify(state, 0).n_events, 1);
}

static void test_a_crash_after_months_loses_nothing(void **s)
{
	struct state *state = *s;
	uint64_t opened = run_for_months(state);

	state_reopen(state);
	assert_int_equal(query(state, "SELECT since FROM events WHERE lease = 7 AND kind = 2"),
			 opened);
	assert_int_equal(query(state,
			       "SELECT count(*) FROM events JOIN peers USING (seq) WHERE"
			       " client = 'alice' AND integration = 'home' AND camera = 'front' AND"
			       " hex(camera_uuid) LIKE '01CA00%' AND right = 1 AND protocol = 1 AND"
			       " grant_id = 5 AND epoch = 4294967298 AND uncertain = 1 AND"
			       " delivered = 1000000 AND frames_low = 999998 AND"
			       " frames_high = 1000211 AND first_sequence = 4 AND"
			       " last_sequence = 1000003 AND exposed_first = 3 AND"
			       " peers.port = 53211 AND"
			       " hex(address) = '00000000000000000000FFFF7F000001'"),
			 1);
	assert_int_equal(verify(state, 0).n_events, 1);
}

/* Whoever removes a reservation makes the answer vague, and nobody vanish from it. */
static void test_a_lease_without_a_reservation_is_closed(void **s)
{
	struct state *state = *s;
	struct ledger_event opened = make_event(7);
	sqlite3 *db;

	write_some(state);
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	state_close(state);
	db = open_file(state);
	assert_int_equal(db_exec(db, "DELETE FROM reservations"), 0);
	sqlite3_close(db);
	state_open(state);
	assert_int_equal(query(state,
			       "SELECT count(*) FROM events JOIN peers USING (seq) WHERE lease = 7"
			       " AND kind = 2 AND frames_low = 0 AND uncertain = 1 AND"
			       " frames_high = 9223372036854775807 AND peers.port = 53211"),
			 1);
	assert_int_equal(verify(state, 0).n_events, 10);
}

static size_t count_rows(struct state *state, uint64_t since, uint64_t until)
{
	static struct ledger_page page;
	struct ledger_query query = {.since = since, .until = until};
	size_t n;

	assert_int_equal(STATE_RUN(state, ledger_page_read, &query, &page), 0);
	n = page.n_rows;
	ledger_page_release(&page);
	return n;
}

/* The clock was a day fast when it began, and was set right meanwhile. */
static void test_a_clock_set_back_hides_no_delivery(void **s)
{
	struct state *state = *s;
	uint64_t now = clock_realtime();
	struct ledger_event opened = make_event(7), closed = make_closed(7);

	opened.realtime = now + DAY;
	closed.realtime = now;
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	assert_int_equal(STATE_RUN(state, ledger_closed, &closed), 0);
	/* OPENED and CLOSED, CLOSED alone. */
	assert_int_equal(count_rows(state, now + DAY / 2, 0), 2);
	assert_int_equal(count_rows(state, now - DAY, now + DAY / 2), 1);
	assert_int_equal(count_rows(state, now + 2 * DAY, 0), 0);
	assert_int_equal(count_rows(state, 0, now - DAY), 0);
}

/* Whoever asks has to see that its end is not written yet. */
static void test_what_is_open_is_told_whenever_it_began(void **s)
{
	struct state *state = *s;
	struct ledger_event opened = make_event(7), closed = make_closed(7);
	uint64_t now = clock_realtime();

	opened.realtime = now - DAY;
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	assert_int_equal(count_rows(state, now, 0), 1);
	assert_int_equal(count_rows(state, 0, now - 2 * DAY), 0);
	assert_int_equal(STATE_RUN(state, ledger_closed, &closed), 0);
	assert_int_equal(count_rows(state, now, 0), 1);
	assert_int_equal(count_rows(state, clock_realtime() + DAY, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER(test_what_is_old_goes_while_a_lease_runs),
		LEDGER(test_a_crash_after_months_loses_nothing),
		LEDGER(test_a_lease_without_a_reservation_is_closed),
		LEDGER(test_a_clock_set_back_hides_no_delivery),
		LEDGER(test_what_is_open_is_told_whenever_it_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
