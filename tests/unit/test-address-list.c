// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "session/address-list.h"

static bool has(const struct address_list *list, const char *text)
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, text, address + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, address), 1);
	return address_list_has(list, address);
}

static void test_single_addresses(void **state)
{
	struct address_list list = {};

	assert_int_equal(address_list_parse(&list, "192.0.2.7,::1"), 0);
	assert_true(has(&list, "192.0.2.7"));
	assert_true(has(&list, "::1"));
	assert_false(has(&list, "192.0.2.6"));
	assert_false(has(&list, "::2"));
	assert_false(has(&list, "::"));
}

static void test_ranges(void **state)
{
	struct address_list list = {};

	assert_int_equal(address_list_parse(&list, "127.0.0.0/8"), 0);
	assert_int_equal(address_list_parse(&list, "192.0.2.128/25,2001:db8:0:8000::/49"), 0);
	assert_true(has(&list, "127.255.0.1"));
	assert_false(has(&list, "128.0.0.1"));
	assert_true(has(&list, "192.0.2.128"));
	assert_true(has(&list, "192.0.2.255"));
	assert_false(has(&list, "192.0.2.127"));
	assert_true(has(&list, "2001:db8:0:ffff::1"));
	assert_false(has(&list, "2001:db8:0:7fff::1"));
}

static void test_all_of_one_family_is_not_all(void **state)
{
	struct address_list six = {}, four = {};

	assert_int_equal(address_list_parse(&six, "::/0"), 0);
	assert_true(has(&six, "fe80::1"));
	assert_false(has(&six, "192.0.2.1"));
	assert_int_equal(address_list_parse(&four, "0.0.0.0/0"), 0);
	assert_true(has(&four, "192.0.2.1"));
	assert_false(has(&four, "::1"));
}

static void test_an_empty_list_has_nobody(void **state)
{
	struct address_list list = {};

	assert_false(has(&list, "0.0.0.0"));
	assert_false(has(&list, "::"));
}

static void test_mistakes_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		",",
		"127.0.0.1,",
		",127.0.0.1",
		"127.0.0.1 ,::1",
		"127.0.0.1/33",
		"127.0.0.1/",
		"127.0.0.1/-1",
		"127.0.0.1/8",
		"::1/129",
		"2001:db8::1/64",
		"::ffff:127.0.0.1",
		"::ffff:0:0/96",
		"fe80::1%lo",
		"localhost",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct address_list list = {};

		assert_int_equal(address_list_parse(&list, bad[i]), -EINVAL);
	}
}

static void test_there_is_an_end_to_ranges(void **state)
{
	struct address_list list = {};

	for (int i = 0; i < ADDRESS_LIST_MAX; i++)
		assert_int_equal(address_list_parse(&list, "::1"), 0);
	assert_int_equal(address_list_parse(&list, "::1"), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_addresses),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_all_of_one_family_is_not_all),
		cmocka_unit_test(test_an_empty_list_has_nobody),
		cmocka_unit_test(test_mistakes_are_refused),
		cmocka_unit_test(test_there_is_an_end_to_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
