// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/camera-arrival.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "camera/camera.h"
#include "camera/exit.h"

/* Not for what it is told to leave alone. */
static bool is_awaited(const struct camera *c)
{
	return c->hardware_came && c->welcome.configuration.encoder != CAMERA_ENCODER_SOFTWARE;
}

void camera_tell_way(const struct camera *c, const struct encoder *encoder,
		     char ret[PROTO_REASON_SIZE])
{
	static const char waits[] = "; an encoder waits: it is taken once nobody watches";

	if (is_awaited(c) && encoder->path == CAMERA_PATH_SOFTWARE)
		/* What to do about it comes before all that stood in the way. */
		snprintf(ret, PROTO_REASON_SIZE, "%.*s%s", (int)(PROTO_REASON_SIZE - sizeof(waits)),
			 encoder->reason, waits);
	else
		snprintf(ret, PROTO_REASON_SIZE, "%s", encoder->reason);
}

static bool makes_way(const struct camera *c)
{
	return is_awaited(c) && c->link.state == LINK_IDLE;
}

static bool has_mail(const struct camera *c)
{
	struct pollfd link = {.fd = c->link.fd, .events = POLLIN};

	return poll(&link, 1, 0) != 0;
}

/* What the broker has said by now comes first: a START, for one. One that it says later is said to
 * the next process again. */
static int way_handler(sd_event_source *s, void *userdata)
{
	struct camera *c = userdata;

	if (has_mail(c))
		camera_make_way(c);
	if (has_mail(c) || !makes_way(c))
		return 0;
	log_notice("hardware has come that only a new process may use");
	return sd_event_exit(c->event, CAMERA_EXIT_DEVICE);
}

void camera_make_way(struct camera *c)
{
	if (makes_way(c))
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
	return 0; /* the next tick tells of it */
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
