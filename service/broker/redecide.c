// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/redecide.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease.h"

#define TIMER_ACCURACY (1 * USEC_PER_MSEC)

struct policy_verdict redecide_lease(const struct broker *broker, const struct lease *lease)
{
	struct policy_request request = {
		.client = lease->client,
		.token = lease->token,
		.right = lease->right,
		.stream = lease->stream,
	};

	memcpy(request.camera, lease->camera->uuid, UUID_SIZE);
	return policy_decide(broker->policy, &request, clock_realtime(), broker_clock_is_set());
}

static void arm_timer(struct broker *broker, uint64_t when)
{
	sd_event_source *timer = broker->redecide.timer;

	if (!when) {
		sd_event_source_set_enabled(timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(timer, when);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

void redecide_by(struct broker *broker, uint64_t when)
{
	sd_event_source *timer = broker->redecide.timer;
	uint64_t armed;

	if (!when)
		return;
	if (sd_event_source_get_enabled(timer, NULL) > 0 &&
	    sd_event_source_get_time(timer, &armed) >= 0 && armed <= when)
		return;
	arm_timer(broker, when);
}

/* Cuts what is no longer permitted; returns the time at which to ask again. */
static uint64_t decide(struct broker *broker)
{
	struct lease *lease;
	uint64_t earliest = 0;

	list_for_each (lease, &broker->leases, list) {
		struct policy_verdict verdict = redecide_lease(broker, lease);

		lease->verdict = verdict.reason;
		if (!verdict.allowed)
			lease_cut(lease);
		else if (verdict.ask_again && (!earliest || verdict.ask_again < earliest))
			earliest = verdict.ask_again;
	}
	return earliest;
}

unsigned redecide_all(struct broker *broker)
{
	uint64_t earliest = decide(broker);
	struct lease *lease, *tmp;
	unsigned n = 0;

	list_for_each_safe (lease, tmp, &broker->leases, list) {
		if (lease->verdict == POLICY_ALLOWED)
			continue;
		lease_end(lease, policy_reason_text(lease->verdict));
		n++;
	}
	arm_timer(broker, earliest);
	return n;
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	redecide_all(userdata);
	return 0;
}

/* A timer that never comes, but tells when the clock is set (timerfd_create(2)). ECANCELED: it has
 * been set since this was asked for last. */
static int watch_clock(int fd)
{
	struct itimerspec never = {.it_value.tv_sec = sizeof(time_t) > 4 ? LONG_MAX : INT_MAX};
	int r;

	do
		r = timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
	while (r < 0 && errno == ECANCELED);
	return r < 0 ? -errno : 0;
}

static int on_clock_set(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	uint64_t expirations;
	int r;

	if (read(fd, &expirations, sizeof(expirations)) < 0 && errno == EAGAIN)
		return 0;
	/* First: a clock that is set again while leases are decided is not to be missed. */
	r = watch_clock(fd);
	redecide_all(userdata);
	return r;
}

int redecide_open(struct broker *broker)
{
	struct redecide *d = &broker->redecide;
	int r;

	d->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->clock_fd < 0)
		return -errno;
	r = watch_clock(d->clock_fd);
	if (r < 0)
		return r;
	r = sd_event_add_io(broker->event, &d->clock_set, d->clock_fd, EPOLLIN, on_clock_set,
			    broker);
	if (r < 0)
		return r;
	/* The loop would go on without the watch, and access past its time: better none at all. */
	r = sd_event_source_set_exit_on_failure(d->clock_set, true);
	if (r < 0)
		return r;
	r = sd_event_source_set_priority(d->clock_set, BROKER_PRIORITY_POLICY);
	if (r < 0)
		return r;
	r = sd_event_add_time(broker->event, &d->timer, CLOCK_REALTIME, 0, TIMER_ACCURACY, on_timer,
			      broker);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
	if (r < 0)
		return r;
	return sd_event_source_set_priority(d->timer, BROKER_PRIORITY_POLICY);
}

void redecide_close(struct broker *broker)
{
	struct redecide *d = &broker->redecide;

	d->timer = sd_event_source_disable_unref(d->timer);
	d->clock_set = sd_event_source_disable_unref(d->clock_set);
	close_fd(d->clock_fd);
	d->clock_fd = -EBADF;
}
