// SPDX-License-Identifier: LGPL-2.1-or-later
/* The name that a device gets when it is plugged in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "name/encoder.h"
#include "name/given.h"
#include "name/place.h"
#include "name/rules.h"

static const struct device device = {
	.id_path = "usb-1",
	.serial = "Maker_Eye_A1",
	.serial_short = "A1",
};

struct house {
	char directory[32];
};

static int setup(void **state)
{
	struct house *h = calloc(1, sizeof(*h));

	snprintf(h->directory, sizeof(h->directory), "/tmp/camward-name-%d", getpid());
	*state = h;
	return mkdir(h->directory, 0700);
}

static int teardown(void **state)
{
	struct house *h = *state;
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", h->directory);
	free(h);
	return system(command);
}

static void write_file(struct house *h, const char *file, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", h->directory, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_found(struct house *h, int expected, const char *expected_name)
{
	char name[NAME_SIZE], error[RULES_ERROR_SIZE];

	assert_int_equal(rules_find(h->directory, &device, name, error), expected);
	if (expected > 0)
		assert_string_equal(name, expected_name);
	assert_true((expected < 0) == (error[0] != '\0'));
}

static void test_a_file_names_its_device(void **state)
{
	assert_found(*state, 0, "");
	write_file(*state, "plain.conf", "[camera]\nfps=5\n");
	write_file(*state, "other.conf", "[match]\nserial=B2\n");
	write_file(*state, "half.conf", "[match]\nserial=A1\nid_path=usb-2\n");
	write_file(*state, "half2.conf", "[match]\nid_path=usb-2\nserial=A1\n");
	write_file(*state, "Not a name.conf", "[match]\nserial=A1\n");
	write_file(*state, "note.txt", "[match]\nserial=A1\n");
	assert_found(*state, 0, "");
	write_file(*state, "front-door.conf", "[match]\nserial=A1\nid_path=usb-1\n");
	assert_found(*state, 1, "front-door");
}

static void test_the_long_serial_will_do(void **state)
{
	write_file(*state, "eye.conf", "[match]\nserial=Maker_Eye_A1\n");
	assert_found(*state, 1, "eye");
}

static void test_two_files_are_one_too_many(void **state)
{
	write_file(*state, "one.conf", "[match]\nserial=A1\n");
	write_file(*state, "two.conf", "[match]\nid_path=usb-1\n");
	assert_found(*state, -EEXIST, "");
}

static void test_a_mistake_names_nobody(void **state)
{
	write_file(*state, "front.conf", "[match]\nseriel=A1\n");
	assert_found(*state, -EINVAL, "");
	write_file(*state, "front.conf", "[match]\nserial=\n");
	assert_found(*state, -EINVAL, "");
}

static void test_places_become_names(void **state)
{
	char name[NAME_SIZE];

	assert_int_equal(place_name("pci-0000:00:14.0-usb-0:3:1.0", "0", name), 0);
	assert_string_equal(name, "pci-0000_3a00_3a14.0-usb-0_3a3_3a1.0-0");
	assert_int_equal(place_name("Pci", "0", name), -EINVAL);
	assert_int_equal(place_name("", "0", name), -EINVAL);
}

static void test_places_never_share_a_name(void **state)
{
	const char *const places[] = {
		"usb-a:b",
		"usb-a_b",
		"usb-a_3ab",
		"usb-A_b",
		"usb-a+b",
		"platform-0123456789:0123456789:0123456789:0123456789:0123456789:1",
		"platform-0123456789:0123456789:0123456789:0123456789:0123456789:2",
	};
	char names[ARRAY_SIZE(places)][NAME_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_int_equal(place_name(places[i], "0", names[i]), 0);
		assert_true(name_valid(names[i]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	}
}

static void assert_given(struct house *h, int expected, const char *expected_name)
{
	char path[128], name[NAME_SIZE] = "usb-1-0";

	snprintf(path, sizeof(path), "%s/names", h->directory);
	assert_int_equal(given_find(path, name), expected);
	assert_string_equal(name, expected_name);
}

static void test_an_owners_name_replaces_a_place(void **state)
{
	struct house *h = *state;

	assert_given(h, 0, "usb-1-0");
	write_file(h, "names", "");
	assert_given(h, 0, "usb-1-0");
	write_file(h, "names", "usb-1 wrong\nusb-1-0 front\nfront not-twice\n");
	assert_given(h, 0, "front");
}

static void test_a_damaged_file_of_names_names_nothing(void **state)
{
	static const char *const damaged[] = {
		"usb-1-0 front",
		"usb-1-0 ../front\n",
		"usb-1-0 front back\n",
		"usb-1-0\n",
		"usb-1-0 front\n\n",
		"usb-1-0 front\nUSB x\n",
		("usb-1-0 "
		 "front\n0123456789012345678901234567890123456789012345678901234567890123456789"
		 "01234567890123456789012345678901234567890123456789012345678901234567890 x\n"),
	};
	struct house *h = *state;
	char path[128], other[128];

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		write_file(h, "names", damaged[i]);
		assert_given(h, -EINVAL, "usb-1-0");
	}
	snprintf(path, sizeof(path), "%s/names", h->directory);
	snprintf(other, sizeof(other), "%s/other", h->directory);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_given(h, -ELOOP, "usb-1-0");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_given(h, -EPERM, "usb-1-0");
}

/* That one which is an encoder is found shows in the virtual machine. */
static void test_what_is_no_encoder_is_told_apart(void **state)
{
	assert_int_equal(encoder_probe("/dev/null"), 0);
	assert_int_equal(encoder_probe("/dev/nothing-here"), -ENOENT);
	assert_int_equal(converter_probe("/dev/null"), 0);
	assert_int_equal(converter_probe("/dev/nothing-here"), -ENOENT);
	assert_int_equal(card_probe("/dev/null"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_file_names_its_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_long_serial_will_do, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_files_are_one_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_mistake_names_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_owners_name_replaces_a_place, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_damaged_file_of_names_names_nothing, setup,
						teardown),
		cmocka_unit_test(test_what_is_no_encoder_is_told_apart),
		cmocka_unit_test(test_places_become_names),
		cmocka_unit_test(test_places_never_share_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
