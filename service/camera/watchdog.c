// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/watchdog.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"

#define MESSAGE "WATCHDOG=1"

struct watchdog {
	int fd;
	uint64_t interval; /* us */
	sd_event_source *timer;
};

/* sd_notify(3): a path, or an abstract name after '@'. */
static int connect_manager(int *ret)
{
	const char *place = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -EBADF;
	size_t n = place ? strlen(place) : 0;

	if (n < 2 || n >= sizeof(a.sun_path))
		return -EINVAL;
	memcpy(a.sun_path, place, n);
	if (a.sun_path[0] == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		return -errno;
	*ret = steal_fd(&fd);
	return 0;
}

/* One that does not get through is followed by another one in time. */
static int on_time(sd_event_source *source, uint64_t when, void *userdata)
{
	const struct watchdog *w = userdata;
	int r;

	(void)send(w->fd, MESSAGE, strlen(MESSAGE), MSG_NOSIGNAL);
	r = sd_event_source_set_time_relative(source, w->interval);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int watchdog_new(sd_event *event, struct watchdog **ret)
{
	_cleanup_(watchdog_freep) struct watchdog *w = NULL;
	uint64_t limit;
	int r = sd_watchdog_enabled(false, &limit);

	*ret = NULL;
	if (r <= 0)
		return r;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fd = -EBADF;
	w->interval = limit / 4;
	r = connect_manager(&w->fd);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &w->timer, CLOCK_MONOTONIC, w->interval, 0,
					       on_time, w);
	if (r < 0)
		return r;
	*ret = steal_pointer(&w);
	return 0;
}

struct watchdog *watchdog_free(struct watchdog *w)
{
	if (!w)
		return NULL;
	sd_event_source_disable_unref(w->timer);
	close_fd(w->fd);
	free(w);
	return NULL;
}
