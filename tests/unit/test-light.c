// SPDX-License-Identifier: LGPL-2.1-or-later
/* Those before a camera are told that somebody watches: by a file and a light, before the camera is
 * asked for pictures and until the last byte has gone; if that cannot be, nobody may watch. */
#include "lease-bench.h"

__attribute__((format(printf, 3, 4))) static void write_text(struct bench *b, const char *name,
							     const char *format, ...)
{
	char path[128];
	va_list args;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", b->directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
}

static int brightness(struct bench *b)
{
	char path[128];
	int value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/led", b->directory);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static bool has_file(struct bench *b, const char *camera)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/watching/%s", b->directory, camera);
	return access(path, F_OK) == 0;
}

static char directory[80];

static void reload(struct bench *b)
{
	char file[LIGHT_PATH_SIZE], why[SETTINGS_ERROR_SIZE];
	int r = light_read(b->directory, file, why);

	light_set(&b->broker, file, r, why);
}

static void setup_light(struct bench *b)
{
	snprintf(directory, sizeof(directory), "%s/watching", b->directory);
	assert_int_equal(mkdir(directory, 0700), 0);
	write_text(b, "watching/front", "left by an earlier run");
	write_text(b, "led", "255\n");
	write_text(b, "light.conf", "[light]\nfile=%s/led\n", b->directory);
	light_open(&b->broker, directory);
	reload(b);
	assert_int_equal(brightness(b), 0);
	assert_false(has_file(b, "front"));
}

static void test_on_before_the_camera_is_asked_off_after_the_last(void **state)
{
	struct bench *b = *state;
	struct fake_session one = fake_session_open(b), two;
	struct camera_start start;

	setup_light(b);
	fake_session_ask(&one, "alice", b->alice, "front");
	assert_int_equal(bench_receive(b, b->front.link, &start, sizeof(start)), CAMERA_START);
	assert_int_equal(brightness(b), 255);
	assert_true(has_file(b, "front"));
	assert_false(has_file(b, "back"));
	/* It gives no picture: START is taken already, and its session leaves. */
	fake_session_close(&one);
	bench_settle(b);
	assert_int_equal(brightness(b), 0);
	assert_false(has_file(b, "front"));
	assert_int_equal(b->front.camera->n_watching, 0);
	two = fake_session_open(b);
	fake_session_ask(&two, "bob", b->bob, "front");
	assert_int_equal(fake_session_refused(b, &two), SESSION_DENIED_NOT_FOUND);
	assert_int_equal(brightness(b), 0);
	fake_session_close(&two);
}

static void test_on_until_the_last_byte_has_gone(void **state)
{
	struct bench *b = *state;
	struct session_done done = {.how = SESSION_DONE_VIEWER};
	struct fake_session one, two;

	setup_light(b);
	one = bench_watching(b);
	two = bench_watching(b);
	assert_int_equal(control_end_lease(&b->broker, lease_of(b), ""), 0);
	assert_int_equal(brightness(b), 255);
	assert_true(has_file(b, "front"));
	/* It has said that it is done, but its viewer has not taken all. */
	fill_connection(&two);
	session_send(&two, SESSION_DONE, &done);
	while (b->front.camera->n_leases)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(brightness(b), 255);
	assert_true(has_file(b, "front"));
	BENCH_CONTROL(b, control_suspend, SUSPENSION_ALL, "", "x");
	assert_int_equal(brightness(b), 0);
	assert_false(has_file(b, "front"));
	fake_session_close(&one);
	fake_session_close(&two);
}

static void assert_dark(struct bench *b)
{
	struct fake_session s = fake_session_open(b);

	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(fake_session_refused(b, &s), SESSION_DENIED_UNAVAILABLE);
	assert_int_equal(b->front.camera->n_leases, 0);
	assert_int_equal(b->front.camera->n_watching, 0);
	assert_int_equal(b->broker.light.n, 0);
	assert_false(has_file(b, "front"));
	assert_ledger(b, LEDGER_DENIED, "reason", "the light cannot be switched on");
	fake_session_close(&s);
}

static void test_nobody_watches_in_the_dark(void **state)
{
	static const char *const broken[] = {
		"[light]\nfile=led\n", "[light]\nfiles=/x\n",
		"[lights]\nfile=/x\n", "[light]\nfile=/x\nfile=/y\n",
		"[light]\nnonsense\n", "[light]\nfile=/nonexistent/led\n",
	};
	struct bench *b = *state;
	struct fake_session s;

	setup_light(b);
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		write_text(b, "light.conf", "%s", broken[i]);
		reload(b);
		assert_dark(b);
	}
	write_text(b, "light.conf", "[light]\nfile=%s/led\n", b->directory);
	reload(b);
	s = bench_watching(b);
	assert_int_equal(brightness(b), 255);
	fake_session_close(&s);
	bench_settle(b);
	remove(directory);
	assert_dark(b);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_on_before_the_camera_is_asked_off_after_the_last),
		BENCH(test_on_until_the_last_byte_has_gone),
		BENCH(test_nobody_watches_in_the_dark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
