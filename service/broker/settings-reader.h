// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads CONFIG-DIRECTORY in a thread of its own, which nobody else needs: a file system that does
 * not answer keeps this thread, and neither the main loop nor the store's.
 *
 * Readings are numbered. However many are asked for while one goes on, one more follows. What is
 * read is handed over in the main loop's thread; where it took several, the last one.
 */
#pragma once

#include <stdint.h>

/* What ps -L and debuggers call it. */
#define SETTINGS_READER_THREAD "settings"

struct settings_reader;
struct settings_record;

int settings_reader_open(const char *directory, struct settings_reader **ret);
/* Waits for no file: a thread that is held up stays, and ends by itself when it is not. */
void settings_reader_close(struct settings_reader *reader);

/* The number of the reading that says what stands there now, or later. */
uint64_t settings_reader_ask(struct settings_reader *reader);

/* Readable (EPOLLIN) when something has been read. The reader's; do not read it. */
int settings_reader_fd(const struct settings_reader *reader);
/* The number of what was read last; 0: nothing since it was taken. ret: the caller's; NULL: there
 * was no memory for it. */
uint64_t settings_reader_take(struct settings_reader *reader, struct settings_record **ret);
