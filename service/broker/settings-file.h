// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads a file of [SECTION]s with KEY=VALUE lines, strictly: the first line that is not understood
 * ends it. It is a file of its own and of bounded size, which waits for the file system alone:
 * neither for the writer of a FIFO nor for a device. Any thread may. */
#pragma once

#include <stdbool.h>

#define SETTINGS_ERROR_SIZE 256
#define SETTINGS_PATH_SIZE  4096
#define SETTINGS_FILE_MAX   (1 << 20)

/* Takes one setting; false: it is not sound, and error says why. */
typedef bool (*settings_take)(void *userdata, const char *section, const char *name,
			      const char *value, char error[SETTINGS_ERROR_SIZE]);

/* No file: nothing is taken, 0. Errors: -EINVAL (error says "FILE:LINE: ..."), those of open(),
 * -EPERM (no file of its own) and -EFBIG (error says "FILE: ..."). */
int settings_file_read(const char *path, settings_take take, void *userdata,
		       char error[SETTINGS_ERROR_SIZE]);
/* The same; *line is the one being read. */
int settings_file_read_lines(const char *path, settings_take take, void *userdata, int *line,
			     char error[SETTINGS_ERROR_SIZE]);
