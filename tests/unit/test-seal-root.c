// SPDX-License-Identifier: LGPL-2.1-or-later
/* The device's seal root and the numbers of epochs: made once, kept, never quietly replaced. */
#include <fcntl.h>
#include <string.h>

#include "broker-state.h"
#include "broker/epoch-run.h"
#include "broker/seal-root.h"
#include "seal/certificate.h"

#define FILE_MAX 256

static int setup(void **state)
{
	static struct state s;

	state_make(&s);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct state *s = *state;

	nftw(s->dir, state_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static int open_file(const struct state *s, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	return open(path, flags | O_CLOEXEC, 0600);
}

static size_t read_file(const struct state *s, const char *name, char text[FILE_MAX])
{
	int fd = open_file(s, name, O_RDONLY);
	ssize_t n = read(fd, text, FILE_MAX);

	assert_true(n >= 0);
	close(fd);
	return (size_t)n;
}

static void write_file(const struct state *s, const char *name, const char *text, size_t n)
{
	int fd = open_file(s, name, O_WRONLY | O_CREAT | O_TRUNC);

	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

static struct seal_root *load(const struct state *s)
{
	struct seal_root *root;

	assert_int_equal(seal_root_load_or_make(s->dir, &root), 0);
	return root;
}

static void public_key(const struct seal_root *root, uint8_t ret[SEAL_KEY_SIZE])
{
	const char *pem = seal_root_pem(root);

	assert_int_equal(seal_public_read(pem, strlen(pem), ret), 0);
}

static void it_stays_what_it_was_made(void **state)
{
	struct state *s = *state;
	struct seal_root *made = load(s), *loaded = load(s);
	struct stat st;
	int fd = open_file(s, SEAL_ROOT_FILE, O_RDONLY);

	assert_string_equal(seal_root_pem(made), seal_root_pem(loaded));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	close(fd);
	seal_root_free(made);
	seal_root_free(loaded);
}

static void what_it_certifies_can_be_checked(void **state)
{
	static const uint8_t uuid[UUID_SIZE] = {1, 2, 3}, key[SEAL_KEY_SIZE] = {4, 5, 6};
	uint8_t public[SEAL_KEY_SIZE], bytes[SEAL_CERTIFICATE_SIZE_MAX];
	const struct seal_root_epoch epoch = {
		.camera_uuid = uuid,
		.camera_name = "front",
		.epoch = 7,
		.issued = 8,
		.key = key,
	};
	struct seal_root *root = load(*state);
	struct seal_certificate c;
	int n = seal_root_certify(root, &epoch, bytes, sizeof(bytes));

	public_key(root, public);
	assert_true(n > 0);
	assert_int_equal(seal_certificate_read(bytes, (size_t)n, public, &c), n);
	assert_memory_equal(c.camera_uuid, uuid, UUID_SIZE);
	assert_string_equal(c.camera_name, "front");
	assert_int_equal(c.epoch, 7);
	assert_int_equal(c.issued, 8);
	assert_memory_equal(c.key, key, SEAL_KEY_SIZE);
	assert_int_equal(seal_root_certify(root, &epoch, bytes, (size_t)n - 1), -EMSGSIZE);
	seal_root_free(root);
}

static void assert_damaged(const struct state *s, const char *text, size_t n)
{
	char after[FILE_MAX];
	struct seal_root *root;

	write_file(s, SEAL_ROOT_FILE, text, n);
	assert_int_equal(seal_root_load_or_make(s->dir, &root), -EUCLEAN);
	assert_int_equal(read_file(s, SEAL_ROOT_FILE, after), n);
	assert_memory_equal(after, text, n);
}

/* Another seed would be as good a key: the public half gives it away. */
static void a_damaged_one_is_neither_used_nor_replaced(void **state)
{
	struct state *s = *state;
	char good[FILE_MAX], bad[FILE_MAX];
	size_t n;

	seal_root_free(load(s));
	n = read_file(s, SEAL_ROOT_FILE, good);
	for (size_t i = 0; i < n; i++) {
		memcpy(bad, good, n);
		bad[i] = bad[i] == '0' ? '1' : '0';
		assert_damaged(s, bad, n);
	}
	for (size_t size = 0; size < n; size++)
		assert_damaged(s, good, size);
	memcpy(bad, good, n);
	bad[n] = '\n';
	assert_damaged(s, bad, n + 1);
	write_file(s, SEAL_ROOT_FILE, good, n);
	seal_root_free(load(s));
}

static void others_may_not_read_it(void **state)
{
	struct state *s = *state;
	struct seal_root *root;
	int fd;

	seal_root_free(load(s));
	fd = open_file(s, SEAL_ROOT_FILE, O_RDONLY);
	assert_int_equal(fchmod(fd, 0640), 0);
	close(fd);
	assert_int_equal(seal_root_load_or_make(s->dir, &root), -EPERM);
}

static void remove_file(const struct state *s, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	assert_int_equal(unlink(path), 0);
}

/* Viewers have pinned it: a new one in its place would be a surprise to each of them. */
static void a_missing_one_is_not_replaced(void **state)
{
	struct state *s = *state;
	struct seal_root *root;
	uint64_t run;

	seal_root_free(load(s));
	assert_int_equal(epoch_run_next(s->dir, 1, &run), 0);
	remove_file(s, SEAL_ROOT_FILE);
	assert_int_equal(seal_root_load_or_make(s->dir, &root), -ENOKEY);
	assert_int_equal(open_file(s, SEAL_ROOT_FILE, O_RDONLY), -1);
	/* Who wants a new one says so, by removing what belongs to the old one. */
	remove_file(s, EPOCH_RUN_FILE);
	root = load(s);
	assert_true(seal_root_is_new(root));
	seal_root_free(root);
	root = load(s);
	assert_false(seal_root_is_new(root));
	seal_root_free(root);
}

static void a_crash_while_it_is_made_does_no_harm(void **state)
{
	struct state *s = *state;
	uint64_t run;

	seal_root_free(load(s));
	remove_file(s, SEAL_ROOT_FILE);
	seal_root_free(load(s));
	assert_int_equal(epoch_run_next(s->dir, 1, &run), 0);
	assert_int_equal(run, 1);
}

/* An epoch could be given twice under one root. */
static void missing_numbers_are_not_begun_anew(void **state)
{
	struct state *s = *state;
	uint64_t run;

	seal_root_free(load(s));
	remove_file(s, EPOCH_RUN_FILE);
	assert_int_equal(epoch_run_next(s->dir, 7, &run), -ENOKEY);
	assert_int_equal(open_file(s, EPOCH_RUN_FILE, O_RDONLY), -1);
}

static void runs_rise_whatever_the_database_says(void **state)
{
	struct state *s = *state;
	uint64_t run;

	seal_root_free(load(s));
	assert_int_equal(epoch_run_next(s->dir, 1, &run), 0);
	assert_int_equal(run, 1);
	assert_int_equal(epoch_run_next(s->dir, 2, &run), 0);
	assert_int_equal(run, 2);
	/* Restored from a copy, then made anew. */
	assert_int_equal(epoch_run_next(s->dir, 1, &run), 0);
	assert_int_equal(run, 3);
	assert_int_equal(epoch_run_next(s->dir, 9, &run), 0);
	assert_int_equal(run, 9);
	assert_int_equal(epoch_run_next(s->dir, 1, &run), 0);
	assert_int_equal(run, 10);
}

static void runs_that_are_not_known_are_not_guessed(void **state)
{
	static const char *const damaged[] = {"",       "\n",   "x\n",          "3",
					      "3\n3\n", "-3\n", "99999999999\n"};
	struct state *s = *state;
	uint64_t run;

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		write_file(s, EPOCH_RUN_FILE, damaged[i], strlen(damaged[i]));
		assert_int_equal(epoch_run_next(s->dir, 1, &run), -EUCLEAN);
	}
	write_file(s, EPOCH_RUN_FILE, "2147483647\n", 11);
	assert_int_equal(epoch_run_next(s->dir, 1, &run), -EOVERFLOW);
}

#define STATE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE(it_stays_what_it_was_made),
		STATE(what_it_certifies_can_be_checked),
		STATE(a_damaged_one_is_neither_used_nor_replaced),
		STATE(others_may_not_read_it),
		STATE(a_missing_one_is_not_replaced),
		STATE(a_crash_while_it_is_made_does_no_harm),
		STATE(missing_numbers_are_not_begun_anew),
		STATE(runs_rise_whatever_the_database_says),
		STATE(runs_that_are_not_known_are_not_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
