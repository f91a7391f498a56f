// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "base/cleanup.h"

/* A line and a little more, so that one too long shows. */
#define LINE_SIZE (URL_TOKEN_MAX + 4)

static int take(struct url *url, char *text, size_t len, const char *where)
{
	bool ok;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	ok = url_token_valid(text, len);
	if (ok) {
		memcpy(url->token, text, len);
		url->token[len] = '\0';
	}
	erase(text, LINE_SIZE);
	if (!ok)
		fprintf(stderr, "camward-view: %s holds no token\n", where);
	return ok ? 0 : -EINVAL;
}

/* Up to the end of the line or of the file; by read(2), as stdio would keep a copy. */
static ssize_t read_line(int fd, char text[LINE_SIZE])
{
	size_t len = 0;

	while (len < LINE_SIZE) {
		ssize_t n = read(fd, text + len, 1);

		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (n == 0 || text[len - 1] == '\n')
			break;
	}
	return (ssize_t)len;
}

static int from_file(struct url *url, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[LINE_SIZE];
	ssize_t n = fd < 0 ? -errno : read_line(fd, text);

	if (n < 0) {
		fprintf(stderr, "camward-view: %s: %s\n", path, strerror((int)-n));
		return -EINVAL;
	}
	return take(url, text, (size_t)n, path);
}

static int from_environment(struct url *url, char *value)
{
	char text[LINE_SIZE];
	size_t n = strlen(value);

	if (n > LINE_SIZE)
		n = LINE_SIZE;
	memcpy(text, value, n);
	erase(value, strlen(value));
	unsetenv(SECRET_VARIABLE);
	return take(url, text, n, SECRET_VARIABLE);
}

/* On a terminal without an echo. */
static int from_person(struct url *url)
{
	struct termios before, quiet;
	char text[LINE_SIZE];
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	ssize_t n;

	if (terminal) {
		fprintf(stderr, "Token of %s: ", url->client);
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	n = read_line(STDIN_FILENO, text);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	return take(url, text, n < 0 ? 0 : (size_t)n, "standard input");
}

void secret_forget(void)
{
	char *variable = getenv(SECRET_VARIABLE);

	if (!variable)
		return;
	erase(variable, strlen(variable));
	unsetenv(SECRET_VARIABLE);
}

int secret_find(struct url *url, const char *file)
{
	char *variable = getenv(SECRET_VARIABLE);

	if (!url->client[0] || url->token[0]) {
		secret_forget();
		return 0;
	}
	if (file)
		return from_file(url, file);
	if (variable && variable[0])
		return from_environment(url, variable);
	return from_person(url);
}
