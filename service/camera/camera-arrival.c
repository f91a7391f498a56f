// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/camera-arrival.h"

#include <sys/epoll.h>

#include "base/log.h"
#include "camera/camera.h"
#include "camera/exit.h"

/* What the broker has said by now comes first: a START, for one. */
static int way_handler(sd_event_source *s, void *userdata)
{
	struct camera *c = userdata;

	if (c->link.state != LINK_IDLE)
		return 0;
	log_notice("hardware has come that only a new process may use");
	return sd_event_exit(c->event, CAMERA_EXIT_DEVICE);
}

void camera_make_way(struct camera *c)
{
	if (c->hardware_came && c->link.state == LINK_IDLE)
		sd_event_source_set_enabled(c->on_way, SD_EVENT_ONESHOT);
}

static int arrival_handler(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct camera *c = userdata;

	if (!arrival_look(c->arrival))
		return 0;
	c->hardware_came = true;
	sd_event_source_set_enabled(s, SD_EVENT_OFF);
	camera_make_way(c);
	return 0;
}

int camera_await(struct camera *c, struct arrival *arrival)
{
	int r = sd_event_add_defer(c->event, &c->on_way, way_handler, c);

	if (r >= 0)
		r = sd_event_source_set_enabled(c->on_way, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(c->on_way, SD_EVENT_PRIORITY_IDLE);
	if (r >= 0)
		r = sd_event_add_io(c->event, &c->on_arrival, arrival->fd, EPOLLIN, arrival_handler,
				    c);
	if (r < 0)
		return r;
	c->arrival = arrival;
	c->hardware_came = arrival_look(arrival);
	return 0;
}
