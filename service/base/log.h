// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the daemons say. Under systemd (JOURNAL_STREAM) lines carry the <N> priority prefix that
 * the journal understands; on a terminal they carry the program's name. Libraries never log.
 * A line that cannot be written at once is lost: nothing waits for the log, least of all what ends
 * access.
 *
 * Never logged: tokens, keys, the content of requests.
 */
#pragma once

#include <syslog.h>

/* name: a literal or a string that outlives the process's logging. */
void log_open(const char *name);
void log_set_max_level(int level);

void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)
