// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the daemons say. Where standard error is the journal (JOURNAL_STREAM) lines carry the <N>
 * priority prefix that it understands; elsewhere they carry the program's name. What people search
 * for is an event (base/event.h). Libraries never log.
 * A line that cannot be written at once is lost: nothing waits for the log, least of all what ends
 * access.
 *
 * Never logged: tokens, keys, the content of requests.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

/* name: a literal or a string that outlives the process's logging. */
void log_open(const char *name);
void log_set_max_level(int level);

/* For base/event.c. */
bool log_wants(int level);
bool log_is_journal(void);
const char *log_get_name(void);
/* Replaces what could begin a line, or steer a terminal. */
void log_clean(char *text, size_t n);

void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)
