// SPDX-License-Identifier: LGPL-2.1-or-later
/* What opens an envelope (envelope.h): of a file's first line, or asked for on the terminal, where
 * nobody reads it along. 0 or, having said what went wrong, the exit status. */
#pragma once

#include <stdbool.h>

#define PASSPHRASE_SIZE 1024 /* with the NUL */

/* file: NULL asks. twice: it is a new one, which must not be mistyped. The caller erases it. */
int passphrase_get(const char *file, bool twice, char ret[PASSPHRASE_SIZE]);
