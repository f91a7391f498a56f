// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/wake.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "proto/camera-msg.h"

#define ROOM_FIRST 16

static struct wake *find(struct wake_list *l, uint64_t lease)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->wakes[i].lease == lease)
			return &l->wakes[i];
	return NULL;
}

int wake_list_add(struct wake_list *l, uint64_t lease, int fd)
{
	if (find(l, lease))
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
	l->wakes[l->n++] = (struct wake){.lease = lease, .fd = fd};
	return 0;
}

static void remove_at(struct wake_list *l, struct wake *w)
{
	close_fd(w->fd);
	*w = l->wakes[--l->n];
}

int wake_list_drop(struct wake_list *l, uint64_t lease)
{
	struct wake *w = find(l, lease);

	if (!w)
		return -ENOENT;
	remove_at(l, w);
	return 0;
}

void wake_list_release(struct wake_list *l)
{
	while (l->n > 0)
		remove_at(l, &l->wakes[l->n - 1]);
	free(l->wakes);
	*l = (struct wake_list){};
}

void wake_list_write(struct wake_list *l, uint64_t index, wake_gone_t gone, void *userdata)
{
	struct camera_wake message = {.index = index};

	/* Backwards: the last takes the place of one that is removed. */
	for (size_t i = l->n; i-- > 0;) {
		struct wake *w = &l->wakes[i];
		uint64_t lease = w->lease;

		if (send(w->fd, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
		    errno == EAGAIN || errno == EINTR)
			continue;
		remove_at(l, w);
		gone(userdata, lease);
	}
}
