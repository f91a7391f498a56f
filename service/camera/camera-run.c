// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/camera-run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "camera/camera-arrival.h"
#include "camera/camera-subscriber.h"
#include "camera/exit.h"
#include "camera/report.h"

#define STATE_INTERVAL_USEC USEC_PER_SEC
#define LOOK_LEAST_USEC     (100 * USEC_PER_MSEC)

void camera_leave(struct camera *c, int error)
{
	bool gone = error == 0 || error == -EPIPE || error == -ECONNRESET;

	if (!gone)
		log_error("link to the broker: %s", strerror(-error));
	sd_event_exit(c->event, gone ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void wake_gone(void *userdata, const struct wake *wake)
{
	struct camera *c = userdata;
	int r = report_unseen(&c->link, &c->epoch, wake);

	if (r < 0)
		camera_leave(c, r);
}

int camera_report(struct camera *c, enum camera_condition condition)
{
	char reason[PROTO_REASON_SIZE] = "";

	if (condition == CAMERA_LOST)
		snprintf(reason, sizeof(reason), "%s", c->epoch.reason);
	else if (camera_is_running(c) && epoch_told(&c->epoch)->encoder)
		camera_tell_way(c, epoch_told(&c->epoch)->encoder, reason);
	return report_state(&c->link, condition, c->source,
			    condition == CAMERA_IDLE ? NULL : &c->epoch, reason);
}

int camera_end_epoch(struct camera *c)
{
	int r = 0;

	watch_end(&c->watch);
	c->on_tick = sd_event_source_disable_unref(c->on_tick);
	c->on_stall = sd_event_source_disable_unref(c->on_stall);
	for (size_t i = 0; i < c->wakes.n && r >= 0; i++)
		r = report_unseen(&c->link, &c->epoch, &c->wakes.wakes[i]);
	wake_list_release(&c->wakes);
	if (r >= 0)
		r = camera_tell_subscribers_end(c);
	subscriber_list_release(&c->subscribers);
	epoch_end(&c->epoch);
	c->sealer = sealer_free(c->sealer);
	c->link.state = LINK_IDLE;
	camera_make_way(c);
	return r;
}

/* A node that was made anew is for a process that starts now. */
static bool needs_successor(struct camera *c, int error)
{
	if (!c->restarted || (error != -EACCES && error != -EPERM) || !source_replaced(c->source))
		return false;
	log_notice("the device was plugged in anew: a new process is needed");
	sd_event_exit(c->event, CAMERA_EXIT_DEVICE);
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
		return camera_report(c, CAMERA_IDLE);
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
	return camera_report(c, CAMERA_LOST);
}

static int retry_handler(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct camera *c = userdata;
	int r;

	c->on_retry = sd_event_source_disable_unref(c->on_retry);
	r = look_again(c);
	if (r < 0)
		camera_leave(c, r);
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

	return r < 0 ? r : camera_report(c, CAMERA_LOST);
}

int camera_lose_epoch(struct camera *c)
{
	int r;

	log_warning("epoch %llu lost: %s", (unsigned long long)c->epoch.number, c->epoch.reason);
	r = camera_end_epoch(c);
	return r < 0 ? r : report_lost(c);
}

static int published(struct camera *c, const struct stream_progress *progress)
{
	struct stream *stream = &c->epoch.streams[progress->stream];
	int r = 0;

	if (progress->ring_ready) {
		backoff_reset(&c->backoff);
		r = report_ring(&c->link, &c->epoch, progress->stream, c->turns[progress->stream]);
		if (r >= 0)
			r = camera_report(c, CAMERA_RUNNING);
	}
	if (!progress->published)
		return r;
	wake_list_write(&c->wakes, progress->stream, progress->index, wake_gone, c);
	subscriber_list_put(&c->subscribers, progress->stream, &progress->unit, stream->unit.pieces,
			    stream->unit.n_pieces);
	if (subscriber_list_take_request(&c->subscribers, progress->stream))
		stream_want_keyframe(stream);
	return r;
}

static int collect(struct camera *c)
{
	struct stream_progress progress;
	int r, told;

	while ((r = epoch_collect(&c->epoch, &progress)) > 0) {
		told = published(c, &progress);
		if (told < 0)
			return told;
	}
	return r < 0 ? camera_lose_epoch(c) : watch_update(&c->watch);
}

static int take_frame(struct camera *c)
{
	return epoch_step(&c->epoch) < 0 ? camera_lose_epoch(c) : collect(c);
}

static int tick_handler(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct camera *c = userdata;
	int r = camera_report(c, epoch_has_ring(&c->epoch) ? CAMERA_RUNNING : CAMERA_STARTING);

	if (r >= 0 && c->tell_controls) {
		c->tell_controls = false;
		r = report_controls(&c->link, c->source);
	}
	if (r >= 0)
		r = sd_event_source_set_time_relative(s, STATE_INTERVAL_USEC);
	if (r < 0)
		camera_leave(c, r);
	return 0;
}

static int look_later(struct camera *c)
{
	uint64_t deadline = epoch_deadline(&c->epoch), least = clock_monotonic() + LOOK_LEAST_USEC;

	return sd_event_source_set_time(c->on_stall, deadline > least ? deadline : least);
}

/* Frames only move the deadline; the timer looks at it when it fires. */
static int look(struct camera *c)
{
	int r = collect(c);

	if (r < 0 || !camera_is_running(c))
		return r;
	if (!epoch_has_stalled(&c->epoch))
		return look_later(c);
	epoch_lose_stalled(&c->epoch);
	return camera_lose_epoch(c);
}

static int stall_handler(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct camera *c = userdata;
	int r = look(c);

	if (r < 0)
		camera_leave(c, r);
	return 0;
}

static int frame_handler(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct camera *c = userdata;
	int r = take_frame(c);

	if (r < 0)
		camera_leave(c, r);
	return 0;
}

static int encoder_handler(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct camera *c = userdata;
	int r = collect(c);

	if (r < 0)
		camera_leave(c, r);
	return 0;
}

static int add_timer(struct camera *c, sd_event_source **ret, uint64_t at,
		     sd_event_time_handler_t handler)
{
	int r = sd_event_add_time(c->event, ret, CLOCK_MONOTONIC, at, 0, handler, c);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_ON);
}

static int watch_epoch(struct camera *c)
{
	int r;

	c->watch = (struct watch){
		.event = c->event,
		.epoch = &c->epoch,
		.on_frame = frame_handler,
		.on_encoder = encoder_handler,
		.userdata = c,
	};
	r = watch_begin(&c->watch);
	if (r >= 0)
		r = add_timer(c, &c->on_tick, clock_monotonic() + STATE_INTERVAL_USEC,
			      tick_handler);
	if (r >= 0)
		r = add_timer(c, &c->on_stall, epoch_deadline(&c->epoch), stall_handler);
	return r;
}

/* The ring of a stream goes: leases that were handed it see no more of it. Those that are told of
 * its units have been dropped or moved before. */
static int tell_unseen(struct camera *c, enum ring_stream stream)
{
	int r = 0;

	for (size_t i = 0; i < c->wakes.n && r >= 0; i++) {
		struct wake *w = &c->wakes.wakes[i];

		if (!(w->seen & 1U << stream))
			continue;
		w->seen &= ~(1U << stream);
		r = report_sequence(&c->link, &c->epoch, w->lease, stream, false);
	}
	return r;
}

int camera_want(struct camera *c, uint32_t streams)
{
	int r = 0;

	for (unsigned int i = 0; i < RING_N_STREAMS && r >= 0; i++)
		if (c->epoch.wanted & ~streams & 1U << i)
			r = tell_unseen(c, (enum ring_stream)i);
	if (r < 0)
		return r;
	if (epoch_want(&c->epoch, streams) < 0)
		return camera_lose_epoch(c);
	r = watch_update(&c->watch);
	return r < 0 ? r
		     : camera_report(c,
				     epoch_has_ring(&c->epoch) ? CAMERA_RUNNING : CAMERA_STARTING);
}

int camera_begin_epoch(struct camera *c, const struct ring_description *description,
		       uint32_t streams)
{
	int r = sealer_new(description, &c->sealer);

	if (r < 0 || (r = report_epoch_key(&c->link, description->epoch, c->sealer)) < 0)
		return r;
	r = epoch_begin(&c->epoch, c->source, c->sealer, description, &c->welcome.configuration,
			streams);
	if (r < 0) {
		log_warning("epoch %llu does not start: %s", (unsigned long long)description->epoch,
			    c->epoch.reason);
		c->sealer = sealer_free(c->sealer);
		return needs_successor(c, r) ? 0 : report_lost(c);
	}
	c->epoch.subscribers = &c->subscribers;
	c->link.state = LINK_RUNNING;
	c->tell_controls = source_has_controls(c->source);
	r = watch_epoch(c);
	return r < 0 ? r : camera_report(c, CAMERA_STARTING);
}
