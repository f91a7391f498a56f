// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static const char *log_name = "camward";
static int log_max_level = LOG_INFO;
static bool log_to_journal;

/* JOURNAL_STREAM=DEVICE:INODE is inherited, also by what has another standard error. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(const char *name)
{
	const char *level = getenv("CAMWARD_LOG_LEVEL");

	log_name = name;
	log_to_journal = stderr_is_journal();
	if (level && level[0] >= '0' && level[0] <= '7' && !level[1])
		log_max_level = level[0] - '0';
}

void log_set_max_level(int level)
{
	log_max_level = level;
}

bool log_wants(int level)
{
	return level <= log_max_level;
}

bool log_is_journal(void)
{
	return log_to_journal;
}

const char *log_get_name(void)
{
	return log_name;
}

void log_clean(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

/* Whether a line can be written without waiting for whoever reads; false when nobody does. */
static bool is_ready(void)
{
	const struct timespec now = {};
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	return ppoll(&p, 1, &now, NULL) == 1 && p.revents == POLLOUT;
}

void log_line(int level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	int n, m;
	va_list ap;

	if (!log_wants(level) || !is_ready())
		return;
	n = log_to_journal ? snprintf(line, sizeof(line), "<%d>", level)
			   : snprintf(line, sizeof(line), "%s: ", log_name);
	va_start(ap, format);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, ap);
	va_end(ap);
	if (m < 0)
		return;
	n = n + m < (int)sizeof(line) - 2 ? n + m : (int)sizeof(line) - 2;
	/* What arrives from outside must not start a line of its own. */
	log_clean(line, (size_t)n);
	line[n++] = '\n';
	/* One write a line: processes share the terminal. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
