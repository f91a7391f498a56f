// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The bytes, already encrypted, that the kernel has not taken yet. It holds at most one access unit
 * and a few replies, because nothing new is begun while something waits (session.c).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OUTGOING_MAX ((size_t)32 << 20)

struct outgoing {
	uint8_t *data; /* owned; start..end of it wait */
	size_t size, start, end;
	uint64_t sent; /* bytes that the kernel took since the connection began */
};

void outgoing_release(struct outgoing *o);

/* Errors: -ENOMEM, -EMSGSIZE (more than OUTGOING_MAX would wait). */
int outgoing_append(struct outgoing *o, const void *bytes, size_t n);

static inline size_t outgoing_pending(const struct outgoing *o)
{
	return o->end - o->start;
}

/* Where the bytes appended last will end, counted like sent. */
static inline uint64_t outgoing_end(const struct outgoing *o)
{
	return o->sent + outgoing_pending(o);
}

/*
 * Hands what waits to the kernel by one send(), without blocking. Returns the bytes it took.
 * Errors: -EAGAIN (none), -EPIPE, -ECONNRESET, -ETIMEDOUT (the connection is over).
 */
ssize_t outgoing_send(struct outgoing *o, int sock);
