// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/doorstep.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "broker/admission.h"
#include "broker/broker.h"

struct doorstep {
	struct broker *broker;
	int (*look)(struct broker *broker, struct admission *admission);
	struct list waiting;
};

struct waiting {
	struct list list;
	struct doorstep *doorstep;
	struct admission admission;
	sd_event_source *gone, *again;
};

/* Returns the link to whoever asked for it. */
static int forget(struct waiting *w)
{
	int fd = w->admission.fd;

	list_remove(&w->list);
	sd_event_source_disable_unref(w->gone);
	sd_event_source_disable_unref(w->again);
	free(w);
	return fd;
}

static int on_gone(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct waiting *w = userdata;

	admission_gone(w->doorstep->broker, w->admission.name);
	close_fd(forget(w));
	return 0;
}

static int on_again(sd_event_source *source, uint64_t when, void *userdata)
{
	struct waiting *w = userdata;
	int r;

	/* Before the link has a reader of its own: the loop watches a descriptor once. */
	sd_event_source_set_enabled(w->gone, SD_EVENT_OFF);
	if (w->doorstep->look(w->doorstep->broker, &w->admission) == 0) {
		forget(w);
		return 0;
	}
	r = sd_event_source_set_enabled(w->gone, SD_EVENT_ON);
	if (r >= 0)
		r = sd_event_source_set_time_relative(source, DOORSTEP_INTERVAL);
	if (r >= 0)
		r = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	if (r < 0)
		close_fd(forget(w));
	return 0;
}

int doorstep_new(struct broker *broker, int (*look)(struct broker *, struct admission *),
		 struct doorstep **ret)
{
	struct doorstep *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->broker = broker;
	d->look = look;
	list_init(&d->waiting);
	*ret = d;
	return 0;
}

struct doorstep *doorstep_free(struct doorstep *d)
{
	struct waiting *w, *tmp;

	if (!d)
		return NULL;
	list_for_each_safe (w, tmp, &d->waiting, list)
		close_fd(forget(w));
	free(d);
	return NULL;
}

void doorstep_clear(struct doorstep *d, const char *name)
{
	struct waiting *w, *tmp;

	list_for_each_safe (w, tmp, &d->waiting, list)
		if (!strcmp(w->admission.name, name))
			close_fd(forget(w));
}

static int watch(struct waiting *w)
{
	sd_event *event = w->doorstep->broker->event;
	/* What it says is for whoever lets it in. */
	int r = sd_event_add_io(event, &w->gone, w->admission.fd, EPOLLRDHUP, on_gone, w);

	if (r >= 0)
		r = sd_event_source_set_priority(w->gone, BROKER_PRIORITY_CAMERA);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &w->again, CLOCK_MONOTONIC, DOORSTEP_INTERVAL,
					       0, on_again, w);
	return r < 0 ? r : sd_event_source_set_priority(w->again, BROKER_PRIORITY_CAMERA);
}

int doorstep_wait(struct doorstep *d, const struct admission *admission)
{
	struct waiting *w = calloc(1, sizeof(*w));
	int r;

	if (!w) {
		close_fd(admission->fd);
		return -ENOMEM;
	}
	w->doorstep = d;
	w->admission = *admission;
	list_append(&d->waiting, &w->list);
	r = watch(w);
	if (r < 0)
		close_fd(forget(w));
	return r;
}
