// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/camera.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/chan.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "camera/backoff.h"
#include "camera/choices.h"
#include "camera/epoch.h"
#include "camera/report.h"
#include "camera/wake.h"
#include "proto/camera-msg.h"

#define STATE_INTERVAL_USEC USEC_PER_SEC

/* Of the link, for its permit table. */
enum link_state {
	LINK_NEW = 1 << 0,  /* HELLO said, WELCOME to come */
	LINK_IDLE = 1 << 1, /* no epoch */
	LINK_RUNNING = 1 << 2,
};

struct camera {
	const char *name;
	bool restarted; /* a process that ends is followed by another one */
	struct source *source;
	struct chan link;
	struct camera_welcome welcome; /* with the present configuration */
	struct epoch epoch;            /* sound only while the link's state is LINK_RUNNING */
	struct sealer *sealer;         /* NULL while it is not */
	uint64_t last_epoch;
	bool had_epoch;
	struct wake_list wakes;
	struct choices choices;
	bool tell_controls; /* with the next tick: many changes make one listing */
	sd_event *event;
	struct backoff backoff; /* of the attempts since the last picture */
	sd_event_source *on_link, *on_frame, *on_tick, *on_stall, *on_retry;
};

static bool running(const struct camera *c)
{
	return c->link.state == LINK_RUNNING;
}

/* The one way out. A broker that went away is no error of this process. */
static void leave(struct camera *c, int error)
{
	bool gone = error == 0 || error == -EPIPE || error == -ECONNRESET;

	if (!gone)
		log_error("link to the broker: %s", strerror(-error));
	sd_event_exit(c->event, gone ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void wake_gone(void *userdata, uint64_t lease)
{
	struct camera *c = userdata;
	int r = report_sequence(&c->link, &c->epoch, lease, false);

	if (r < 0)
		leave(c, r);
}

static int report(struct camera *c, enum camera_condition condition)
{
	const char *reason = "";

	if (condition == CAMERA_LOST)
		reason = c->epoch.reason;
	else if (running(c) && c->epoch.encoder)
		reason = c->epoch.encoder->reason;
	return report_state(&c->link, condition, c->source,
			    condition == CAMERA_IDLE ? NULL : &c->epoch, reason);
}

/* Closes the device, drops the ring and every wake. */
static int end_epoch(struct camera *c)
{
	int r = 0;

	c->on_frame = sd_event_source_disable_unref(c->on_frame);
	c->on_tick = sd_event_source_disable_unref(c->on_tick);
	c->on_stall = sd_event_source_disable_unref(c->on_stall);
	for (size_t i = 0; i < c->wakes.n && r >= 0; i++)
		r = report_sequence(&c->link, &c->epoch, c->wakes.wakes[i].lease, false);
	wake_list_release(&c->wakes);
	epoch_end(&c->epoch);
	c->sealer = sealer_free(c->sealer);
	c->link.state = LINK_IDLE;
	return r;
}

/* A node that was made anew is for a process that starts now. */
static bool needs_successor(struct camera *c, int error)
{
	if (!c->restarted || (error != -EACCES && error != -EPERM) || !source_replaced(c->source))
		return false;
	log_notice("the device was plugged in anew: a new process is needed");
	sd_event_exit(c->event, EXIT_FAILURE);
	return true;
}

static int wait_for_return(struct camera *c);

/* The source may be back: then the camera is idle again, and no longer lost. */
static int look_again(struct camera *c)
{
	const char *reason;
	int r = source_probe(c->source);

	if (r >= 0) {
		log_info("the source is back");
		return report(c, CAMERA_IDLE);
	}
	if (needs_successor(c, r))
		return 0;
	reason = source_explain(r);
	if (source_may_return(r)) {
		int again = wait_for_return(c);

		if (again < 0)
			return again;
	}
	if (!strcmp(reason, c->epoch.reason))
		return 0;
	snprintf(c->epoch.reason, sizeof(c->epoch.reason), "%s", reason);
	return report(c, CAMERA_LOST);
}

static int retry_handler(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct camera *c = userdata;
	int r;

	c->on_retry = sd_event_source_disable_unref(c->on_retry);
	r = look_again(c);
	if (r < 0)
		leave(c, r);
	return 0;
}

static int wait_for_return(struct camera *c)
{
	return sd_event_add_time_relative(c->event, &c->on_retry, CLOCK_MONOTONIC,
					  backoff_next(&c->backoff), 0, retry_handler, c);
}

static int report_lost(struct camera *c)
{
	int r = c->epoch.may_return ? wait_for_return(c) : 0;

	return r < 0 ? r : report(c, CAMERA_LOST);
}

static int lose_epoch(struct camera *c)
{
	int r;

	log_warning("epoch %llu lost: %s", (unsigned long long)c->epoch.number, c->epoch.reason);
	r = end_epoch(c);
	return r < 0 ? r : report_lost(c);
}

static int take_frame(struct camera *c)
{
	struct epoch_progress progress;
	int r = epoch_step(&c->epoch, &progress);

	if (r < 0)
		return lose_epoch(c);
	if (progress.ring_ready) {
		backoff_reset(&c->backoff);
		r = report_ring(&c->link, &c->epoch);
		if (r >= 0)
			r = report(c, CAMERA_RUNNING);
	}
	if (progress.published)
		wake_list_write(&c->wakes, progress.index, wake_gone, c);
	return r;
}

static int frame_handler(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct camera *c = userdata;
	int r = take_frame(c);

	/* Off and on again: it leaves the epoll set and joins it anew. */
	if (r >= 0 && c->on_frame && c->source->polled_anew) {
		r = sd_event_source_set_enabled(c->on_frame, SD_EVENT_OFF);
		if (r >= 0)
			r = sd_event_source_set_enabled(c->on_frame, SD_EVENT_ON);
	}
	if (r < 0)
		leave(c, r);
	return 0;
}

static int tick_handler(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct camera *c = userdata;
	int r = report(c, c->epoch.ring ? CAMERA_RUNNING : CAMERA_STARTING);

	if (r >= 0 && c->tell_controls) {
		c->tell_controls = false;
		r = report_controls(&c->link, c->source);
	}
	if (r >= 0)
		r = sd_event_source_set_time_relative(s, STATE_INTERVAL_USEC);
	if (r < 0)
		leave(c, r);
	return 0;
}

/* Frames only move the deadline; the timer looks at it when it fires. */
static int stall_handler(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct camera *c = userdata;
	uint64_t deadline = epoch_deadline(&c->epoch);
	bool stalled = clock_monotonic() >= deadline;
	int r;

	if (stalled)
		epoch_lose_stalled(&c->epoch);
	r = stalled ? lose_epoch(c) : sd_event_source_set_time(s, deadline);
	if (r < 0)
		leave(c, r);
	return 0;
}

static int add_timer(struct camera *c, sd_event_source **ret, uint64_t at,
		     sd_event_time_handler_t handler)
{
	int r = sd_event_add_time(c->event, ret, CLOCK_MONOTONIC, at, 0, handler, c);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_ON);
}

/* Frames wait until the key that seals them is certified. */
static int watch_epoch(struct camera *c)
{
	int r = sd_event_add_io(c->event, &c->on_frame, source_fd(c->source), c->source->events,
				frame_handler, c);

	if (r >= 0)
		r = sd_event_source_set_enabled(c->on_frame, SD_EVENT_OFF);
	if (r >= 0)
		r = add_timer(c, &c->on_tick, clock_monotonic() + STATE_INTERVAL_USEC,
			      tick_handler);
	if (r >= 0)
		r = add_timer(c, &c->on_stall, epoch_deadline(&c->epoch), stall_handler);
	return r;
}

static int handle_welcome(void *userdata, const void *message, int *fds)
{
	struct camera *c = userdata;
	int r = 0;

	c->welcome = *(const struct camera_welcome *)message;
	if (strcmp(c->welcome.name, c->name) != 0) {
		log_error("the broker takes this camera for %s", c->welcome.name);
		return -EPROTO;
	}
	c->link.state = LINK_IDLE;
	if (!source_has_controls(c->source))
		r = report_controls(&c->link, c->source);
	return r < 0 ? r : report(c, CAMERA_IDLE);
}

/* The key goes out first: its certificate comes while the device is opened. */
static int begin_epoch(struct camera *c, const struct ring_description *description)
{
	int r = sealer_new(description, &c->sealer);

	if (r < 0 || (r = report_epoch_key(&c->link, description->epoch, c->sealer)) < 0)
		return r;
	r = epoch_begin(&c->epoch, c->source, c->sealer, description, &c->welcome.configuration);
	if (r < 0) {
		log_warning("epoch %llu does not start: %s", (unsigned long long)description->epoch,
			    c->epoch.reason);
		c->sealer = sealer_free(c->sealer);
		return needs_successor(c, r) ? 0 : report_lost(c);
	}
	c->link.state = LINK_RUNNING;
	c->tell_controls = source_has_controls(c->source);
	r = watch_epoch(c);
	return r < 0 ? r : report(c, CAMERA_STARTING);
}

static int handle_start(void *userdata, const void *message, int *fds)
{
	const struct camera_start *m = message;
	struct camera *c = userdata;
	struct ring_description description = {.epoch = m->epoch};

	/* The broker never uses a number again; a camera that did would mix up two runs. */
	if ((c->had_epoch && m->epoch <= c->last_epoch) || !(m->streams & 1U << RING_STREAM_MAIN))
		return -EPROTO;
	c->on_retry = sd_event_source_disable_unref(c->on_retry);
	c->had_epoch = true;
	c->last_epoch = m->epoch;
	memcpy(description.camera_uuid, c->welcome.uuid, UUID_SIZE);
	snprintf(description.camera_name, sizeof(description.camera_name), "%s", c->name);
	return begin_epoch(c, &description);
}

static int handle_certificate(void *userdata, const void *message, int *fds)
{
	const struct camera_certificate *m = message;
	struct camera *c = userdata;

	/* It may have crossed the end of its epoch. */
	if (!running(c) || m->epoch != c->epoch.number)
		return 0;
	if (sealer_certify(c->sealer, m->certificate, m->size) < 0)
		return -EPROTO;
	return sd_event_source_set_enabled(c->on_frame, SD_EVENT_ON);
}

static int handle_lease(void *userdata, const void *message, int *fds)
{
	const struct camera_lease *m = message;
	struct camera *c = userdata;
	uint8_t statement[SEAL_STATEMENT_SIZE];
	int r;

	if (!running(c) || m->epoch != c->epoch.number || m->stream != RING_STREAM_MAIN)
		return 0;
	r = sealer_state(c->sealer, m, epoch_first_sequence(&c->epoch), statement);
	return r < 0 ? r : report_statement(&c->link, m, statement);
}

static int handle_stop(void *userdata, const void *message, int *fds)
{
	const struct camera_stop *m = message;
	struct camera *c = userdata;
	int r;

	/* It may have crossed the news that the epoch was lost. */
	if (!running(c) || m->epoch != c->epoch.number)
		return 0;
	r = end_epoch(c);
	return r < 0 ? r : report(c, CAMERA_IDLE);
}

static int handle_add_wake(void *userdata, const void *message, int *fds)
{
	const struct camera_add_wake *m = message;
	struct camera *c = userdata;
	int r;

	if (!running(c) || m->epoch != c->epoch.number)
		return 0;
	if (m->stream != RING_STREAM_MAIN)
		return -EPROTO;
	r = wake_list_add(&c->wakes, m->lease, fds[0]);
	if (r < 0)
		return r;
	steal_fd(&fds[0]);
	return report_sequence(&c->link, &c->epoch, m->lease, true);
}

static int handle_drop_wake(void *userdata, const void *message, int *fds)
{
	const struct camera_drop_wake *m = message;
	struct camera *c = userdata;

	/* Unknown: its reader went first, or the epoch did, and that has been told. */
	if (!running(c) || wake_list_drop(&c->wakes, m->lease) < 0)
		return 0;
	return report_sequence(&c->link, &c->epoch, m->lease, false);
}

static int handle_keyframe(void *userdata, const void *message, int *fds)
{
	struct camera *c = userdata;

	if (running(c))
		epoch_want_keyframe(&c->epoch);
	return 0;
}

/* One that was asked for is answered; it becomes a choice when the broker says so. */
static int set_control(struct camera *c, const struct camera_set *m)
{
	int32_t value = m->value;
	int r = running(c) ? source_set_control(c->source, m->control, &value, m->request != 0)
			   : -ENODEV;

	c->tell_controls = c->tell_controls || r >= 0;
	if (m->request)
		return report_set_done(&c->link, m->request, r, value);
	return choices_keep(&c->choices, m->control, m->value);
}

static int handle_set(void *userdata, const void *message, int *fds)
{
	const struct camera_set *m = message;
	struct camera *c = userdata;

	if (m->control[0])
		return set_control(c, m);
	c->welcome.configuration = m->configuration;
	if (running(c) && epoch_configure(&c->epoch, &m->configuration) < 0)
		return lose_epoch(c);
	return 0;
}

#define RULE(t, s) .type = CAMERA_##t, .size = sizeof(struct s)

static const struct chan_rule rules[] = {
	{RULE(WELCOME, camera_welcome), .states = LINK_NEW, .once = true,
	 .valid = camera_welcome_valid, .handler = handle_welcome},
	{RULE(CERTIFICATE, camera_certificate), .states = LINK_IDLE | LINK_RUNNING,
	 .valid = camera_certificate_valid, .handler = handle_certificate},
	{RULE(START, camera_start), .states = LINK_IDLE, .valid = camera_start_valid,
	 .handler = handle_start},
	{RULE(STOP, camera_stop), .states = LINK_IDLE | LINK_RUNNING, .handler = handle_stop},
	{RULE(ADD_WAKE, camera_add_wake), .n_fds = CAMERA_ADD_WAKE_FDS,
	 .states = LINK_IDLE | LINK_RUNNING, .valid = camera_add_wake_valid,
	 .handler = handle_add_wake},
	{RULE(DROP_WAKE, camera_drop_wake), .states = LINK_IDLE | LINK_RUNNING,
	 .handler = handle_drop_wake},
	{RULE(LEASE, camera_lease), .states = LINK_IDLE | LINK_RUNNING, .valid = camera_lease_valid,
	 .handler = handle_lease},
	{RULE(KEYFRAME, camera_keyframe), .states = LINK_IDLE | LINK_RUNNING,
	 .valid = camera_keyframe_valid, .handler = handle_keyframe},
	{RULE(SET, camera_set), .states = LINK_IDLE | LINK_RUNNING, .valid = camera_set_valid,
	 .handler = handle_set},
};

static int link_handler(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct camera *c = userdata;
	int r = chan_receive(&c->link);

	if (r != 1 && r != -EAGAIN) {
		sd_event_source_set_enabled(s, SD_EVENT_OFF);
		leave(c, r);
	}
	return 0;
}

int camera_new(sd_event *event, const char *name, struct source *source, int link_fd,
	       bool restarted, struct camera **ret)
{
	_cleanup_(camera_freep) struct camera *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		close_fd(link_fd);
		return -ENOMEM;
	}
	c->name = name;
	c->source = source;
	c->restarted = restarted;
	source->choices = &c->choices;
	c->event = sd_event_ref(event);
	chan_init(&c->link, link_fd, CAMERA_MSG_VERSION, rules, ARRAY_SIZE(rules), LINK_NEW, c);
	r = fdpass_set_backlog(link_fd);
	if (r >= 0)
		r = report_hello(&c->link, name);
	if (r >= 0)
		r = sd_event_add_io(event, &c->on_link, link_fd, EPOLLIN, link_handler, c);
	/* A wake to be dropped goes before the next frame. */
	if (r >= 0)
		r = sd_event_source_set_priority(c->on_link, SD_EVENT_PRIORITY_IMPORTANT);
	if (r < 0)
		return r;
	*ret = steal_pointer(&c);
	return 0;
}

struct camera *camera_free(struct camera *c)
{
	if (!c)
		return NULL;
	sd_event_source_disable_unref(c->on_frame);
	sd_event_source_disable_unref(c->on_tick);
	sd_event_source_disable_unref(c->on_stall);
	sd_event_source_disable_unref(c->on_retry);
	sd_event_source_disable_unref(c->on_link);
	if (running(c))
		epoch_end(&c->epoch);
	sealer_free(c->sealer);
	wake_list_release(&c->wakes);
	chan_close(&c->link);
	c->source->choices = NULL;
	sd_event_unref(c->event);
	free(c);
	return NULL;
}
