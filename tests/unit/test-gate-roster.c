// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "session/roster.h"

static const struct roster_limits limits = {
	.connections = 10,
	.pending = 6,
	.pending_per_source = 4,
};

static struct roster roster;
static uint64_t next;

static void source(uint8_t n, uint8_t ret[16])
{
	const uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [15] = n};

	roster_source(address, ret);
}

static struct roster_entry *add(uint8_t from, uint64_t accepted)
{
	struct roster_entry e = {.accepted = accepted};

	e.connection = ++next;
	e.pid = (int)next;
	source(from, e.source);
	return roster_add(&roster, &e);
}

static enum roster_verdict judge(uint8_t from, uint64_t now, struct roster_entry **victim)
{
	uint8_t s[16];

	source(from, s);
	return roster_judge(&roster, s, now, victim);
}

static int setup(void **state)
{
	next = 0;
	return roster_init(&roster, &limits);
}

static int teardown(void **state)
{
	roster_release(&roster);
	return 0;
}

static void test_sources(void **state)
{
	uint8_t a[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9, 9}, b[16], one[16], other[16];

	memcpy(b, a, sizeof(b));
	b[15] = 7;
	roster_source(a, one);
	roster_source(b, other);
	assert_memory_equal(one, other, 16);
	b[7] = 2;
	roster_source(b, other);
	assert_memory_not_equal(one, other, 16);
	source(1, one);
	source(2, other);
	assert_memory_not_equal(one, other, 16);
}

static void test_below_the_limits_everybody_is_admitted(void **state)
{
	struct roster_entry *victim;

	for (unsigned i = 0; i < limits.pending_per_source; i++) {
		assert_int_equal(judge(1, 0, &victim), ROSTER_ADMIT);
		add(1, 0);
	}
	assert_int_equal(judge(2, 0, &victim), ROSTER_ADMIT);
	assert_null(victim);
}

static void test_a_full_source_gives_up_its_oldest_after_a_moment(void **state)
{
	struct roster_entry *victim, *first = add(1, 100);

	for (unsigned i = 1; i < limits.pending_per_source; i++)
		add(1, 200);
	assert_int_equal(judge(1, 100 + ROSTER_MERCY_USEC - 1, &victim), ROSTER_REFUSE);
	assert_int_equal(judge(1, 100 + ROSTER_MERCY_USEC, &victim), ROSTER_REPLACE);
	assert_ptr_equal(victim, first);
	/* Somebody else does not pay for it. */
	assert_int_equal(judge(2, 100, &victim), ROSTER_ADMIT);
}

static void test_when_all_is_full_the_fullest_source_gives_way(void **state)
{
	struct roster_entry *victim;
	uint64_t late = 10 * USEC_PER_SEC;

	add(1, 0);
	add(2, 5);
	add(2, 6);
	add(2, 7);
	add(1, 8);
	add(3, 9);
	assert_int_equal(judge(4, late, &victim), ROSTER_REPLACE);
	assert_int_equal(victim->accepted, 5);
	assert_int_equal(judge(4, 10, &victim), ROSTER_REFUSE);
}

static void test_the_admitted_are_never_touched(void **state)
{
	struct roster_entry *victim;

	for (unsigned i = 0; i < limits.connections; i++)
		add((uint8_t)i, 0)->admitted = 1;
	assert_int_equal(judge(1, 10 * USEC_PER_SEC, &victim), ROSTER_REFUSE);
	assert_null(victim);
	assert_null(roster_oldest_pending(&roster));
}

static void test_the_admitted_fill_up_connections_only(void **state)
{
	struct roster_entry *victim;

	for (unsigned i = 0; i < limits.connections - 1; i++)
		add(1, 0)->admitted = 1;
	assert_int_equal(judge(1, 0, &victim), ROSTER_ADMIT);
	add(1, 0);
	assert_int_equal(judge(2, ROSTER_MERCY_USEC, &victim), ROSTER_REPLACE);
	assert_int_equal(victim->connection, limits.connections);
}

static void test_the_killed_count_for_nothing(void **state)
{
	struct roster_entry *victim;

	for (unsigned i = 0; i < limits.pending_per_source; i++)
		add(1, 0);
	roster.entries[0].ending = 1;
	assert_int_equal(judge(1, 0, &victim), ROSTER_ADMIT);
	assert_int_equal(roster_oldest_pending(&roster)->connection, 2);
}

static void test_there_is_an_end_to_killed_ones(void **state)
{
	struct roster_entry *victim;

	for (unsigned i = 0; i < limits.connections + ROSTER_SPARE; i++)
		add(1, 0)->ending = 1;
	assert_int_equal(judge(1, 0, &victim), ROSTER_REFUSE);
}

static void test_find_and_remove(void **state)
{
	add(1, 1);
	add(1, 2);
	add(1, 3);
	roster_remove(&roster, roster_find(&roster, 2));
	assert_int_equal(roster.n, 2);
	assert_null(roster_find(&roster, 2));
	assert_int_equal(roster_find(&roster, 3)->accepted, 3);
	assert_int_equal(roster_find_pid(&roster, 1)->accepted, 1);
	assert_null(roster_find_pid(&roster, 9));
}

static void test_limits_are_checked(void **state)
{
	struct roster_limits bad = limits;
	struct roster r;

	bad.connections = ROSTER_MAX + 1;
	assert_int_equal(roster_init(&r, &bad), -EINVAL);
	bad = limits;
	bad.pending_per_source = 0;
	assert_int_equal(roster_init(&r, &bad), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sources),
		TEST(test_below_the_limits_everybody_is_admitted),
		TEST(test_a_full_source_gives_up_its_oldest_after_a_moment),
		TEST(test_when_all_is_full_the_fullest_source_gives_way),
		TEST(test_the_admitted_are_never_touched),
		TEST(test_the_admitted_fill_up_connections_only),
		TEST(test_the_killed_count_for_nothing),
		TEST(test_there_is_an_end_to_killed_ones),
		TEST(test_find_and_remove),
		TEST(test_limits_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
