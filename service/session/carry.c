// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/carry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define VARIABLE "CAMWARD_GATE_RESUME"

static int set_inherited(int fd, bool inherited)
{
	return fcntl(fd, F_SETFD, inherited ? 0 : FD_CLOEXEC) < 0 ? -errno : 0;
}

static int write_all(int fd, const void *bytes, size_t n)
{
	ssize_t written = write(fd, bytes, n);

	if (written < 0)
		return -errno;
	return (size_t)written == n ? 0 : -EIO;
}

static int read_all(int fd, void *bytes, size_t n)
{
	ssize_t got = read(fd, bytes, n);

	if (got < 0)
		return -errno;
	return (size_t)got == n ? 0 : -EPROTO;
}

static int pack(const struct carry *c, const struct roster *r, const struct penalties *p)
{
	_cleanup_close_ int fd = memfd_create("gate", 0);
	struct carry copy = *c;
	int e;

	if (fd < 0)
		return -errno;
	copy.n_entries = r->n;
	copy.n_penalties = p->n;
	e = write_all(fd, &copy, sizeof(copy));
	if (e == 0)
		e = write_all(fd, r->entries, r->n * sizeof(*r->entries));
	if (e == 0)
		e = write_all(fd, p->entries, p->n * sizeof(*p->entries));
	if (e == 0 && lseek(fd, 0, SEEK_SET) < 0)
		e = -errno;
	return e < 0 ? e : steal_fd(&fd);
}

int carry_exec(const struct carry *c, const struct roster *r, const struct penalties *p,
	       const int *keep, size_t n_keep, char **argv)
{
	_cleanup_close_ int fd = pack(c, r, p);
	char number[16];
	int e = fd < 0 ? fd : set_inherited(c->link, true);

	for (uint32_t i = 0; e == 0 && i < r->n; i++)
		e = set_inherited(r->entries[i].pidfd, true);
	for (size_t i = 0; e == 0 && i < n_keep; i++)
		e = set_inherited(keep[i], true);
	if (e < 0)
		return e;
	snprintf(number, sizeof(number), "%d", fd);
	if (setenv(VARIABLE, number, 1) < 0)
		return -errno;
	execv("/proc/self/exe", argv);
	return -errno;
}

int carry_resume(struct carry *c, struct roster *r, struct penalties *p)
{
	const char *text = getenv(VARIABLE);
	_cleanup_close_ int fd = -EBADF;
	uint32_t number;
	int e;

	if (!text)
		return 0;
	if (parse_u32(text, INT_MAX, &number) < 0)
		return -EPROTO;
	unsetenv(VARIABLE);
	fd = (int)number;
	e = read_all(fd, c, sizeof(*c));
	if (e == 0 && (c->n_entries > r->limits.connections + ROSTER_SPARE ||
		       c->n_penalties > PENALTY_SOURCES_MAX))
		e = -E2BIG;
	if (e == 0)
		e = read_all(fd, r->entries, c->n_entries * sizeof(*r->entries));
	if (e == 0)
		e = read_all(fd, p->entries, c->n_penalties * sizeof(*p->entries));
	if (e < 0)
		return e;
	r->n = c->n_entries;
	p->n = c->n_penalties;
	e = set_inherited(c->link, false);
	for (uint32_t i = 0; e == 0 && i < r->n; i++)
		e = set_inherited(r->entries[i].pidfd, false);
	return e < 0 ? e : 1;
}
