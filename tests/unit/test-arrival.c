// SPDX-License-Identifier: LGPL-2.1-or-later
/* Nodes that come while a process waits for them, in a directory of the test's. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "camera/arrival.h"

struct home {
	char directory[64];
	char encoder[80], converter[80], node[80], other[80];
	struct arrival arrival;
};

static void touch(const char *path)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fclose(f);
}

/* As udev does it. */
static void show(const struct home *h, const char *link, const char *node)
{
	char new[96];

	snprintf(new, sizeof(new), "%s.new", link);
	assert_int_equal(symlink(node, new), 0);
	assert_int_equal(rename(new, link), 0);
}

static int setup(void **state)
{
	static struct home h;

	snprintf(h.directory, sizeof(h.directory), "/tmp/test-arrival-%d", (int)getpid());
	assert_int_equal(mkdir(h.directory, 0700), 0);
	snprintf(h.encoder, sizeof(h.encoder), "%s/encoder", h.directory);
	snprintf(h.converter, sizeof(h.converter), "%s/converter", h.directory);
	snprintf(h.node, sizeof(h.node), "%s/video0", h.directory);
	snprintf(h.other, sizeof(h.other), "%s/video1", h.directory);
	touch(h.node);
	touch(h.other);
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	struct home *h = *state;

	arrival_end(&h->arrival);
	unlink(h->encoder);
	unlink(h->converter);
	unlink(h->node);
	unlink(h->other);
	return rmdir(h->directory);
}

static void begin(struct home *h)
{
	const char *paths[] = {h->encoder, NULL, h->converter, "/nowhere/at/all"};

	assert_int_equal(arrival_begin(&h->arrival, paths, 4), 0);
	assert_false(arrival_look(&h->arrival));
}

static bool is_told(const struct home *h)
{
	struct pollfd p = {.fd = h->arrival.fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void what_comes_is_told(void **state)
{
	struct home *h = *state;

	begin(h);
	assert_false(is_told(h));
	show(h, h->encoder, h->node);
	assert_true(is_told(h));
	assert_true(arrival_look(&h->arrival));
	assert_false(is_told(h));
	assert_true(arrival_look(&h->arrival));
}

static void what_helps_an_encoder_needs_one(void **state)
{
	struct home *h = *state;

	begin(h);
	show(h, h->converter, h->node);
	assert_false(arrival_look(&h->arrival));
	show(h, h->encoder, h->other);
	assert_true(arrival_look(&h->arrival));
	arrival_end(&h->arrival);
	assert_int_equal(unlink(h->converter), 0);
	begin(h);
	show(h, h->converter, h->node);
	assert_true(arrival_look(&h->arrival));
}

/* udev makes the same link again at each event of a device. */
static void what_was_there_does_not_come(void **state)
{
	struct home *h = *state;

	show(h, h->encoder, h->node);
	begin(h);
	show(h, h->encoder, h->node);
	assert_true(is_told(h));
	assert_false(arrival_look(&h->arrival));
	/* Nor does what goes, or others. */
	assert_int_equal(unlink(h->encoder), 0);
	assert_false(arrival_look(&h->arrival));
	touch(h->node);
	assert_false(arrival_look(&h->arrival));
}

static void another_node_under_the_same_name_comes(void **state)
{
	struct home *h = *state;

	show(h, h->encoder, h->node);
	begin(h);
	show(h, h->encoder, h->other);
	assert_true(arrival_look(&h->arrival));
}

static void a_link_that_leads_nowhere_is_nothing(void **state)
{
	struct home *h = *state;

	begin(h);
	assert_int_equal(unlink(h->node), 0);
	show(h, h->encoder, h->node);
	assert_false(arrival_look(&h->arrival));
}

/* Its unit's devices were settled before it was there. */
static void what_came_a_moment_too_early_comes(void **state)
{
	struct home *h = *state;
	struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	show(h, h->encoder, h->node);
	begin(h);
	arrival_forbidden(&h->arrival, h->encoder, 0);
	arrival_forbidden(&h->arrival, h->encoder, -EACCES);
	arrival_forbidden(&h->arrival, h->converter, -EPERM);
	assert_false(arrival_look(&h->arrival));
	arrival_forbidden(&h->arrival, h->encoder, -EPERM);
	assert_true(arrival_look(&h->arrival));
	/* What has been there for long will stay forbidden. */
	arrival_end(&h->arrival);
	begin(h);
	assert_int_equal(utimensat(-1, h->encoder, long_ago, AT_SYMLINK_NOFOLLOW), 0);
	arrival_forbidden(&h->arrival, h->encoder, -EPERM);
	assert_false(arrival_look(&h->arrival));
}

#define HOME(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOME(what_comes_is_told),
		HOME(what_helps_an_encoder_needs_one),
		HOME(what_was_there_does_not_come),
		HOME(another_node_under_the_same_name_comes),
		HOME(a_link_that_leads_nowhere_is_nothing),
		HOME(what_came_a_moment_too_early_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
