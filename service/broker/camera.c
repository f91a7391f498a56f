// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/camera.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/fault.h"
#include "broker/lease.h"

#define TIMER_ACCURACY (10 * USEC_PER_MSEC)

static void send_stop(struct camera *camera)
{
	struct camera_stop stop = {.epoch = camera->epoch};

	link_send_message(&camera->link, CAMERA_STOP, &stop);
}

static uint32_t wanted_streams(const struct camera *camera)
{
	uint32_t streams = 0;

	for (uint32_t i = 0; i < RING_N_STREAMS; i++)
		if (camera->streams[i].wanted)
			streams |= 1U << i;
	return streams;
}

static void send_streams(struct camera *camera)
{
	struct camera_streams m = {
		.epoch = camera->epoch,
		.streams = wanted_streams(camera),
		.turn = ++camera->turn,
	};

	link_send_message(&camera->link, CAMERA_STREAMS, &m);
}

/* The ring goes with its stream. */
static void forget_stream(struct camera_stream *stream)
{
	stream->wanted = false;
	close_fd(steal_fd(&stream->ring));
	stream->ring_size = 0;
	sd_event_source_set_enabled(stream->linger, SD_EVENT_OFF);
	sd_event_source_set_enabled(stream->keyframe_timer, SD_EVENT_OFF);
}

/* The streams go with their epoch. */
static void forget_epoch(struct camera *camera)
{
	fault_epoch_ends(camera);
	camera->epoch = 0;
	camera->certificate_size = 0;
	for (size_t i = 0; i < RING_N_STREAMS; i++)
		forget_stream(&camera->streams[i]);
}

/* The last stream ends the epoch. */
static int on_linger(sd_event_source *source, uint64_t when, void *userdata)
{
	struct camera_stream *stream = userdata;
	struct camera *camera = stream->camera;

	if (stream->n_leases || !stream->wanted)
		return 0;
	if (wanted_streams(camera) == 1U << (stream - camera->streams)) {
		send_stop(camera);
		forget_epoch(camera);
	} else {
		forget_stream(stream);
		send_streams(camera);
	}
	observe(camera->broker, camera_changed, camera);
	return 0;
}

void camera_close_device(struct camera *camera)
{
	if (camera->n_leases || !camera->epoch)
		return;
	send_stop(camera);
	forget_epoch(camera);
	observe(camera->broker, camera_changed, camera);
}

static void send_keyframe(struct camera_stream *stream)
{
	struct camera_keyframe keyframe = {
		.stream = (uint32_t)(stream - stream->camera->streams),
	};

	stream->keyframe_sent = clock_monotonic();
	link_send_message(&stream->camera->link, CAMERA_KEYFRAME, &keyframe);
}

static int on_keyframe_due(sd_event_source *source, uint64_t when, void *userdata)
{
	send_keyframe(userdata);
	return 0;
}

static int add_timer(sd_event *event, sd_event_source **ret, sd_event_time_handler_t handler,
		     void *userdata)
{
	int r = sd_event_add_time(event, ret, CLOCK_MONOTONIC, 0, TIMER_ACCURACY, handler,
				  userdata);

	if (r >= 0)
		r = sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(*ret, BROKER_PRIORITY_CAMERA);
	return r;
}

static int init_stream(struct camera *camera, struct camera_stream *stream)
{
	sd_event *event = camera->broker->event;
	int r = add_timer(event, &stream->linger, on_linger, stream);

	stream->camera = camera;
	return r < 0 ? r : add_timer(event, &stream->keyframe_timer, on_keyframe_due, stream);
}

int camera_new(struct broker *broker, const struct camera_record *record, struct camera **ret)
{
	struct camera *camera = calloc(1, sizeof(*camera));
	int r = 0;

	if (!camera)
		return -ENOMEM;
	camera->broker = broker;
	snprintf(camera->name, sizeof(camera->name), "%s", record->name);
	memcpy(camera->uuid, record->uuid, UUID_SIZE);
	camera->link.chan.fd = -EBADF;
	for (size_t i = 0; i < RING_N_STREAMS; i++)
		camera->streams[i].ring = -EBADF;
	list_init(&camera->list);
	camera_controls_init(&camera->controls);
	for (size_t i = 0; i < RING_N_STREAMS && r >= 0; i++)
		r = init_stream(camera, &camera->streams[i]);
	if (r < 0) {
		camera_free(camera);
		return r;
	}
	list_append(&broker->cameras, &camera->list);
	*ret = camera;
	return 0;
}

struct camera *camera_free(struct camera *camera)
{
	if (!camera)
		return NULL;
	forget_epoch(camera);
	link_close(&camera->link);
	camera_controls_fail(camera);
	camera_controls_release(&camera->controls);
	for (size_t i = 0; i < RING_N_STREAMS; i++) {
		sd_event_source_disable_unref(camera->streams[i].linger);
		sd_event_source_disable_unref(camera->streams[i].keyframe_timer);
	}
	list_remove(&camera->list);
	free(camera);
	return NULL;
}

struct camera *camera_find(const struct broker *broker, const char *name)
{
	struct camera *camera, *found = NULL;

	/* To the end: how long it takes tells nothing about what there is. */
	list_for_each (camera, &broker->cameras, list)
		if (!strcmp(camera->name, name))
			found = camera;
	return found;
}

const char *camera_condition_text(const struct camera *camera)
{
	if (!camera->welcomed)
		return "absent";
	switch (camera->state.condition) {
	case CAMERA_STARTING:
		return "starting";
	case CAMERA_RUNNING:
		return "running";
	case CAMERA_LOST:
		return "lost";
	default:
		return "idle";
	}
}

bool camera_is_online(const struct camera *camera)
{
	return camera->welcomed && camera->state.condition != CAMERA_LOST;
}

uint32_t camera_possible_streams(const struct camera *camera)
{
	return camera->state.streams ? camera->state.streams : (1U << RING_N_STREAMS) - 1;
}

static void start_epoch(struct camera *camera)
{
	struct camera_start start = {.streams = wanted_streams(camera), .turn = 1};

	camera->turn = start.turn;
	camera->epoch = start.epoch = broker_next_epoch(camera->broker);
	link_send_message(&camera->link, CAMERA_START, &start);
}

static void want(struct camera *camera, struct camera_stream *stream)
{
	stream->wanted = true;
	if (camera->epoch)
		send_streams(camera);
	else
		start_epoch(camera);
	stream->turn = camera->turn;
}

int camera_attach(struct camera *camera, uint32_t index)
{
	struct camera_stream *stream = &camera->streams[index];

	if (!camera->welcomed)
		return -ENODEV;
	if (!(camera_possible_streams(camera) & 1U << index))
		return -EOPNOTSUPP;
	camera->n_leases++;
	stream->n_leases++;
	sd_event_source_set_enabled(stream->linger, SD_EVENT_OFF);
	if (!stream->wanted)
		want(camera, stream);
	observe(camera->broker, camera_changed, camera);
	return 0;
}

void camera_detach(struct camera *camera, uint32_t index)
{
	struct camera_stream *stream = &camera->streams[index];

	camera->n_leases--;
	stream->n_leases--;
	if (!stream->n_leases && stream->wanted) {
		sd_event_source_set_time(stream->linger, clock_monotonic() + CAMERA_LINGER);
		sd_event_source_set_enabled(stream->linger, SD_EVENT_ONESHOT);
	}
	observe(camera->broker, camera_changed, camera);
}

/* Its key is the first that a process says of an epoch. */
bool camera_withdraw_epoch(struct camera *camera)
{
	if (!camera->epoch || camera->certificate_size)
		return false;
	forget_epoch(camera);
	return true;
}

void camera_resume(struct camera *camera)
{
	for (size_t i = 0; i < RING_N_STREAMS; i++)
		if (camera->streams[i].n_leases && !camera->streams[i].wanted)
			want(camera, &camera->streams[i]);
}

void camera_end_epoch(struct camera *camera, const char *reason)
{
	uint64_t epoch = camera->epoch;
	struct lease *lease, *tmp;

	if (!epoch)
		return;
	forget_epoch(camera);
	list_for_each_safe (lease, tmp, &camera->broker->leases, list)
		if (lease->camera == camera)
			lease_finish(lease, reason, SESSION_END_CAMERA);
}

void camera_want_keyframe(struct camera *camera, uint32_t index)
{
	struct camera_stream *stream = &camera->streams[index];
	uint64_t due = stream->keyframe_sent + CAMERA_KEYFRAME_INTERVAL;
	int enabled;

	if (!stream->wanted)
		return;
	if (clock_monotonic() >= due) {
		send_keyframe(stream);
		return;
	}
	if (sd_event_source_get_enabled(stream->keyframe_timer, &enabled) > 0)
		return;
	sd_event_source_set_time(stream->keyframe_timer, due);
	sd_event_source_set_enabled(stream->keyframe_timer, SD_EVENT_ONESHOT);
}

void camera_give_wake(struct camera *camera, uint64_t lease, uint32_t stream, int wake)
{
	struct camera_add_wake m = {.epoch = camera->epoch, .lease = lease, .stream = stream};

	link_send(&camera->link, CAMERA_ADD_WAKE, &m, sizeof(m), &wake, CAMERA_ADD_WAKE_FDS);
}

int camera_add_wake(struct camera *camera, uint64_t lease, uint32_t stream, int *ret)
{
	int pair[2], r = fdpass_pair(pair);

	if (r < 0)
		return r;
	camera_give_wake(camera, lease, stream, pair[1]);
	close_fd(pair[1]);
	*ret = pair[0];
	return 0;
}

void camera_move_wake(struct camera *camera, uint64_t lease, uint32_t stream)
{
	struct camera_move_wake m = {.epoch = camera->epoch, .lease = lease, .stream = stream};

	link_send_message(&camera->link, CAMERA_MOVE_WAKE, &m);
}

void camera_drop_wake(struct camera *camera, uint64_t lease)
{
	struct camera_drop_wake m = {.lease = lease};

	link_send_message(&camera->link, CAMERA_DROP_WAKE, &m);
}

void camera_ask_statement(struct camera *camera, const struct lease *lease)
{
	struct camera_lease m = {
		.epoch = camera->epoch,
		.lease = lease->id,
		.stream = lease->stream,
		.may_switch = lease->may_switch,
	};

	memcpy(m.nonce, lease->nonce, sizeof(m.nonce));
	memcpy(m.exporter, lease->exporter, sizeof(m.exporter));
	link_send_message(&camera->link, CAMERA_LEASE, &m);
}
