// SPDX-License-Identifier: LGPL-2.1-or-later
#include "name/given.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* "PLACE-NAME NAME" and a line end; longer lines are none of ours. */
#define LINE_SIZE (2 * NAME_SIZE + 1)

DEFINE_CLEANUP(FILE *, fclose)

/* Not through a link, and no pipe or device that would keep udev waiting. */
static int open_plain(const char *path, FILE **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EPERM;
	if (st.st_size > GIVEN_SIZE_MAX)
		return -EFBIG;
	*ret = fdopen(fd, "r");
	if (!*ret)
		return -errno;
	steal_fd(&fd);
	return 0;
}

/* 1: this line is about the place. */
static int read_line(char *line, const char *place, char found[NAME_SIZE])
{
	char *end = strchr(line, '\n'), *space = strchr(line, ' ');

	if (!end || !space)
		return -EINVAL;
	*end = *space = '\0';
	if (!name_valid(line) || !name_valid(space + 1))
		return -EINVAL;
	if (strcmp(line, place) != 0)
		return 0;
	snprintf(found, NAME_SIZE, "%s", space + 1);
	return 1;
}

int given_find(const char *path, char name[NAME_SIZE])
{
	_cleanup_(fclosep) FILE *file = NULL;
	char line[LINE_SIZE + 1], found[NAME_SIZE] = "";
	int r = open_plain(path, &file);

	if (r == -ENOENT)
		return 0;
	while (r >= 0 && fgets(line, sizeof(line), file))
		r = read_line(line, name, found);
	if (r < 0)
		return r;
	if (ferror(file))
		return -EIO;
	if (found[0])
		snprintf(name, NAME_SIZE, "%s", found);
	return 0;
}
