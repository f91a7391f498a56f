// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/settings-file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

DEFINE_CLEANUP(FILE *, fclose)

struct parser {
	FILE *file;
	settings_take take;
	void *userdata;
	int *line;      /* the one being read */
	int error_line; /* of the first error that on_line found; 0: none */
	char error[SETTINGS_ERROR_SIZE];
};

/* inih's: 0 is an error in this line. */
static int on_line(void *userdata, const char *section, const char *name, const char *value)
{
	struct parser *p = userdata;

	if (p->error_line)
		return 0;
	if (p->take(p->userdata, section, name, value, p->error))
		return 1;
	p->error_line = *p->line;
	return 0;
}

/* inih does not tell its handler which line it is at. */
static char *read_line(char *line, int size, void *userdata)
{
	struct parser *p = userdata;

	(*p->line)++;
	return fgets(line, size, p->file);
}

/* NULL with errno. */
static FILE *open_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	FILE *file;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode) || st.st_size > SETTINGS_FILE_MAX) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EPERM;
		return NULL;
	}
	file = fdopen(fd, "r");
	if (file)
		(void)steal_fd(&fd);
	return file;
}

int settings_file_read_lines(const char *path, settings_take take, void *userdata, int *line_read,
			     char error[SETTINGS_ERROR_SIZE])
{
	_cleanup_(fclosep) FILE *file = open_file(path);
	struct parser p = {.file = file, .take = take, .userdata = userdata, .line = line_read};
	int line;

	*line_read = 0;
	error[0] = '\0';
	if (!file && errno == ENOENT)
		return 0;
	if (!file) {
		int r = -errno;

		snprintf(error, SETTINGS_ERROR_SIZE, "%.180s: %s", path, strerror(-r));
		return r;
	}
	line = ini_parse_stream(read_line, &p, on_line, &p);
	if (line == 0)
		return 0;
	snprintf(error, SETTINGS_ERROR_SIZE, "%.100s:%d: %.140s", path, line,
		 line == p.error_line ? p.error : "this is no line of the form KEY=VALUE");
	return -EINVAL;
}

int settings_file_read(const char *path, settings_take take, void *userdata,
		       char error[SETTINGS_ERROR_SIZE])
{
	int line;

	return settings_file_read_lines(path, take, userdata, &line, error);
}
