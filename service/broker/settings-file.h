// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads a file of [SECTION]s with KEY=VALUE lines, strictly: the first line that is not understood
 * ends it. */
#pragma once

#include <stdbool.h>

#define SETTINGS_ERROR_SIZE 256
#define SETTINGS_PATH_SIZE  4096

/* Takes one setting; false: it is not sound, and error says why. */
typedef bool (*settings_take)(void *userdata, const char *section, const char *name,
			      const char *value, char error[SETTINGS_ERROR_SIZE]);

/* No file: nothing is taken, 0. Errors: -EINVAL (error says "FILE:LINE: ..."), those of open()
 * (error says "FILE: ..."). */
int settings_file_read(const char *path, settings_take take, void *userdata,
		       char error[SETTINGS_ERROR_SIZE]);
/* The same; *line is the one being read. */
int settings_file_read_lines(const char *path, settings_take take, void *userdata, int *line,
			     char error[SETTINGS_ERROR_SIZE]);
