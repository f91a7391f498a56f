// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/link.h"

#include <errno.h>
#include <sys/epoll.h>

static int link_on_over(sd_event_source *source, void *userdata)
{
	struct link *l = userdata;
	void (*on_over)(void *, int) = l->on_over;

	l->on_over = NULL;
	if (on_over)
		on_over(l->userdata, l->error);
	return 0;
}

static int link_on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct link *l = userdata;
	int r = chan_receive(&l->chan);

	if (r == 1 || r == -EAGAIN || !link_is_open(l))
		return 0;
	link_fail(l, r);
	return 0;
}

int link_open(struct link *l, sd_event *event, int64_t priority, int fd, uint16_t version,
	      const struct chan_rule *rules, size_t n_rules, uint32_t state,
	      void (*on_over)(void *userdata, int error), void *userdata)
{
	int r;

	*l = (struct link){.on_over = on_over, .userdata = userdata};
	chan_init(&l->chan, fd, version, rules, n_rules, state, userdata);
	r = sd_event_add_io(event, &l->io, fd, EPOLLIN, link_on_io, l);
	if (r >= 0)
		r = sd_event_source_set_priority(l->io, priority);
	if (r >= 0)
		r = sd_event_add_defer(event, &l->over, link_on_over, l);
	if (r >= 0)
		r = sd_event_source_set_priority(l->over, priority);
	if (r >= 0)
		r = sd_event_source_set_enabled(l->over, SD_EVENT_OFF);
	if (r < 0)
		link_close(l);
	return r;
}

void link_close(struct link *l)
{
	l->io = sd_event_source_disable_unref(l->io);
	l->over = sd_event_source_disable_unref(l->over);
	l->on_over = NULL;
	chan_close(&l->chan);
}

void link_fail(struct link *l, int error)
{
	if (!link_is_open(l))
		return;
	l->error = error;
	l->io = sd_event_source_disable_unref(l->io);
	chan_close(&l->chan);
	sd_event_source_set_enabled(l->over, SD_EVENT_ONESHOT);
}

void link_drain(struct link *l)
{
	int r;

	do
		r = link_is_open(l) ? chan_receive(&l->chan) : 0;
	while (r == 1);
	link_fail(l, r == -EAGAIN ? 0 : r);
}

void link_send(struct link *l, uint16_t type, void *message, size_t size, const int *fds,
	       size_t n_fds)
{
	int r;

	if (!link_is_open(l))
		return;
	r = chan_send(&l->chan, type, message, size, fds, n_fds);
	if (r < 0)
		link_fail(l, r);
}
