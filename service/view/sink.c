// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/sink.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define STEP_MSEC 10

extern char **environ;

void sink_init(struct sink *s)
{
	*s = (struct sink){.fd = -EBADF};
}

int sink_open_stdout(struct sink *s)
{
	struct stat st;

	sink_init(s);
	if (isatty(STDOUT_FILENO))
		return -EISDIR;
	if (fstat(STDOUT_FILENO, &st) < 0)
		return -errno;
	s->fd = STDOUT_FILENO;
	s->whole = S_ISREG(st.st_mode);
	return 0;
}

int sink_open_file(struct sink *s, const char *path)
{
	struct stat st;

	sink_init(s);
	/* Of a home: for its owner alone. O_NONBLOCK is for a FIFO; files do not heed it. */
	s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0600);
	if (s->fd < 0)
		return -errno;
	s->owned = s->whole = true;
	return fstat(s->fd, &st) < 0 ? -errno : 0;
}

static int spawn(struct sink *s, const char *command, int reading)
{
	char name[] = "sh", option[] = "-c";
	char *argv[] = {name, option, strdup(command), NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int r;

	if (!argv[2])
		return -ENOMEM;
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, reading, STDIN_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn(&s->child, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(argv[2]);
	return -r;
}

int sink_open_command(struct sink *s, const char *command)
{
	int ends[2], r;

	sink_init(s);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r = spawn(s, command, ends[0]);
	close_fd(ends[0]);
	if (r == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	if (r < 0) {
		close_fd(ends[1]);
		s->child = 0;
		return r;
	}
	s->fd = ends[1];
	s->owned = s->whole = true;
	return 0;
}

/* --- the queue --- */

static void forget_first(struct sink *s)
{
	struct sink_unit *u = &s->queue[s->first];

	s->bytes -= u->len;
	free(u->bytes);
	*u = (struct sink_unit){};
	s->first = (s->first + 1) % SINK_UNITS_MAX;
	s->n--;
	s->done = 0;
}

/* All but the one that was begun. */
static void drop_waiting(struct sink *s)
{
	size_t keep = s->done > 0 ? 1 : 0;

	while (s->n > keep) {
		struct sink_unit *u = &s->queue[(s->first + s->n - 1) % SINK_UNITS_MAX];

		s->bytes -= u->len;
		free(u->bytes);
		*u = (struct sink_unit){};
		s->n--;
		s->dropped++;
	}
	s->skipping = true;
}

static bool is_congested(const struct sink *s, size_t len, uint64_t now)
{
	if (s->n == 0)
		return false;
	return s->n == SINK_UNITS_MAX || s->bytes + len > SINK_BYTES_MAX ||
	       now - s->queue[s->first].at > SINK_WAIT_USEC;
}

int sink_push(struct sink *s, struct slice prefix, struct slice unit, bool keyframe, uint64_t now)
{
	size_t len = prefix.len + unit.len;
	struct sink_unit *u;

	if (s->fd < 0)
		return 0;
	if (is_congested(s, len, now))
		drop_waiting(s);
	s->skipping = s->skipping && (!keyframe || is_congested(s, len, now));
	if (s->skipping) {
		s->dropped++;
		return 0;
	}
	u = &s->queue[(s->first + s->n) % SINK_UNITS_MAX];
	u->bytes = malloc(len);
	if (!u->bytes)
		return -ENOMEM;
	if (prefix.len > 0)
		memcpy(u->bytes, prefix.data, prefix.len);
	memcpy(u->bytes + prefix.len, unit.data, unit.len);
	u->len = len;
	u->at = now;
	s->n++;
	s->bytes += len;
	return 0;
}

/* One that may block is written in pieces that a pipe with any room takes at once. */
static ssize_t write_some(struct sink *s, const struct sink_unit *u)
{
	struct pollfd p = {.fd = s->fd, .events = POLLOUT};
	size_t left = u->len - s->done;

	if (s->whole)
		return write(s->fd, u->bytes + s->done, left);
	if (poll(&p, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(s->fd, u->bytes + s->done, left < PIPE_BUF ? left : PIPE_BUF);
}

int sink_flush(struct sink *s)
{
	while (s->n > 0) {
		struct sink_unit *u = &s->queue[s->first];
		ssize_t n = write_some(s, u);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		s->done += (size_t)n;
		if (s->done == u->len)
			forget_first(s);
	}
	return 0;
}

short sink_events(const struct sink *s)
{
	return s->n > 0 ? POLLOUT : 0;
}

/* --- the end --- */

static int finish_writing(struct sink *s, uint64_t until)
{
	int r = sink_flush(s);

	while (r == 0 && s->n > 0 && clock_monotonic() < until) {
		struct pollfd p = {.fd = s->fd, .events = POLLOUT};

		poll(&p, 1, STEP_MSEC);
		r = sink_flush(s);
	}
	return r == 0 && s->n > 0 ? -ETIMEDOUT : r;
}

/* 1: it has ended, with this status. */
static int wait_child(struct sink *s, uint64_t until, int *ret_status)
{
	for (;;) {
		pid_t pid = waitpid(s->child, ret_status, WNOHANG);

		if (pid != 0)
			return pid > 0;
		if (clock_monotonic() >= until)
			return 0;
		poll(NULL, 0, STEP_MSEC);
	}
}

static int end_child(struct sink *s)
{
	int status = 0;

	if (!wait_child(s, clock_monotonic() + SINK_END_USEC, &status)) {
		kill(s->child, SIGTERM);
		if (!wait_child(s, clock_monotonic() + SINK_END_USEC, &status)) {
			kill(s->child, SIGKILL);
			waitpid(s->child, &status, 0);
		}
	}
	s->child = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? -ECHILD : 0;
}

int sink_close(struct sink *s)
{
	int r = finish_writing(s, clock_monotonic() + SINK_END_USEC), e = 0;

	s->done = 0;
	drop_waiting(s);
	if (s->owned && s->fd >= 0 && close(s->fd) < 0 && r == 0)
		r = -errno;
	s->fd = -EBADF;
	if (s->child > 0)
		e = end_child(s);
	return r < 0 ? r : e;
}
