// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/outgoing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define SIZE_MIN 4096

void outgoing_release(struct outgoing *o)
{
	free(o->data);
	*o = (struct outgoing){};
}

static int make_room(struct outgoing *o, size_t n)
{
	size_t pending = outgoing_pending(o), size = o->size ? o->size : SIZE_MIN;
	uint8_t *data;

	if (n > OUTGOING_MAX - pending)
		return -EMSGSIZE;
	if (o->start > 0) {
		memmove(o->data, o->data + o->start, pending);
		o->start = 0;
		o->end = pending;
	}
	while (size < pending + n)
		size *= 2;
	if (size == o->size)
		return 0;
	data = realloc(o->data, size);
	if (!data)
		return -ENOMEM;
	o->data = data;
	o->size = size;
	return 0;
}

int outgoing_append(struct outgoing *o, const void *bytes, size_t n)
{
	if (n > o->size - o->end) {
		int r = make_room(o, n);

		if (r < 0)
			return r;
	}
	memcpy(o->data + o->end, bytes, n);
	o->end += n;
	return 0;
}

ssize_t outgoing_send(struct outgoing *o, int sock)
{
	ssize_t n;

	if (o->start == o->end)
		return 0;
	do
		n = send(sock, o->data + o->start, o->end - o->start, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	o->start += (size_t)n;
	o->sent += (uint64_t)n;
	if (o->start == o->end)
		o->start = o->end = 0;
	return n;
}
