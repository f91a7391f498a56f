// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/camera.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "camera/camera-arrival.h"
#include "camera/camera-run.h"
#include "camera/camera-subscriber.h"
#include "camera/report.h"

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
	camera_make_way(c);
	if (!source_has_controls(c->source))
		r = report_controls(&c->link, c->source);
	return r < 0 ? r : camera_report(c, CAMERA_IDLE);
}

static void note_turns(struct camera *c, uint32_t streams, uint32_t turn)
{
	for (unsigned int i = 0; i < RING_N_STREAMS; i++)
		if (streams & 1U << i)
			c->turns[i] = turn;
}

static int handle_start(void *userdata, const void *message, int *fds)
{
	const struct camera_start *m = message;
	struct camera *c = userdata;
	struct ring_description description = {.epoch = m->epoch};

	/* The broker never uses a number again; a camera that did would mix up two runs. */
	if (c->had_epoch && m->epoch <= c->last_epoch)
		return -EPROTO;
	c->on_retry = sd_event_source_disable_unref(c->on_retry);
	c->had_epoch = true;
	c->last_epoch = m->epoch;
	memcpy(description.camera_uuid, c->welcome.uuid, UUID_SIZE);
	snprintf(description.camera_name, sizeof(description.camera_name), "%s", c->name);
	note_turns(c, m->streams, m->turn);
	return camera_begin_epoch(c, &description, m->streams);
}

static int handle_streams(void *userdata, const void *message, int *fds)
{
	const struct camera_streams *m = message;
	struct camera *c = userdata;

	/* It may have crossed the news that the epoch was lost. */
	if (!camera_is_running(c) || m->epoch != c->epoch.number)
		return 0;
	note_turns(c, m->streams & ~c->epoch.wanted, m->turn);
	return camera_want(c, m->streams);
}

static int handle_certificate(void *userdata, const void *message, int *fds)
{
	const struct camera_certificate *m = message;
	struct camera *c = userdata;

	/* It may have crossed the end of its epoch. */
	if (!camera_is_running(c) || m->epoch != c->epoch.number)
		return 0;
	if (sealer_certify(c->sealer, m->certificate, m->size) < 0)
		return -EPROTO;
	return watch_admit(&c->watch);
}

static int handle_lease(void *userdata, const void *message, int *fds)
{
	const struct camera_lease *m = message;
	struct camera *c = userdata;
	uint8_t statement[SEAL_STATEMENT_SIZE];
	int r;

	if (!camera_is_running(c) || m->epoch != c->epoch.number)
		return 0;
	r = sealer_state(c->sealer, m, stream_first_sequence(&c->epoch.streams[m->stream]),
			 statement);
	return r < 0 ? r : report_statement(&c->link, m, statement);
}

static int handle_stop(void *userdata, const void *message, int *fds)
{
	const struct camera_stop *m = message;
	struct camera *c = userdata;
	int r;

	/* It may have crossed the news that the epoch was lost. */
	if (!camera_is_running(c) || m->epoch != c->epoch.number)
		return 0;
	r = camera_end_epoch(c);
	return r < 0 ? r : camera_report(c, CAMERA_IDLE);
}

static int handle_add_wake(void *userdata, const void *message, int *fds)
{
	const struct camera_add_wake *m = message;
	struct camera *c = userdata;
	int r;

	if (!camera_is_running(c) || m->epoch != c->epoch.number)
		return 0;
	r = camera_attach_subscriber(c, m, &fds[0]);
	if (r <= 0)
		return r;
	r = wake_list_add(&c->wakes, m->lease, m->stream, fds[0]);
	if (r < 0)
		return r;
	steal_fd(&fds[0]);
	return report_sequence(&c->link, &c->epoch, m->lease, (enum ring_stream)m->stream, true);
}

static int handle_move_wake(void *userdata, const void *message, int *fds)
{
	const struct camera_move_wake *m = message;
	struct camera *c = userdata;
	struct wake *wake = wake_list_find(&c->wakes, m->lease);

	if (!camera_is_running(c) || m->epoch != c->epoch.number || !wake)
		return 0;
	wake->stream = m->stream;
	if (wake->seen & 1U << m->stream)
		return 0;
	wake->seen |= 1U << m->stream;
	return report_sequence(&c->link, &c->epoch, m->lease, (enum ring_stream)m->stream, true);
}

static int handle_drop_wake(void *userdata, const void *message, int *fds)
{
	const struct camera_drop_wake *m = message;
	struct camera *c = userdata;
	struct wake *wake = wake_list_find(&c->wakes, m->lease);
	int r;

	if (!camera_is_running(c))
		return 0;
	r = camera_drop_subscriber(c, m->lease);
	if (r <= 0)
		return r;
	/* Unknown: its reader went first, or the epoch did, and that has been told. */
	if (!wake)
		return 0;
	r = report_unseen(&c->link, &c->epoch, wake);
	wake_list_drop(&c->wakes, wake);
	return r;
}

static int handle_subscriber(void *userdata, const void *message, int *fds)
{
	const struct camera_subscriber *m = message;
	struct camera *c = userdata;

	if (!camera_is_running(c) || m->epoch != c->epoch.number)
		return 0;
	return camera_subscribe(c, m, fds);
}

static int handle_keyframe(void *userdata, const void *message, int *fds)
{
	const struct camera_keyframe *m = message;
	struct camera *c = userdata;

	if (camera_is_running(c))
		stream_want_keyframe(&c->epoch.streams[m->stream]);
	return 0;
}

/* One that was asked for is answered; it becomes a choice when the broker says so. */
static int set_control(struct camera *c, const struct camera_set *m)
{
	int32_t value = m->value;
	int r = camera_is_running(c)
			? source_set_control(c->source, m->control, &value, m->request != 0)
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
	camera_make_way(c);
	if (camera_is_running(c) && epoch_configure(&c->epoch, &m->configuration) < 0)
		return camera_lose_epoch(c);
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
	{RULE(STREAMS, camera_streams), .states = LINK_IDLE | LINK_RUNNING,
	 .valid = camera_streams_valid, .handler = handle_streams},
	{RULE(STOP, camera_stop), .states = LINK_IDLE | LINK_RUNNING, .handler = handle_stop},
	{RULE(ADD_WAKE, camera_add_wake), .n_fds = CAMERA_ADD_WAKE_FDS,
	 .states = LINK_IDLE | LINK_RUNNING, .valid = camera_add_wake_valid,
	 .handler = handle_add_wake},
	{RULE(MOVE_WAKE, camera_move_wake), .states = LINK_IDLE | LINK_RUNNING,
	 .valid = camera_move_wake_valid, .handler = handle_move_wake},
	{RULE(DROP_WAKE, camera_drop_wake), .states = LINK_IDLE | LINK_RUNNING,
	 .handler = handle_drop_wake},
	{RULE(LEASE, camera_lease), .states = LINK_IDLE | LINK_RUNNING, .valid = camera_lease_valid,
	 .handler = handle_lease},
	{RULE(KEYFRAME, camera_keyframe), .states = LINK_IDLE | LINK_RUNNING,
	 .valid = camera_keyframe_valid, .handler = handle_keyframe},
	{RULE(SUBSCRIBER, camera_subscriber), .n_fds = CAMERA_SUBSCRIBER_FDS,
	 .states = LINK_IDLE | LINK_RUNNING, .valid = camera_subscriber_valid,
	 .handler = handle_subscriber},
	{RULE(SET, camera_set), .states = LINK_IDLE | LINK_RUNNING, .valid = camera_set_valid,
	 .handler = handle_set},
};

static int link_handler(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct camera *c = userdata;
	int r = chan_receive(&c->link);

	if (r != 1 && r != -EAGAIN) {
		sd_event_source_set_enabled(s, SD_EVENT_OFF);
		camera_leave(c, r);
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
	camera_subscribers_init(c);
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
	watch_end(&c->watch);
	sd_event_source_disable_unref(c->on_tick);
	sd_event_source_disable_unref(c->on_stall);
	sd_event_source_disable_unref(c->on_retry);
	sd_event_source_disable_unref(c->on_arrival);
	sd_event_source_disable_unref(c->on_way);
	sd_event_source_disable_unref(c->on_link);
	if (camera_is_running(c))
		epoch_end(&c->epoch);
	sealer_free(c->sealer);
	wake_list_release(&c->wakes);
	subscriber_list_release(&c->subscribers);
	chan_close(&c->link);
	c->source->choices = NULL;
	sd_event_unref(c->event);
	free(c);
	return NULL;
}
