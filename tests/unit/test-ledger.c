// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ledger: its rows, its pages, what a crash leaves, and what a flood of denials costs. */
#include "broker/ledger-denials.h"
#include "ledger-state.h"

static void test_rows_hold_what_was_said(void **s)
{
	struct state *state = *s;
	uint64_t before = clock_realtime();

	write_some(state);
	assert_int_equal(verify(state, 0).n_events, 8);
	assert_int_equal(
		query(state,
		      "SELECT count(*) FROM events WHERE kind = 2 AND client = 'alice' AND "
		      "camera = 'front' AND hex(camera_uuid) LIKE '01CA00%' AND right = 1 AND "
		      "protocol = 1 AND peer = zeroblob(16) AND port = 0 AND "
		      "length(peer_hash) = 32 AND exposed_first = 90 AND exposed_next = 112 AND "
		      "exposed = 22 AND since <= realtime AND epoch = 4294967298 AND reason = "
		      "'viewer' AND "
		      "grant_id = 5 AND run = 1 AND stream = 0"),
		4);
	assert_int_equal(query(state,
			       "SELECT count(DISTINCT salt) FROM peers WHERE port = 53211 AND "
			       "hex(address) = '00000000000000000000FFFF7F000001'"),
			 8);
	assert_int_equal(
		query(state, "SELECT count(*) FROM events WHERE kind = 2 AND offered = delivered + "
			     "skipped_late + skipped_overrun + skipped_join + skipped_switch AND "
			     "skipped_late = 2 AND skipped_switch = 1 AND first_sequence = 101 AND "
			     "last_sequence = 110 AND frames_low = 6 AND frames_high = 7 AND "
			     "bytes_acked = 60000 AND bytes_sent = 70000 AND uncertain = 0"),
		4);
	assert_int_equal(query(state, "SELECT count(*) FROM events WHERE kind = 1 AND offered IS "
				      "NULL AND uncertain IS NULL"),
			 4);
	assert_true(query(state, "SELECT min(realtime) FROM events") >= before);
	assert_true(query(state, "SELECT max(boottime) FROM events") <= clock_now(CLOCK_BOOTTIME));
}

static void test_a_lease_opens_and_closes_once(void **s)
{
	struct state *state = *s;
	struct ledger_event opened = make_event(1), closed = make_closed(1), none = make_event(0);

	assert_int_equal(STATE_RUN(state, ledger_closed, &closed), -ENOENT);
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), -EEXIST);
	assert_int_equal(STATE_RUN(state, ledger_closed, &closed), 0);
	assert_int_equal(STATE_RUN(state, ledger_closed, &closed), -ENOENT);
	assert_int_equal(STATE_RUN(state, ledger_opened, &none), -EINVAL);
	opened.lease = 2;
	opened.epoch = UINT64_MAX;
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), -EINVAL);
	assert_int_equal(verify(state, 0).n_events, 2);
}

static void test_rows_cannot_be_changed_by_accident(void **s)
{
	static const char *const tries[] = {
		"UPDATE events SET client = 'bob'",
		"DELETE FROM events",
		"INSERT INTO events SELECT * FROM events WHERE seq = 1",
		"INSERT OR REPLACE INTO events SELECT * FROM events WHERE seq = 1",
	};
	struct state *state = *s;
	sqlite3 *db;

	write_some(state);
	state_close(state);
	db = open_file(state);
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++)
		assert_int_equal(sqlite3_exec(db, tries[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
	sqlite3_close(db);
	assert_int_equal(verify(state, 0).n_events, 8);
}

/* Written once by hand from the text in ledger.h, with Python's hashlib. */
static void test_the_encoding_is_as_documented(void **s)
{
	static const char *const expected =
		"50ca80334723b8fa28ccd2ef18510d9c5b70d167d1de795ebe69f62c9f5e75de";
	struct ledger_context context = {.kind = LEDGER_OPENED, .run = 1, .seq = 1};
	struct ledger_event event = make_event(1);
	uint8_t zeros[LEDGER_HASH_SIZE] = {0}, hash[LEDGER_HASH_SIZE];
	char text[2 * LEDGER_HASH_SIZE + 1];
	struct ledger_row row;

	event.realtime = 1000;
	event.boottime = 500;
	assert_int_equal(ledger_row_make(&context, &event, &row), 0);
	ledger_row_hash(&row, zeros, hash);
	format_hex(hash, sizeof(hash), text);
	assert_string_equal(text, expected);
}

static void test_a_crash_closes_what_was_open(void **s)
{
	struct state *state = *s;
	struct ledger_event opened = make_event(7), again = make_event(8);
	struct ledger_reservation *renewed = calloc(1, sizeof(*renewed));

	write_some(state);
	opened.reserved = again.reserved = 211;
	*renewed = (struct ledger_reservation){
		.lease = 8,
		.done = 100,
		.frames_low = 97,
		.frames_high = 311,
		.first_sequence = 4,
		.last_sequence = 103,
		.exposed_first = 3,
	};
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	assert_int_equal(STATE_RUN(state, ledger_opened, &again), 0);
	assert_int_equal(STATE_RUN(state, ledger_reserve, renewed, 1), 0);
	state_reopen(state);
	assert_int_equal(verify(state, 0).n_events, 12);
	assert_int_equal(
		query(state, "SELECT count(*) FROM events WHERE kind = 2 AND lease IN (7, 8) AND "
			     "reason = '" LEDGER_REASON_CRASH "' AND uncertain = 1 AND run = 2 AND "
			     "client = 'alice' AND camera = 'front' AND "
			     "epoch = 4294967298 AND grant_id = 5"),
		2);
	assert_int_equal(query(state, "SELECT count(*) FROM peers WHERE port = 53211"), 12);
	assert_int_equal(query(state,
			       "SELECT count(*) FROM events WHERE kind = 2 AND lease = 7 AND "
			       "frames_low = 0 AND frames_high = 211 AND delivered = 0"),
			 1);
	assert_int_equal(query(state,
			       "SELECT count(*) FROM events WHERE kind = 2 AND lease = 8 AND "
			       "frames_low = 97 AND frames_high = 311 AND delivered = 100 "
			       "AND first_sequence = 4 AND last_sequence = 103 AND "
			       "exposed_first = 3 AND exposed = 0"),
			 1);
	state_reopen(state);
	assert_int_equal(verify(state, 0).n_events, 12);
}

static void test_what_no_row_can_hold(void **s)
{
	struct ledger_reservation r = {.lease = 8, .frames_high = INT64_MAX};

	assert_true(ledger_reservation_valid(&r));
	r.frames_high++;
	assert_false(ledger_reservation_valid(&r));
	r = (struct ledger_reservation){.lease = 8, .exposed_first = UINT64_MAX};
	assert_false(ledger_reservation_valid(&r));
}

static struct ledger_event make_denied(const char *client, const char *camera)
{
	struct ledger_event event = make_event(0);

	snprintf(event.client, sizeof(event.client), "%s", client);
	snprintf(event.camera, sizeof(event.camera), "%s", camera);
	strcpy(event.reason, "no grant");
	return event;
}

static void test_a_flood_of_denials_is_two_rows(void **s)
{
	struct state *state = *s;
	struct ledger_event denied = make_denied("stranger", "front"), opened = make_event(1);
	uint64_t queued = 1;

	assert_int_equal(ledger_denied(state->store, &denied), 0);
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	for (int i = 0; i < 20000; i++)
		queued += ledger_denied(state->store, &denied) == 0;
	/* The flood has not filled the queue of the others. */
	opened.lease = 2;
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	state_reopen(state);
	assert_int_equal(verify(state, 0).n_events, 6); /* with two opened and closed */
	assert_int_equal(query(state, "SELECT count(*) FROM events WHERE kind = 3"), 2);
	assert_int_equal(query(state, "SELECT sum(count) FROM events WHERE kind = 3"), queued);
}

static void test_denials_need_a_client(void **s)
{
	struct state *state = *s;
	struct ledger_event denied = make_denied("", "front");

	assert_int_equal(ledger_denied(state->store, &denied), -EINVAL);
	denied = make_denied("stranger", "front");
	denied.lease = 1;
	assert_int_equal(ledger_denied(state->store, &denied), -EINVAL);
	denied.lease = 0;
	denied.epoch = UINT64_MAX;
	assert_int_equal(ledger_denied(state->store, &denied), -EINVAL);
}

/* Clients and cameras without end: what is kept is bounded, nothing is left uncounted. */
static void test_denials_are_bounded(void **s)
{
	static struct ledger_denials denials;
	uint64_t count = 0;
	size_t one_client = 0;

	memset(&denials, 0, sizeof(denials));
	for (int i = 0; i < 5000; i++) {
		char camera[32], client[32];
		struct ledger_event event;

		snprintf(camera, sizeof(camera), "camera%d", i);
		event = make_denied("stranger", camera);
		ledger_denials_add(&denials, &event, 100);
		snprintf(client, sizeof(client), "client%d", i);
		event = make_denied(client, "front");
		ledger_denials_add(&denials, &event, 100);
	}
	assert_true(denials.n <= LEDGER_DENIALS_MAX);
	for (size_t i = 0; i < denials.n; i++) {
		count += denials.entries[i].count;
		one_client += strcmp(denials.entries[i].event.client, "stranger") == 0;
	}
	assert_int_equal(count, 10000);
	assert_int_equal(one_client, LEDGER_DENIALS_PER_CLIENT);

	assert_int_equal(ledger_denials_due(&denials), 100);
	ledger_denials_written(&denials, 100);
	assert_int_equal(ledger_denials_due(&denials), 100 + LEDGER_DENIED_WINDOW);
	ledger_denials_written(&denials, 100 + LEDGER_DENIED_WINDOW);
	assert_int_equal(denials.n, 0);
	assert_int_equal(ledger_denials_due(&denials), UINT64_MAX);
}

static void test_pages_go_on_where_the_last_one_ended(void **s)
{
	static struct ledger_page page;
	struct ledger_query any = {}, bob = {.client = "bob"}, early = {.until = 1};
	struct state *state = *s;
	uint64_t n = 0;

	for (uint64_t lease = 1; lease <= 150; lease++) {
		struct ledger_event opened = make_event(lease), closed = make_closed(lease);

		if (lease == 140)
			strcpy(opened.client, "bob");
		assert_int_equal(ledger_opened(state->store, &opened, NULL, NULL), 0);
		assert_int_equal(ledger_closed(state->store, &closed, NULL, NULL), 0);
	}
	do {
		assert_int_equal(STATE_RUN(state, ledger_page_read, &any, &page), 0);
		for (size_t i = 0; i < page.n_rows; i++)
			assert_int_equal(page.rows[i].values[LEDGER_COLUMN_SEQ].integer, ++n);
		any.after = page.next;
		ledger_page_release(&page);
	} while (any.after);
	assert_int_equal(n, 300);
	assert_int_equal(STATE_RUN(state, ledger_page_read, &bob, &page), 0);
	assert_int_equal(page.n_rows, 0);
	assert_int_equal(page.next, LEDGER_PAGE_ROWS);
	bob.after = page.next;
	assert_int_equal(STATE_RUN(state, ledger_page_read, &bob, &page), 0);
	assert_int_equal(page.n_rows, 1);
	assert_int_equal(page.rows[0].values[LEDGER_COLUMN_LEASE].integer, 140);
	ledger_page_release(&page);
	assert_int_equal(STATE_RUN(state, ledger_page_read, &early, &page), 0);
	assert_int_equal(page.n_rows, 0);
}

static void add_lease_of(struct state *state, uint64_t lease, const char *from, const char *to)
{
	struct ledger_event opened = make_event(lease), closed = make_closed(lease);

	strcpy(opened.integration, from);
	strcpy(closed.integration, to);
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	assert_int_equal(STATE_RUN(state, ledger_closed, &closed), 0);
}

/* Old ledgers: an end said what the client was in by then, and belongs to where it was opened, too.
 */
static void test_an_end_belongs_to_where_it_was_opened(void **s)
{
	/* Of the rows that are found: seq 1 to 6, opened and closed in turn. */
	static const struct {
		const char *integration;
		unsigned n;
		int64_t seqs[4];
	} cases[] = {
		{"nest", 3, {1, 2, 4}},
		{"hub", 4, {2, 3, 4, 6}},
		{"other", 2, {5, 6}},
		{"none", 0, {0}},
	};
	static struct ledger_page page;
	struct state *state = *s;

	add_lease_of(state, 1, "nest", "hub");
	add_lease_of(state, 2, "hub", "nest");
	add_lease_of(state, 3, "other", "hub");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ledger_query query = {};

		strcpy(query.integration, cases[i].integration);
		assert_int_equal(STATE_RUN(state, ledger_page_read, &query, &page), 0);
		assert_int_equal(page.n_rows, cases[i].n);
		for (size_t k = 0; k < page.n_rows; k++)
			assert_int_equal(page.rows[k].values[LEDGER_COLUMN_SEQ].integer,
					 cases[i].seqs[k]);
		ledger_page_release(&page);
	}
}

static const struct ledger_chain_value *bound(const struct ledger_page *page, size_t row,
					      enum ledger_page_column column)
{
	return &page->rows[row].values[ledger_chain_n_columns + column];
}

/* What is open has the bounds of its reservation, if that is asked for. */
static void test_what_is_open_has_bounds(void **s)
{
	static struct ledger_page page;
	struct ledger_query with = {.reservations = true}, without = {};
	struct ledger_event opened = make_event(7);
	struct state *state = *s;

	write_some(state);
	opened.reserved = 211;
	assert_int_equal(STATE_RUN(state, ledger_opened, &opened), 0);
	assert_int_equal(STATE_RUN(state, ledger_page_read, &with, &page), 0);
	assert_int_equal(page.n_rows, 9);
	for (size_t i = 0; i < page.n_rows; i++)
		assert_int_equal(bound(&page, i, LEDGER_PAGE_HIGH)->type, i == 8 ? 'i' : 0);
	assert_int_equal(bound(&page, 8, LEDGER_PAGE_LOW)->integer, 0);
	assert_int_equal(bound(&page, 8, LEDGER_PAGE_HIGH)->integer, 211);
	ledger_page_release(&page);
	assert_int_equal(STATE_RUN(state, ledger_page_read, &without, &page), 0);
	assert_int_equal(page.n_rows, 9);
	assert_int_equal(bound(&page, 8, LEDGER_PAGE_LOW)->type, 0);
	ledger_page_release(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER(test_rows_hold_what_was_said),
		LEDGER(test_a_lease_opens_and_closes_once),
		LEDGER(test_pages_go_on_where_the_last_one_ended),
		LEDGER(test_an_end_belongs_to_where_it_was_opened),
		LEDGER(test_what_is_open_has_bounds),
		LEDGER(test_rows_cannot_be_changed_by_accident),
		cmocka_unit_test(test_the_encoding_is_as_documented),
		LEDGER(test_a_crash_closes_what_was_open),
		cmocka_unit_test(test_what_no_row_can_hold),
		LEDGER(test_a_flood_of_denials_is_two_rows),
		LEDGER(test_denials_need_a_client),
		cmocka_unit_test(test_denials_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
