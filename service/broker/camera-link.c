// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/camera-link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera-epoch.h"
#include "broker/lease.h"
#include "broker/settings-record.h"

/* More than a camera has to say, and little enough that one which is out of its mind does not keep
 * the gate and the sessions, which come after it, from being heard. */
#define MESSAGES_INTERVAL (50 * USEC_PER_MSEC)
#define MESSAGES_MAX      200

enum camera_link_state {
	STATE_NEW = 1 << 0,
	STATE_HELD = 1 << 1, /* HELLO has been said, its settings are not read yet, or wrong */
	STATE_WELCOMED = 1 << 2,
};

/* Told on the bus, and in the log once. */
static void keep_out(struct camera *camera, const char *why)
{
	char trouble[PROTO_REASON_SIZE];

	snprintf(trouble, sizeof(trouble), "%.*s", PROTO_REASON_SIZE - 1, why);
	for (char *c = trouble; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (!strcmp(camera->trouble, trouble))
		return;
	memcpy(camera->trouble, trouble, sizeof(trouble));
	event_log(LOG_ERR, EVENT_CAMERA_REFUSED,
		  &(struct event_about){.camera = camera->name, .reason = why},
		  "camera %s is kept out: %s", camera->name, why);
	observe(camera->broker, camera_changed, camera);
}

static const struct camera_record *record_of(const struct camera *camera)
{
	return policy_find_camera_uuid(camera->broker->policy, camera->uuid);
}

/* The device is closed: they are set when it is opened. */
static void send_choices(struct camera *camera, const struct camera_record *record)
{
	for (size_t i = 0; i < record->n_choices; i++)
		camera_link_choose(camera, record->choices[i].control, record->choices[i].value);
}

/* With settings that cannot be used it waits for others. */
static void greet(struct camera *camera)
{
	const struct camera_record *record = record_of(camera);
	struct camera_welcome welcome = {};
	char error[SETTINGS_ERROR_SIZE];
	int r = settings_record_camera(camera->broker->reload.record, camera->name,
				       &welcome.configuration, error);

	if (r < 0) {
		keep_out(camera, error);
		return;
	}
	settings_overlay(&welcome.configuration, &record->chosen);
	snprintf(welcome.name, sizeof(welcome.name), "%s", camera->name);
	memcpy(welcome.uuid, camera->uuid, UUID_SIZE);
	camera->trouble[0] = camera->refused[0] = camera->comes_as[0] = '\0';
	camera->welcomed = true;
	camera->link.chan.state = STATE_WELCOMED;
	link_send_message(&camera->link, CAMERA_WELCOME, &welcome);
	send_choices(camera, record);
	camera_resume(camera);
	event_log(LOG_INFO, EVENT_CAMERA_CAME, &(struct event_about){.camera = camera->name},
		  "camera %s is there", camera->name);
	observe(camera->broker, camera_changed, camera);
}

static int on_hello(void *userdata, const void *message, int *fds)
{
	struct camera *camera = userdata;
	const struct camera_hello *m = message;
	char why[PROTO_REASON_SIZE];

	if (strcmp(m->name, camera->name) != 0) {
		snprintf(why, sizeof(why), "its process says that it is camera '%s'", m->name);
		keep_out(camera, why);
		return -EPERM;
	}
	/* Its file may have come with it. */
	camera->link.chan.state = STATE_HELD;
	camera->settings = reload_ask(camera->broker);
	if (camera->broker->reload.overdue)
		camera_link_tell_overdue(camera);
	return 0;
}

/* It has turned out that its source gives no such stream. */
static void refuse_impossible(struct camera *camera)
{
	struct lease *lease, *tmp;

	list_for_each_safe (lease, tmp, &camera->broker->leases, list)
		if (lease->camera == camera)
			lease_stream_impossible(lease, camera_possible_streams(camera));
}

/* Whether anything but the counters differs. */
static bool state_differs(const struct camera_state *a, const struct camera_state *b)
{
	return a->condition != b->condition || a->path != b->path || a->width != b->width ||
	       a->height != b->height || a->fps_numerator != b->fps_numerator ||
	       a->fps_denominator != b->fps_denominator || a->fourcc != b->fourcc ||
	       a->streams != b->streams || strcmp(a->source, b->source) != 0 ||
	       strcmp(a->encoder, b->encoder) != 0 || strcmp(a->reason, b->reason) != 0;
}

static int on_state(void *userdata, const void *message, int *fds)
{
	struct camera *camera = userdata;
	const struct camera_state *m = message;
	bool differs = state_differs(&camera->state, m);
	bool was_lost = camera->state.condition == CAMERA_LOST;

	camera->state = *m;
	if (m->condition == CAMERA_LOST && !was_lost)
		event_log(LOG_WARNING, EVENT_CAMERA_LOST,
			  &(struct event_about){.camera = camera->name, .reason = m->reason},
			  "camera %s is lost: %s", camera->name, m->reason);
	if (m->condition == CAMERA_IDLE && was_lost)
		event_log(LOG_NOTICE, EVENT_CAMERA_BACK,
			  &(struct event_about){.camera = camera->name}, "camera %s is back",
			  camera->name);
	if (m->condition == CAMERA_LOST && m->epoch == camera->epoch)
		camera_end_epoch(camera, "camera lost");
	else if (m->streams && differs)
		refuse_impossible(camera);
	if (differs)
		observe(camera->broker, camera_changed, camera);
	return 0;
}

static int on_set_done(void *userdata, const void *message, int *fds)
{
	return camera_controls_answer(userdata, message);
}

static int on_control(void *userdata, const void *message, int *fds)
{
	struct camera *camera = userdata;
	int r = camera_controls_take(&camera->controls, message);

	return r < 0 ? r : 0;
}

static const struct chan_rule rules[] = {
	{
		.type = CAMERA_HELLO,
		.size = sizeof(struct camera_hello),
		.once = true,
		.states = STATE_NEW,
		.valid = camera_hello_valid,
		.handler = on_hello,
	},
	{
		.type = CAMERA_RING,
		.size = sizeof(struct camera_ring),
		.n_fds = CAMERA_RING_FDS,
		.states = STATE_WELCOMED,
		.valid = camera_ring_valid,
		.handler = camera_epoch_on_ring,
	},
	{
		.type = CAMERA_EPOCH_KEY,
		.size = sizeof(struct camera_epoch_key),
		.states = STATE_WELCOMED,
		.handler = camera_epoch_on_key,
	},
	{
		.type = CAMERA_STATEMENT,
		.size = sizeof(struct camera_statement),
		.states = STATE_WELCOMED,
		.valid = camera_statement_valid,
		.handler = camera_epoch_on_statement,
	},
	{
		.type = CAMERA_SEQUENCE,
		.size = sizeof(struct camera_sequence),
		.states = STATE_WELCOMED,
		.valid = camera_sequence_valid,
		.handler = camera_epoch_on_sequence,
	},
	{
		.type = CAMERA_STATE,
		.size = sizeof(struct camera_state),
		.states = STATE_WELCOMED,
		.valid = camera_state_valid,
		.handler = on_state,
	},
	{
		.type = CAMERA_SUBSCRIBED,
		.size = sizeof(struct camera_subscribed),
		.n_fds = CAMERA_SUBSCRIBED_FDS,
		.states = STATE_WELCOMED,
		.valid = camera_subscribed_valid,
		.handler = camera_epoch_on_subscribed,
	},
	{
		.type = CAMERA_UNSUBSCRIBED,
		.size = sizeof(struct camera_unsubscribed),
		.states = STATE_WELCOMED,
		.valid = camera_unsubscribed_valid,
		.handler = camera_epoch_on_unsubscribed,
	},
	{
		.type = CAMERA_SET_DONE,
		.size = sizeof(struct camera_set_done),
		.states = STATE_WELCOMED,
		.valid = camera_set_done_valid,
		.handler = on_set_done,
	},
	{
		.type = CAMERA_CONTROL,
		.size = sizeof(struct camera_control),
		.states = STATE_WELCOMED,
		.valid = camera_control_valid,
		.handler = on_control,
	},
};

static void leave(struct camera *camera)
{
	link_close(&camera->link);
	camera->welcomed = false;
	camera->state = (struct camera_state){};
	camera_controls_fail(camera);
	if (!camera_withdraw_epoch(camera))
		camera_end_epoch(camera, "camera lost");
	observe(camera->broker, camera_changed, camera);
}

/* Its process ended, with or without having read all. */
static bool has_gone(int error)
{
	return error == 0 || error == -ECONNRESET || error == -EPIPE;
}

static void on_over(void *userdata, int error)
{
	struct camera *camera = userdata;

	if (!has_gone(error))
		log_warning("camera %s: its link is ended: %s", camera->name, strerror(-error));
	else
		event_log(LOG_INFO, EVENT_CAMERA_WENT,
			  &(struct event_about){.camera = camera->name}, "camera %s has gone",
			  camera->name);
	/* What was wrong with a process that has gone is wrong no more. */
	if (has_gone(error))
		camera->trouble[0] = '\0';
	else
		camera_end_epoch(camera, "camera lost");
	leave(camera);
}

bool camera_link_is_up(const struct camera *camera)
{
	return camera->link.on_over != NULL;
}

void camera_link_adopt(struct camera *camera, int fd)
{
	int r;

	/* The parent starts a new one when the old one has died: its end may be read later. */
	if (camera_link_is_up(camera))
		leave(camera);
	r = link_open(&camera->link, camera->broker->event, BROKER_PRIORITY_CAMERA, fd,
		      CAMERA_MSG_VERSION, rules, ARRAY_SIZE(rules), STATE_NEW, on_over, camera);
	if (r >= 0)
		r = fdpass_set_backlog(fd);
	if (r >= 0)
		r = sd_event_source_set_ratelimit(camera->link.io, MESSAGES_INTERVAL, MESSAGES_MAX);
	if (r < 0) {
		link_close(&camera->link);
		log_error("camera %s: cannot take in its link: %s", camera->name, strerror(-r));
	}
}

static bool is_held(const struct camera *camera)
{
	return link_is_open(&camera->link) && camera->link.chan.state == STATE_HELD;
}

void camera_link_greet_again(struct camera *camera, uint64_t reading)
{
	if (is_held(camera) && reading >= camera->settings)
		greet(camera);
}

void camera_link_tell_overdue(struct camera *camera)
{
	char why[SETTINGS_ERROR_SIZE];

	reload_say_overdue(camera->broker, why, sizeof(why));
	if (is_held(camera))
		keep_out(camera, why);
}

void camera_link_drop(struct camera *camera, const char *reason)
{
	struct lease *lease, *tmp;

	list_for_each (lease, &camera->broker->leases, list)
		if (lease->camera == camera)
			lease_cut(lease);
	list_for_each_safe (lease, tmp, &camera->broker->leases, list)
		if (lease->camera == camera)
			lease_end(lease, reason);
	if (camera_link_is_up(camera))
		leave(camera);
}

int camera_link_configure(struct camera *camera, char error[SETTINGS_ERROR_SIZE])
{
	struct camera_set set = {};
	int r = settings_record_camera(camera->broker->reload.record, camera->name,
				       &set.configuration, error);

	if (r < 0)
		return r;
	settings_overlay(&set.configuration, &record_of(camera)->chosen);
	if (camera->welcomed)
		link_send_message(&camera->link, CAMERA_SET, &set);
	return 0;
}

void camera_link_choose(struct camera *camera, const char *control, int32_t value)
{
	struct camera_set set = {.value = value};

	snprintf(set.control, sizeof(set.control), "%s", control);
	if (camera->welcomed)
		link_send_message(&camera->link, CAMERA_SET, &set);
}
