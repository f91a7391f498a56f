// SPDX-License-Identifier: LGPL-2.1-or-later
/* Leases and what limits their grants: hours that end them, how many there may be, whose they are,
 * and how late their time comes. */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>

#include "lease-bench.h"

#define LATE_MAX (33 * USEC_PER_MSEC)

static void tell_late(const char *what, uint64_t late)
{
	print_message("%s: %.1f ms late\n", what, (double)late / (double)USEC_PER_MSEC);
}

/* How long this thread has been ready to run without a CPU, in all (the kernel's
 * scheduler/sched-stats.rst). */
static uint64_t waited(void)
{
	FILE *f = fopen("/proc/thread-self/schedstat", "re");
	unsigned long long ran, delayed;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu %llu", &ran, &delayed), 2);
	fclose(f);
	return delayed / 1000;
}

/* Until the broker has cut it; how late that was, without what others took of the CPU. */
static uint64_t wait_cut(struct bench *b, const struct fake_session *s, uint64_t due)
{
	uint64_t now, before = waited(), taken;
	int how;

	while ((how = viewer_state(s)) == -EAGAIN && clock_realtime() < due + 10 * USEC_PER_SEC) {
		if (clock_realtime() < due)
			before = waited();
		bench_turn(b, USEC_PER_MSEC);
	}
	now = clock_realtime();
	assert_int_equal(how, -ECONNRESET);
	assert_true(now >= due);
	taken = waited() - before;
	return now - due > taken ? now - due - taken : 0;
}

/* A zone in which a minute ends at this second (us, CLOCK_REALTIME). */
static void set_zone_by(uint64_t minute_ends)
{
	unsigned second = (unsigned)(minute_ends / USEC_PER_SEC % 60);
	char zone[32];

	snprintf(zone, sizeof(zone), "ODD00:00:%02u", second);
	setenv("TZ", zone, true);
	tzset();
}

static void hours_until(uint64_t end, char text[GRANT_HOURS_SIZE])
{
	static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	time_t before = (time_t)(end / USEC_PER_SEC) - 600, t = (time_t)(end / USEC_PER_SEC);
	struct tm from, until;

	localtime_r(&before, &from);
	localtime_r(&t, &until);
	snprintf(text, GRANT_HOURS_SIZE, "%s %02d:%02d-%02d:%02d", days[from.tm_wday], from.tm_hour,
		 from.tm_min, until.tm_hour, until.tm_min);
}

static void test_hours_cut_in_time(void **state)
{
	struct bench *b = *state;
	uint64_t due = (clock_realtime() / USEC_PER_SEC + 2) * USEC_PER_SEC, late;
	char hours[GRANT_HOURS_SIZE];
	struct fake_session s;

	set_zone_by(due);
	hours_until(due, hours);
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	bench_grant(b, &(struct control_grant){.client = "alice", .hours = hours});
	s = bench_watching(b);
	late = wait_cut(b, &s, due);
	tell_late("hours", late);
	assert_in_range(late, 0, LATE_MAX);
	assert_ledger(b, LEDGER_CLOSED, "reason", "outside the grant's hours");
	fake_session_close(&s);
	s = fake_session_open(b);
	fake_session_ask(&s, "alice", b->alice, "front");
	assert_int_equal(bench_receive(b, s.link, NULL, 0), SESSION_DENIED);
	fake_session_close(&s);
}

#define N_ENDS 40

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Each lease by a grant of its own, which takes no second one. */
static void test_many_ends_come_in_time(void **state)
{
	struct bench *b = *state;
	struct fake_session sessions[N_ENDS];
	uint64_t first = clock_realtime() + 20 * USEC_PER_SEC, late[N_ENDS];

	BENCH_CONTROL(b, control_revoke, "alice", "front");
	for (unsigned i = 0; i < N_ENDS; i++)
		bench_grant(b, &(struct control_grant){
				       .client = "alice",
				       .max_leases = 1,
				       .not_after = first + i * 50 * USEC_PER_MSEC,
			       });
	/* The one that lasts longest is taken first. */
	for (unsigned i = N_ENDS; i-- > 0;)
		sessions[i] = bench_watching(b);
	assert_true(clock_realtime() < first);
	for (unsigned i = 0; i < N_ENDS; i++) {
		late[i] = wait_cut(b, &sessions[i], first + i * 50 * USEC_PER_MSEC);
		fake_session_close(&sessions[i]);
	}
	qsort(late, N_ENDS, sizeof(*late), by_size);
	tell_late("median", late[N_ENDS / 2]);
	tell_late("the last of all", late[N_ENDS - 1]);
	assert_in_range(late[N_ENDS - 1], 0, LATE_MAX);
}

static void assert_denied(struct bench *b, const char *name, const char *token,
			  enum session_denied_reason told, const char *reason)
{
	struct fake_session s = fake_session_open(b);
	struct session_denied denied;

	fake_session_ask(&s, name, token, "front");
	assert_int_equal(bench_receive(b, s.link, &denied, sizeof(denied)), SESSION_DENIED);
	assert_int_equal(denied.reason, told);
	fake_session_close(&s);
	assert_ledger(b, LEDGER_DENIED, "reason", reason);
}

static void test_no_more_leases_than_may(void **state)
{
	struct bench *b = *state;
	struct fake_session one, two;

	BENCH_CONTROL(b, control_revoke, "alice", "front");
	bench_grant(b, &(struct control_grant){.client = "alice", .max_leases = 2});
	one = bench_watching(b);
	two = bench_watching(b);
	assert_denied(b, "alice", b->alice, SESSION_DENIED_LIMIT, "as many watch already as may");
	/* Whatever is decided anew, they keep their places. */
	assert_int_equal(redecide_all(&b->broker), 0);
	bench_grant(b, &(struct control_grant){.client = "bob"});
	assert_int_equal(viewer_state(&one), -EAGAIN);
	assert_int_equal(viewer_state(&two), -EAGAIN);

	assert_int_equal(control_end_lease(&b->broker, lease_of(b), ""), 0);
	fake_session_close(&one);
	one = bench_watching(b);
	assert_int_equal(viewer_state(&two), -EAGAIN);
	fake_session_close(&one);
	fake_session_close(&two);
}

/* Two run by one grant; a second one, for one lease, takes one of them over when the first goes. */
static void test_a_place_is_taken_once(void **state)
{
	struct bench *b = *state;
	uint64_t first = b->broker.policy->grants[0]->id;
	struct fake_session one = bench_watching(b), two = bench_watching(b);

	bench_grant(b, &(struct control_grant){.client = "alice", .max_leases = 1});
	BENCH_CONTROL(b, control_remove_grant, first);
	assert_int_equal((viewer_state(&one) == -EAGAIN) + (viewer_state(&two) == -EAGAIN), 1);
	assert_int_equal(viewer_state(&one), -EAGAIN);
	assert_ledger(b, LEDGER_CLOSED, "reason", "as many watch already as may");
	fake_session_close(&one);
	fake_session_close(&two);
}

static void test_who_must_be_asked_for_is_denied(void **state)
{
	struct bench *b = *state;

	BENCH_CONTROL(b, control_revoke, "alice", "front");
	bench_grant(b, &(struct control_grant){.client = "alice", .ask_first = true});
	assert_denied(b, "alice", b->alice, SESSION_DENIED_NOT_FOUND, "nobody can be asked");
}

/* Sets the zone as others do: by replacing a link. */
static int link_zone(const char *target)
{
	if (symlink(target, "/etc/localtime.new") < 0)
		return -errno;
	return rename("/etc/localtime.new", "/etc/localtime") < 0 ? -errno : 0;
}

/* An /etc of the test's own, for the rest of this process; without the right to that, none. */
static int setup_zone(void **state)
{
	bool own = unshare(CLONE_NEWNS) == 0 &&
		   mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		   mount("tmpfs", "/etc", "tmpfs", 0, NULL) == 0 &&
		   link_zone("/usr/share/zoneinfo/UTC") == 0;

	unsetenv("TZ");
	return own && access("/usr/share/zoneinfo/Asia/Tokyo", R_OK) == 0 ? bench_setup(state) : 0;
}

static int teardown_zone(void **state)
{
	return *state ? bench_teardown(state) : 0;
}

static void test_setting_the_zone_decides_again(void **state)
{
	struct bench *b = *state;
	char hours[GRANT_HOURS_SIZE];
	struct fake_session s;
	uint64_t moved;

	if (!b)
		skip();
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	hours_until(clock_realtime() + 300 * USEC_PER_SEC, hours);
	bench_grant(b, &(struct control_grant){.client = "alice", .hours = hours});
	s = bench_watching(b);
	bench_settle(b);
	assert_int_equal(viewer_state(&s), -EAGAIN);
	moved = clock_realtime();
	assert_int_equal(link_zone("/usr/share/zoneinfo/Asia/Tokyo"), 0);
	assert_in_range(wait_cut(b, &s, moved), 0, LATE_MAX);
	assert_ledger(b, LEDGER_CLOSED, "reason", "outside the grant's hours");
	fake_session_close(&s);
}

static void copy_zone(const char *name, const char *to)
{
	char path[128], bytes[4096];
	FILE *in, *out = fopen(to, "we");
	size_t n;

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	in = fopen(path, "re");
	assert_true(in && out);
	n = fread(bytes, 1, sizeof(bytes), in);
	assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	fclose(out);
}

/* As an update of the zones may do it: behind the link, in place. */
static void test_rewriting_the_zone_decides_again(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	struct bench *b = *state;
	char hours[GRANT_HOURS_SIZE];
	struct fake_session s;
	uint64_t moved;

	if (!b)
		skip();
	copy_zone("UTC", "/etc/zone");
	/* The C library tells files apart by the second of their change. */
	assert_int_equal(utimensat(AT_FDCWD, "/etc/zone", old, 0), 0);
	assert_int_equal(link_zone("/etc/zone"), 0);
	bench_settle(b);
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	hours_until(clock_realtime() + 300 * USEC_PER_SEC, hours);
	bench_grant(b, &(struct control_grant){.client = "alice", .hours = hours});
	s = bench_watching(b);
	bench_settle(b);
	assert_int_equal(viewer_state(&s), -EAGAIN);
	moved = clock_realtime();
	copy_zone("Asia/Tokyo", "/etc/zone");
	assert_in_range(wait_cut(b, &s, moved), 0, LATE_MAX);
	fake_session_close(&s);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_hours_cut_in_time),
		BENCH(test_many_ends_come_in_time),
		BENCH(test_no_more_leases_than_may),
		BENCH(test_a_place_is_taken_once),
		BENCH(test_who_must_be_asked_for_is_denied),
		cmocka_unit_test_setup_teardown(test_setting_the_zone_decides_again, setup_zone,
						teardown_zone),
		cmocka_unit_test_setup_teardown(test_rewriting_the_zone_decides_again, setup_zone,
						teardown_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
