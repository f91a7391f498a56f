// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "session/penalties.h"
#include "session/roster.h"

#define NOW (1000 * USEC_PER_SEC)

static struct penalties penalties;

static int setup(void **state)
{
	return penalties_init(&penalties);
}

static int teardown(void **state)
{
	penalties_release(&penalties);
	return 0;
}

/* IPv4 sources in no order of theirs. */
static void source(uint32_t n, uint8_t ret[16])
{
	const uint8_t address[16] = {[10] = 0xff,
				     [11] = 0xff,
				     [12] = (uint8_t)n,
				     [13] = (uint8_t)(n >> 8),
				     [14] = (uint8_t)(n >> 16),
				     [15] = 1};

	roster_source(address, ret);
}

static uint64_t add(uint32_t from, enum penalty_kind kind, uint64_t now)
{
	uint8_t s[16];

	source(from, s);
	return penalties_add(&penalties, s, kind, now);
}

static bool refused(uint32_t from, uint64_t now)
{
	uint8_t s[16];

	source(from, s);
	return penalties_refuse(&penalties, s, now);
}

static void test_three_mistakes_are_free(void **state)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(add(1, PENALTY_CREDENTIAL, NOW), 0);
	assert_false(refused(1, NOW));
	assert_int_equal(add(1, PENALTY_CREDENTIAL, NOW), 4 * PENALTY_CREDENTIAL_USEC);
	assert_true(refused(1, NOW));
	assert_false(refused(2, NOW));
}

static void test_a_refused_source_is_so_to_the_end(void **state)
{
	uint64_t end = NOW + 4 * PENALTY_CREDENTIAL_USEC;

	for (int i = 0; i < 4; i++)
		add(1, PENALTY_CREDENTIAL, NOW);
	/* Below the minimum, too. */
	assert_true(refused(1, end - 1));
	assert_false(refused(1, end));
	/* Then it begins anew. */
	assert_int_equal(add(1, PENALTY_CREDENTIAL, end), 0);
	assert_false(refused(1, end));
}

static void test_slow_mistakes_never_add_up(void **state)
{
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(add(1, PENALTY_CREDENTIAL, NOW + i * PENALTY_CREDENTIAL_USEC), 0);
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(add(2, PENALTY_ANONYMOUS, NOW + i * PENALTY_ANONYMOUS_USEC), 0);
}

static void test_weights(void **state)
{
	assert_int_equal(add(1, PENALTY_CRASH, NOW), PENALTY_CRASH_USEC);
	for (int i = 0; i < 5; i++)
		assert_int_equal(add(2, PENALTY_GRACE, NOW), 0);
	assert_int_equal(add(2, PENALTY_GRACE, NOW), 6 * PENALTY_GRACE_USEC);
	for (int i = 0; i < 30; i++)
		assert_int_equal(add(3, PENALTY_ANONYMOUS, NOW), 0);
	assert_int_equal(add(3, PENALTY_ANONYMOUS, NOW), 31 * PENALTY_ANONYMOUS_USEC);
}

static void test_there_is_a_maximum(void **state)
{
	for (int i = 0; i < 100; i++)
		add(1, PENALTY_CRASH, NOW);
	assert_true(refused(1, NOW + PENALTY_MAX_USEC - 1));
	assert_false(refused(1, NOW + PENALTY_MAX_USEC));
}

static void test_a_64_is_one_source(void **state)
{
	uint8_t a[16] = {0x20, 1, 0xd, 0xb8, [7] = 1, [15] = 9}, b[16], s[16];

	memcpy(b, a, sizeof(b));
	b[12] = 77;
	roster_source(a, s);
	penalties_add(&penalties, s, PENALTY_CRASH, NOW);
	roster_source(b, s);
	assert_true(penalties_refuse(&penalties, s, NOW));
	b[7] = 2;
	roster_source(b, s);
	assert_false(penalties_refuse(&penalties, s, NOW));
}

static void test_many_sources_are_kept_apart(void **state)
{
	for (uint32_t i = 0; i < 1000; i++)
		add(i * 7919, i % 3 ? PENALTY_CREDENTIAL : PENALTY_CRASH, NOW);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(refused(i * 7919, NOW), i % 3 == 0);
	assert_int_equal(penalties.n, 1000);
}

static void test_a_flood_frees_nobody(void **state)
{
	uint64_t now = NOW;

	for (int i = 0; i < 4; i++)
		add(1, PENALTY_CREDENTIAL, now);
	for (uint32_t i = 0; i < 3 * PENALTY_SOURCES_MAX; i++)
		add(1000 + i, PENALTY_CREDENTIAL, ++now);
	assert_int_equal(penalties.n, PENALTY_SOURCES_MAX);
	assert_true(refused(1, now));
	/* Nor do newcomers fare better than those before them. */
	for (int i = 0; i < 4; i++)
		add(2, PENALTY_CREDENTIAL, now);
	assert_true(refused(2, now));
}

static void test_among_the_refused_the_longest_stay(void **state)
{
	for (uint32_t i = 0; i < PENALTY_SOURCES_MAX; i++)
		add(i, PENALTY_CRASH, NOW + i);
	/* A short one finds no room; one as heavy takes that of the first. */
	add(900000, PENALTY_CREDENTIAL, NOW + PENALTY_SOURCES_MAX);
	assert_true(refused(0, NOW + PENALTY_SOURCES_MAX));
	add(900001, PENALTY_CRASH, NOW + PENALTY_SOURCES_MAX);
	assert_true(refused(900001, NOW + PENALTY_SOURCES_MAX));
	assert_false(refused(0, NOW + PENALTY_SOURCES_MAX));
	assert_true(refused(1, NOW + PENALTY_SOURCES_MAX));
}

static void test_what_has_run_off_makes_room_first(void **state)
{
	uint64_t later = NOW + PENALTY_CRASH_USEC;

	for (uint32_t i = 1; i < PENALTY_SOURCES_MAX; i++)
		add(i, PENALTY_CRASH, NOW);
	add(900000, PENALTY_CREDENTIAL, later - 1);
	assert_int_equal(add(900001, PENALTY_ANONYMOUS, later), 0);
	assert_int_equal(penalties.n, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_three_mistakes_are_free),
		TEST(test_a_refused_source_is_so_to_the_end),
		TEST(test_slow_mistakes_never_add_up),
		TEST(test_weights),
		TEST(test_there_is_a_maximum),
		TEST(test_a_64_is_one_source),
		TEST(test_many_sources_are_kept_apart),
		TEST(test_a_flood_frees_nobody),
		TEST(test_among_the_refused_the_longest_stay),
		TEST(test_what_has_run_off_makes_room_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
