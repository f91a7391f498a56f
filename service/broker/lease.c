// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease-count.h"

#define TIMER_ACCURACY (5 * USEC_PER_MSEC)

void lease_arm(struct lease *lease, uint64_t delay)
{
	sd_event_source_set_time(lease->timer, clock_monotonic() + delay);
	sd_event_source_set_enabled(lease->timer, SD_EVENT_ONESHOT);
}

void lease_free(struct lease *lease)
{
	if (lease->state == LEASE_ASKING)
		agent_forget(lease);
	if (lease->watching)
		light_end(lease->camera);
	if (lease->session)
		lease->session->lease = NULL;
	subscription_free(lease->subscription);
	sd_event_source_disable_unref(lease->timer);
	if (lease->counters)
		munmap(lease->counters, sizeof(*lease->counters));
	if (lease->permit)
		munmap(lease->permit, sizeof(*lease->permit));
	close_fd(lease->socket);
	list_remove(&lease->list);
	free(lease);
}

void lease_exposed(struct lease *lease, const struct camera_sequence *m)
{
	if (m->epoch == lease->epoch)
		exposure_note(&lease->exposure, m);
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	struct lease *lease = userdata;

	switch (lease->state) {
	case LEASE_DRAINING:
		lease_drain(lease);
		break;
	case LEASE_ENDING:
		lease_end(lease, lease->ending);
		break;
	case LEASE_ASKING:
		lease_disapproved(lease, "nobody said yes in time");
		break;
	case LEASE_STATING:
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE,
			     lease->subscription ? "camera gives no memory"
						 : "camera gives no statement");
		break;
	case LEASE_RUNNING:
		lease_switch_fail(lease, SESSION_DENIED_UNAVAILABLE);
		break;
	default:
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, "camera gives no picture");
	}
	return 0;
}

struct lease *lease_find(const struct broker *broker, uint64_t id)
{
	struct lease *lease;

	list_for_each (lease, &broker->leases, list)
		if (lease->id == id)
			return lease;
	return NULL;
}

static void note_peer(struct lease *lease, const struct lease_request *request)
{
	const struct session *session = request->session;

	if (!session) {
		subscription_format_peer(request->subscription->user, lease->peer.address,
					 lease->peer_text);
		return;
	}
	lease->peer = session->peer;
	snprintf(lease->peer_text, sizeof(lease->peer_text), "%s", session->peer_text);
}

static void join(struct lease *lease, const struct lease_request *request)
{
	lease->session = request->session;
	lease->subscription = request->subscription;
	if (lease->session)
		lease->session->lease = lease;
	else
		lease->subscription->lease = lease;
}

static int lease_new(struct broker *broker, const struct lease_request *request, struct lease **ret)
{
	struct lease *lease = calloc(1, sizeof(*lease));
	int r;

	if (!lease)
		return -ENOMEM;
	*lease = (struct lease){
		.broker = broker,
		.state = request->ask ? LEASE_ASKING : LEASE_WAITING,
		.camera = request->camera,
		.token = request->token,
		.until = request->until,
		.grant = request->ask ? 0 : request->grant,
		.asked = request->ask ? request->grant : 0,
		.right = request->right,
		.stream = request->stream,
		.began = request->stream,
		.may_switch = request->may_switch,
		.protocol = request->protocol,
		.has_nonce = request->has_nonce,
		.since = clock_realtime(),
		.socket = -EBADF,
	};
	list_init(&lease->list);
	if (request->has_nonce) {
		memcpy(lease->nonce, request->nonce, sizeof(lease->nonce));
		memcpy(lease->exporter, request->exporter, sizeof(lease->exporter));
	}
	snprintf(lease->client, sizeof(lease->client), "%s", request->client);
	lease_note_integration(lease);
	note_peer(lease, request);
	r = sd_event_add_time(broker->event, &lease->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY,
			      on_timer, lease);
	if (r >= 0)
		r = sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
	if (r < 0) {
		lease_free(lease);
		return r;
	}
	*ret = lease;
	return 0;
}

void lease_stream_ready(struct lease *lease, uint32_t stream)
{
	if (lease->state == LEASE_WAITING && lease->stream == stream)
		lease_ring_ready(lease);
	else if (lease->switching && lease->target == stream)
		lease_switch_ready(lease);
}

void lease_stream_impossible(struct lease *lease, uint32_t possible)
{
	if (lease->state == LEASE_WAITING && !(possible & 1U << lease->stream))
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, "camera has no such stream");
	else if (lease->switching && !(possible & 1U << lease->target))
		lease_switch_fail(lease, SESSION_DENIED_UNAVAILABLE);
}

const char *lease_unavailable_text(int error)
{
	switch (error) {
	case -ENODEV:
		return "camera is absent";
	case -EIO:
		return "the light cannot be switched on";
	case -EOPNOTSUPP:
		return "camera has no such stream";
	default:
		return "out of resources";
	}
}

int lease_join_camera(struct lease *lease)
{
	int r = light_begin(lease->camera);

	if (r < 0)
		return -EIO;
	lease->watching = true;
	r = camera_attach(lease->camera, lease->stream);
	if (r < 0)
		return r;
	lease->attached = true;
	lease->state = LEASE_WAITING;
	return 0;
}

void lease_await_ring(struct lease *lease)
{
	if (lease->camera->streams[lease->stream].ring >= 0)
		lease_ring_ready(lease);
	else
		lease_arm(lease, LEASE_OPEN_TIMEOUT);
}

int lease_open(struct broker *broker, const struct lease_request *request)
{
	struct lease *lease;
	int r;

	r = lease_new(broker, request, &lease);
	if (r < 0)
		return r;
	lease->id = store_next_lease_id(broker->store);
	if (!lease->id)
		r = -EBUSY;
	else
		r = request->ask ? agent_ask(lease) : lease_join_camera(lease);
	if (r < 0) {
		lease_free(lease);
		return r;
	}
	join(lease, request);
	list_append(&broker->leases, &lease->list);
	observe(broker, lease_added, lease);
	if (request->ask)
		lease_await_answer(lease);
	else
		lease_await_ring(lease);
	return 0;
}
