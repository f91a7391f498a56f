// SPDX-License-Identifier: LGPL-2.1-or-later
/* Settings on a file system that does not answer: nobody waits for the thread that reads them, what
 * is asked for meanwhile is read once, and it is told which reading came after which question. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/settings-reader.h"
#include "broker/settings-record.h"

#define PATIENCE_MS 20000

static bool may_mount;

/* A file system whose daemon never answers, until it closes this. */
static int mount_silent(const char *directory)
{
	char options[64];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	assert_true(fd >= 0);
	assert_int_equal(mount("test", directory, "fuse", 0, options), 0);
	return fd;
}

static uint64_t take(struct settings_reader *reader, struct settings_record **ret)
{
	struct pollfd p = {.fd = settings_reader_fd(reader), .events = POLLIN};

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	return settings_reader_take(reader, ret);
}

static struct settings_reader *open_reader(const char *directory)
{
	struct settings_reader *reader;

	assert_int_equal(settings_reader_open(directory, &reader), 0);
	return reader;
}

static void write_camera(const char *directory, int fps)
{
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "%s/camera.d", directory);
	assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/camera.d/front.conf", directory);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "[camera]\nfps=%d\n", fps);
	assert_int_equal(fclose(file), 0);
}

static void assert_fps(uint64_t number, struct settings_reader *reader, uint32_t fps)
{
	struct camera_configuration c;
	char why[SETTINGS_ERROR_SIZE];
	struct settings_record *record;

	while (take(reader, &record) < number)
		settings_record_free(record);
	assert_non_null(record);
	assert_int_equal(settings_record_camera(record, "front", &c, why), 0);
	assert_int_equal(c.fps, fps);
	assert_int_equal(settings_record_camera(record, "back", &c, why), 0);
	assert_int_equal(c.fps, 0);
	assert_true(settings_record_has_camera(record, "front"));
	assert_false(settings_record_has_camera(record, "back"));
	settings_record_free(record);
}

static void each_question_is_answered_by_what_stands_there_then(void **state)
{
	const char *directory = *state;
	struct settings_reader *reader = open_reader(directory);
	struct settings_record *record;

	for (int fps = 1; fps <= 50; fps++) {
		write_camera(directory, fps);
		assert_fps(settings_reader_ask(reader), reader, (uint32_t)fps);
	}
	assert_int_equal(settings_reader_take(reader, &record), 0);
	assert_null(record);
	settings_reader_close(reader);
}

static void what_is_asked_amid_a_reading_is_read_once(void **state)
{
	const char *directory = *state;
	struct settings_record *record;
	struct settings_reader *reader;
	uint64_t first, second;
	int fuse;

	if (!may_mount)
		skip();
	write_camera(directory, 5);
	fuse = mount_silent(directory);
	reader = open_reader(directory);
	first = settings_reader_ask(reader);
	while ((second = settings_reader_ask(reader)) == first)
		usleep(1000); /* it has not begun yet */
	assert_int_equal(second, first + 1);
	assert_int_equal(settings_reader_ask(reader), second);
	assert_int_equal(settings_reader_take(reader, &record), 0);
	assert_int_equal(umount2(directory, MNT_DETACH), 0);
	assert_int_equal(close(fuse), 0);
	assert_fps(second, reader, 5);
	settings_reader_close(reader);
}

static void nobody_waits_for_its_end(void **state)
{
	const char *directory = *state;
	struct settings_reader *reader;
	uint64_t first;
	int fuse;

	if (!may_mount)
		skip();
	fuse = mount_silent(directory);
	reader = open_reader(directory);
	first = settings_reader_ask(reader);
	while (settings_reader_ask(reader) == first)
		usleep(1000);
	settings_reader_close(reader);
	assert_int_equal(umount2(directory, MNT_DETACH), 0);
	assert_int_equal(close(fuse), 0);
}

static int setup(void **state)
{
	static char directory[48];

	snprintf(directory, sizeof(directory), "/tmp/camward-settings-%d", getpid());
	*state = directory;
	may_mount = access("/dev/fuse", W_OK) == 0 && unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return mkdir(directory, 0700);
}

static int teardown(void **state)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf %s", (const char *)*state);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_question_is_answered_by_what_stands_there_then),
		cmocka_unit_test(what_is_asked_amid_a_reading_is_read_once),
		cmocka_unit_test(nobody_waits_for_its_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
