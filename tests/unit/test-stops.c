// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stopped before any file operation of a renewal, a restore or an erasure, and once more while the
 * next start goes on with it, the service comes up as before or with the work done, never between.
 */
#include "stops.h"

typedef int (*change_fn)(struct broker *broker, const struct house *h);

/* In a process that ends before the n-th operation: true if it was stopped. */
static bool change_stopped(struct house *h, change_fn change, int n)
{
	pid_t child = fork();
	int r;

	if (child == 0) {
		struct service s;

		service_open(&s, h->work);
		left = n;
		r = change(&s.broker, h);
		left = NEVER;
		_exit(r);
	}
	r = wait_for(child);
	assert_true(r == 0 || r == STOPPED);
	return r == STOPPED;
}

static bool start_stopped(struct house *h, int n)
{
	pid_t child = fork();
	int r;

	if (child == 0) {
		struct service s;

		left = n;
		service_open(&s, h->work);
		left = NEVER;
		_exit(0);
	}
	r = wait_for(child);
	assert_true(r == 0 || r == STOPPED);
	return r == STOPPED;
}

typedef bool (*judge_fn)(const struct house *h, const struct service *s);

static bool renewed(const struct house *h, const struct service *s)
{
	bool before = check_start(h, s, &h->before);

	assert_true(has_client(s, "before"));
	assert_int_equal(verify(h, s), 4);
	assert_true(s->broker.epoch_run > h->run);
	return !before;
}

static bool erased(const struct house *h, const struct service *s)
{
	bool before = check_start(h, s, &h->before);

	assert_int_equal(has_client(s, "before"), before);
	assert_int_equal(verify(h, s), before ? 4 : 0);
	return !before;
}

static bool restored_plain(const struct house *h, const struct service *s)
{
	bool done = has_client(s, "other");

	assert_true(check_start(h, s, &h->before));
	assert_int_equal(has_client(s, "before"), !done);
	assert_int_equal(verify(h, s), 4);
	assert_true(s->broker.epoch_run > h->run);
	return done;
}

static bool restored_keys(const struct house *h, const struct service *s)
{
	bool done = check_start(h, s, &h->other);

	assert_int_equal(has_client(s, "other"), done);
	assert_int_equal(has_client(s, "before"), !done);
	assert_int_equal(check_start(h, s, &h->before), !done);
	assert_int_equal(verify(h, s), 4);
	assert_true(s->broker.epoch_run > h->run);
	return done;
}

static int renew(struct broker *broker, const struct house *h)
{
	return control_renew_identity(broker, h->before.spki);
}

static int erase_all(struct broker *broker, const struct house *h)
{
	return control_erase(broker, h->before.spki);
}

/* From a copy, which is sealed. */
static int restore(struct broker *broker, const struct house *h, int backup)
{
	int fd = memfd_create("restore", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	off_t at = 0;

	while (sendfile(fd, backup, &at, 1 << 20) > 0)
		;
	return control_restore(broker, h->before.spki, fd);
}

static int restore_plain(struct broker *broker, const struct house *h)
{
	return restore(broker, h, h->plain);
}

static int restore_keys(struct broker *broker, const struct house *h)
{
	return restore(broker, h, h->keys);
}

static bool judge(struct house *h, judge_fn is_done)
{
	struct service s;
	bool done;

	service_open(&s, h->work);
	done = is_done(h, &s);
	service_close(&s);
	return done;
}

/* Once what is to be done is written down it is done, however often the start is stopped. */
static void stop_starts(struct house *h, change_fn change, judge_fn is_done, int written)
{
	bool stopped = true;

	for (int m = 0; stopped; m++) {
		begin(h);
		assert_true(change_stopped(h, change, written));
		stopped = start_stopped(h, m);
		assert_true(judge(h, is_done));
	}
}

static void stop_everywhere(struct house *h, change_fn change, judge_fn is_done)
{
	int n = 0, written = -1;

	for (;; n++) {
		bool stopped;

		begin(h);
		stopped = change_stopped(h, change, n);
		if (written < 0 && exists(h, PENDING_FILE))
			written = n;
		assert_int_equal(judge(h, is_done), written >= 0);
		if (!stopped)
			break;
	}
	assert_true(written > 0 && written < n);
	stop_starts(h, change, is_done, written);
}

static void test_renewal(void **state)
{
	stop_everywhere(*state, renew, renewed);
}

static void test_erasure(void **state)
{
	stop_everywhere(*state, erase_all, erased);
}

static void test_restore(void **state)
{
	stop_everywhere(*state, restore_plain, restored_plain);
}

static void test_restore_with_keys(void **state)
{
	stop_everywhere(*state, restore_keys, restored_keys);
}

/* A key with another digit within its secret, or what cannot be read at all. */
static void damage(const char *name, uint8_t *data, size_t n)
{
	uint8_t *digit = data + n / 3;

	if (strstr(name, ".key"))
		*digit = *digit == '1' ? '2' : '1';
	else
		*data = 'z';
}

/* The backup with keys, but for one file, which lacks or is damaged. */
static int spoil(const struct house *h, const char *spoiled, bool damaged)
{
	int fd = memfd_create("spoiled", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t size = (size_t)lseek(h->keys, 0, SEEK_END), n;
	uint8_t *whole = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, h->keys, 0);
	struct tar tar = {whole, size};
	char name[TAR_NAME_SIZE];
	const uint8_t *data;

	assert_true(whole != MAP_FAILED);
	while (tar_read(&tar, name, &data, &n) > 0) {
		bool is_it = !strcmp(name, spoiled);

		if (is_it)
			damage(name, whole + (data - whole), n);
		if (!is_it || damaged)
			assert_int_equal(tar_write(fd, name, data, n, 0), 0);
	}
	assert_int_equal(tar_finish(fd), 0);
	munmap(whole, size);
	return fd;
}

/* All of the keys, and each of them good, or nothing is changed. */
static void test_no_half_identity(void **state)
{
	static const struct {
		const char *name;
		bool damaged;
	} cases[] = {
		{STORE_FILE, false},     {EPOCH_RUN_FILE, false},  {EPOCH_RUN_FILE, true},
		{SEAL_ROOT_FILE, false}, {SEAL_ROOT_FILE, true},   {"device-ca.key", false},
		{"device-ca.key", true}, {"device-ca.pem", false}, {"device-ca.pem", true},
		{"server.key", false},   {"server.key", true},     {"server.pem", false},
	};
	struct house *h = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = spoil(h, cases[i].name, cases[i].damaged);
		struct service s;

		begin(h);
		service_open(&s, h->work);
		assert_int_equal(control_restore(&s.broker, h->before.spki, fd),
				 CONTROL_INVALID_BACKUP);
		service_close(&s);
		assert_false(judge(h, restored_keys));
		close(fd);
	}
}

/* Whoever changes the anchor in the file gets no signature for it. */
static void test_a_forged_anchor_stays_forged(void **state)
{
	struct house *h = *state;
	struct ledger_chain_point anchor;
	struct service s;
	sqlite3 *db;
	char path[160];

	begin(h);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, h->work);
	assert_int_equal(db_open(path, &db), 0);
	assert_int_equal(db_exec(db, "DROP TRIGGER anchors_no_update;"
				     "UPDATE anchors SET hash = zeroblob(32);"),
			 0);
	sqlite3_close(db);
	assert_false(change_stopped(h, renew, NEVER));
	service_open(&s, h->work);
	assert_false(check_start(h, &s, &h->before));
	assert_int_equal(ledger_anchor_read(h->work, NULL, &anchor), 0);
	assert_int_equal(anchor.seq, 2);
	assert_int_equal(ledger_anchor_read(h->work, s.broker.seal_root, &anchor), 0);
	assert_int_equal(anchor.seq, 0);
	service_close(&s);
}

/* Nothing is done by halves because a line cannot be read. */
static void test_a_damaged_line_stops_the_start(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"erase",
		"erase \n",
		"eras\n",
		"sign\n",
		"renew 0 1 00\n",
		"erase\nerase\n",
		"sign 3 1 00\n",
	};
	struct house *h = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct service s = {.options.state_directory = h->work};
		int dir;

		begin(h);
		dir = open(h->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(state_dir_write(dir, PENDING_FILE, lines[i], strlen(lines[i])), 0);
		close(dir);
		assert_true(sd_event_new(&s.event) >= 0);
		assert_int_equal(broker_open(&s.broker, s.event, &s.options), -EBADMSG);
		service_close(&s);
		assert_true(exists(h, SEAL_ROOT_FILE));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_erasure),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_restore_with_keys),
		cmocka_unit_test(test_no_half_identity),
		cmocka_unit_test(test_a_forged_anchor_stays_forged),
		cmocka_unit_test(test_a_damaged_line_stops_the_start),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
