// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/redecide.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease.h"

#define TIMER_ACCURACY (1 * USEC_PER_MSEC)

/* There are no more of them than fit. */
static bool counts(const struct lease *lease)
{
	return (lease->session || lease->subscription) && lease->state != LEASE_ENDING;
}

/* Fills held with the grants of all leases but one (NULL: of all); says how many. */
static size_t collect(struct broker *broker, const struct lease *but)
{
	struct redecide *d = &broker->redecide;
	struct lease *lease;
	size_t n = 0;

	list_for_each (lease, &broker->leases, list)
		if (lease != but && counts(lease) && n < ARRAY_SIZE(d->held))
			d->held[n++] = lease->grant;
	return n;
}

static struct policy_verdict decide_now(const struct broker *broker, struct policy_request *request)
{
	request->agent = broker->agent.peer != NULL;
	return policy_decide(broker->policy, request, clock_realtime(), broker_clock_is_set());
}

struct policy_verdict redecide_opening(struct broker *broker, struct policy_request *request)
{
	request->n_others = collect(broker, NULL);
	request->others = broker->redecide.held;
	return decide_now(broker, request);
}

static struct policy_verdict decide_lease(const struct broker *broker, const struct lease *lease,
					  uint32_t stream, size_t n_others)
{
	struct policy_request request = {
		.client = lease->client,
		.token = lease->token,
		.local = lease->subscription != NULL,
		.user = lease->subscription ? lease->subscription->user : 0,
		.until = lease->until,
		.right = lease->right,
		.stream = stream,
		.holds = lease->grant,
		.approved = lease->approved,
		.others = broker->redecide.held,
		.n_others = n_others,
	};

	memcpy(request.camera, lease->camera->uuid, UUID_SIZE);
	return decide_now(broker, &request);
}

struct policy_verdict redecide_switch(struct broker *broker, const struct lease *lease,
				      uint32_t stream)
{
	return decide_lease(broker, lease, stream, collect(broker, lease));
}

/* It keeps the ring of the stream that it began with. */
struct policy_verdict redecide_lease(struct broker *broker, const struct lease *lease)
{
	return redecide_switch(broker, lease, lease->began);
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

static bool goes_on_asking(const struct lease *lease)
{
	return lease->state == LEASE_ASKING && lease->verdict == POLICY_ASK;
}

/* A subscriber can make the kernel work for its end, which those in the network do not wait for. */
static void cut_subscribers(struct broker *broker)
{
	struct lease *lease;

	list_for_each (lease, &broker->leases, list)
		if (lease->subscription && lease->verdict != POLICY_ALLOWED)
			lease_cut(lease);
}

/* Cuts what is no longer permitted; returns the time at which to ask again. A lease that goes makes
 * room for those after it, one that goes on by another grant takes its room there. */
static uint64_t decide(struct broker *broker)
{
	size_t n = collect(broker, NULL), i = 0;
	uint64_t *held = broker->redecide.held;
	struct lease *lease;
	uint64_t earliest = 0;

	list_for_each (lease, &broker->leases, list) {
		uint64_t gone = 0, *own = counts(lease) && i < n ? &held[i++] : &gone;
		struct policy_verdict verdict;

		*own = 0;
		verdict = decide_lease(broker, lease, lease->began, n);
		lease->verdict = verdict.reason;
		if (goes_on_asking(lease))
			continue;
		if (!verdict.allowed) {
			if (!lease->subscription)
				lease_cut(lease);
			continue;
		}
		*own = lease->grant = verdict.grant;
		if (verdict.ask_again && (!earliest || verdict.ask_again < earliest))
			earliest = verdict.ask_again;
	}
	cut_subscribers(broker);
	return earliest;
}

/* began: when that was due (us, CLOCK_MONOTONIC). */
static unsigned redecide_since(struct broker *broker, uint64_t began)
{
	uint64_t earliest = decide(broker), took = clock_monotonic() - began;
	struct lease *lease, *tmp;
	unsigned n = 0;

	list_for_each_safe (lease, tmp, &broker->leases, list) {
		if (goes_on_asking(lease))
			continue;
		if (lease->verdict != POLICY_ALLOWED) {
			lease_end(lease, policy_reason_text(lease->verdict));
			n++;
		} else if (lease->state == LEASE_ASKING) {
			lease_admit(lease);
		}
	}
	arm_timer(broker, earliest);
	metrics_cut(&broker->metrics, n, took);
	return n;
}

unsigned redecide_all(struct broker *broker)
{
	return redecide_since(broker, clock_monotonic());
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	uint64_t now = clock_realtime();

	redecide_since(userdata, clock_monotonic() - (now > when ? now - when : 0));
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
	(void)reissue_soon(userdata);
	return r;
}

#define ZONE_FILE "/etc/localtime"

static int watch_zone_file(struct broker *broker);

/* Weekly hours are another time now. */
static void zone_has_changed(struct broker *broker)
{
	int r;

	tzset();
	/* It may be another file by now. */
	r = watch_zone_file(broker);
	if (r < 0)
		log_error(ZONE_FILE ": a change of its content will not be noticed: %s",
			  strerror(-r));
	redecide_all(broker);
}

static int on_zone_set(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	if (event->mask & IN_Q_OVERFLOW ||
	    (event->len > 0 && strcmp(event->name, "localtime") == 0))
		zone_has_changed(userdata);
	return 0;
}

static int on_zone_file(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	zone_has_changed(userdata);
	return 0;
}

/* What the link leads to, which an update of the zones writes or replaces. */
static int watch_zone_file(struct broker *broker)
{
	struct redecide *d = &broker->redecide;
	int r;

	d->zone_file = sd_event_source_disable_unref(d->zone_file);
	r = sd_event_add_inotify(broker->event, &d->zone_file, ZONE_FILE,
				 IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF, on_zone_file,
				 broker);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : sd_event_source_set_priority(d->zone_file, BROKER_PRIORITY_POLICY);
}

/* /etc/localtime is replaced by whoever sets the zone (tzset(3)). */
static int watch_zone(struct broker *broker)
{
	struct redecide *d = &broker->redecide;
	int r = sd_event_add_inotify(broker->event, &d->zone_set, "/etc",
				     IN_CREATE | IN_MOVED_TO | IN_DELETE, on_zone_set, broker);

	tzset();
	if (r >= 0)
		r = sd_event_source_set_priority(d->zone_set, BROKER_PRIORITY_POLICY);
	return r < 0 ? r : watch_zone_file(broker);
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
	r = watch_zone(broker);
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
	d->zone_set = sd_event_source_disable_unref(d->zone_set);
	d->zone_file = sd_event_source_disable_unref(d->zone_file);
	close_fd(d->clock_fd);
	d->clock_fd = -EBADF;
}
