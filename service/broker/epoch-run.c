// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/epoch-run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "broker/state-dir.h"

#define RUN_MAX INT32_MAX /* the ledger's integers have a sign */

/* Errors: -ENOENT, -EUCLEAN. */
static int read_last(int dir, uint64_t *ret)
{
	_cleanup_free_ uint8_t *data = NULL;
	size_t size;
	int r = state_dir_read(dir, EPOCH_RUN_FILE, false, &data, &size);

	if (r < 0)
		return r == -EFBIG ? -EUCLEAN : r;
	if (size < 2 || data[size - 1] != '\n')
		return -EUCLEAN;
	data[size - 1] = '\0';
	return parse_u64((const char *)data, RUN_MAX, ret) < 0 ? -EUCLEAN : 0;
}

static int write_last(int dir, uint64_t run)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRIu64 "\n", run);

	return state_dir_write(dir, EPOCH_RUN_FILE, text, (size_t)n);
}

int epoch_run_begin(const char *dir)
{
	_cleanup_close_ int fd = state_dir_open(dir);
	uint64_t run;
	int r;

	if (fd < 0)
		return fd;
	r = read_last(fd, &run);
	if (r == -ENOENT)
		return write_last(fd, 0);
	return r >= 0 && run > 0 ? -ENOKEY : r;
}

int epoch_run_read(const char *dir, uint64_t *ret)
{
	_cleanup_close_ int fd = state_dir_open(dir);
	int r;

	*ret = 0;
	if (fd < 0)
		return fd;
	r = read_last(fd, ret);
	return r == -ENOENT ? 0 : r;
}

int epoch_run_raise(const char *dir, uint64_t run)
{
	_cleanup_close_ int fd = state_dir_open(dir);
	uint64_t last = 0;
	int r;

	if (fd < 0)
		return fd;
	r = read_last(fd, &last);
	if (r < 0 && r != -ENOENT)
		return r;
	return r == 0 && last >= run ? 0 : write_last(fd, run);
}

int epoch_run_next(const char *dir, uint64_t store_run, uint64_t *ret)
{
	_cleanup_close_ int fd = state_dir_open(dir);
	uint64_t run;
	int r;

	if (fd < 0)
		return fd;
	r = read_last(fd, &run);
	if (r < 0)
		return r == -ENOENT ? -ENOKEY : r;
	run = run + 1 > store_run ? run + 1 : store_run;
	if (run > RUN_MAX)
		return -EOVERFLOW;
	r = write_last(fd, run);
	if (r < 0)
		return r;
	*ret = run;
	return 0;
}
