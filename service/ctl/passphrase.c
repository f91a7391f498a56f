// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "base/cleanup.h"
#include "ctl/ctl.h"

/* A line without its end; unbuffered, so that no copy stays. 0; -errno, -ENODATA: there is none,
 * -E2BIG, -EBADMSG: it is no text, of which what follows a NUL would not count. */
static int read_line(int fd, char ret[PASSPHRASE_SIZE])
{
	size_t n = 0;
	ssize_t r;

	while ((r = read(fd, ret + n, 1)) != 0 && (r < 0 || ret[n] != '\n')) {
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && !ret[n])
			return -EBADMSG;
		if (r > 0 && ++n == PASSPHRASE_SIZE)
			return -E2BIG;
	}
	ret[n] = '\0';
	return n ? 0 : -ENODATA;
}

static int complain(int error, const char *whose)
{
	if (error == -ENODATA)
		return ctl_fail("%s is empty: that is no passphrase.", whose);
	if (error == -E2BIG)
		return ctl_fail("%s is longer than %d characters.", whose, PASSPHRASE_SIZE - 1);
	if (error == -EBADMSG)
		return ctl_fail("%s holds a NUL: a passphrase is a line of text.", whose);
	return ctl_fail("%s cannot be read: %s.", whose, strerror(-error));
}

static int read_file(const char *file, char ret[PASSPHRASE_SIZE])
{
	_cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : read_line(fd, ret);

	return r < 0 ? complain(r, file) : 0;
}

static int ask(const char *question, char ret[PASSPHRASE_SIZE])
{
	struct termios before, silent;
	int r;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return ctl_fail("Nobody can be asked here: say --passphrase-file FILE.");
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	fputs(question, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	r = read_line(STDIN_FILENO, ret);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return r < 0 ? complain(r, "What was typed") : 0;
}

int passphrase_get(const char *file, bool twice, char ret[PASSPHRASE_SIZE])
{
	char again[PASSPHRASE_SIZE];
	int r;

	if (file)
		return read_file(file, ret);
	r = ask("Passphrase: ", ret);
	if (r || !twice)
		return r;
	r = ask("Once more: ", again);
	if (!r && strcmp(ret, again) != 0)
		r = ctl_fail("That was another one: nothing was done.");
	erase(again, sizeof(again));
	return r;
}
