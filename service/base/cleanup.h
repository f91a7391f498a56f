// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Cleanup attributes: a variable that owns something names its release where it is declared.
 *
 *	_cleanup_close_ int fd = -EBADF;
 *	_cleanup_free_ char *text = NULL;
 *	return steal_fd(&fd);		// ownership leaves the function
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(f)    __attribute__((cleanup(f)))
#define _cleanup_close_ _cleanup_(close_fdp)
#define _cleanup_free_  _cleanup_(free_p)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Defines fp(), which releases *p through f unless it is NULL. */
#define DEFINE_CLEANUP(type, f)          \
	static inline void f##p(type *p) \
	{                                \
		if (*p)                  \
			f(*p);           \
	}

static inline void close_fd(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

static inline void close_fdp(int *fd)
{
	close_fd(*fd);
}

static inline void close_fds(const int *fds, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++)
		close_fd(fds[i]);
}

static inline void free_p(void *p)
{
	free(*(void **)p);
}

/* Takes the descriptor out of a variable that would close it. */
static inline int steal_fd(int *fd)
{
	int r = *fd;

	*fd = -EBADF;
	return r;
}

static inline void *steal_pointer(void *pp)
{
	void *p = *(void **)pp;

	*(void **)pp = NULL;
	return p;
}

/* Overwrites a secret; the compiler may not leave it out. */
static inline void erase(void *p, size_t size)
{
	explicit_bzero(p, size);
}
