// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/wake.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "proto/camera-msg.h"

#define ROOM_FIRST 16

struct wake *wake_list_find(struct wake_list *l, uint64_t lease)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->wakes[i].lease == lease)
			return &l->wakes[i];
	return NULL;
}

int wake_list_add(struct wake_list *l, uint64_t lease, uint32_t stream, int fd)
{
	if (wake_list_find(l, lease))
		return -EEXIST;
	if (l->n == WAKES_MAX)
		return -ENOSPC;
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : ROOM_FIRST;
		struct wake *wakes = reallocarray(l->wakes, room, sizeof(*wakes));

		if (!wakes)
			return -ENOMEM;
		l->wakes = wakes;
		l->room = room;
	}
	l->wakes[l->n++] =
		(struct wake){.lease = lease, .fd = fd, .stream = stream, .seen = 1U << stream};
	return 0;
}

void wake_list_drop(struct wake_list *l, struct wake *wake)
{
	close_fd(wake->fd);
	*wake = l->wakes[--l->n];
}

void wake_list_release(struct wake_list *l)
{
	while (l->n > 0)
		wake_list_drop(l, &l->wakes[l->n - 1]);
	free(l->wakes);
	*l = (struct wake_list){};
}

void wake_list_write(struct wake_list *l, uint32_t stream, uint64_t index, wake_gone_t gone,
		     void *userdata)
{
	struct camera_wake message = {.index = index};

	/* Backwards: the last takes the place of one that is removed. */
	for (size_t i = l->n; i-- > 0;) {
		struct wake *w = &l->wakes[i];

		if (w->stream != stream ||
		    send(w->fd, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
		    errno == EAGAIN || errno == EINTR)
			continue;
		gone(userdata, w);
		wake_list_drop(l, w);
	}
}
