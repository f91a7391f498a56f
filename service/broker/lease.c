// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/closing.h"
#include "broker/gate-link.h"
#include "broker/lease-count.h"

#define TIMER_ACCURACY (5 * USEC_PER_MSEC)

static const char *const done_reasons[] = {
	[SESSION_DONE_VIEWER] = "viewer left",
	[SESSION_DONE_SILENT] = "viewer silent",
	[SESSION_DONE_STALLED] = "viewer stalled",
	[SESSION_DONE_PROTOCOL] = "viewer broke the protocol",
	[SESSION_DONE_SERVER] = "ended by the server",
};

void lease_arm(struct lease *lease, uint64_t delay)
{
	sd_event_source_set_time(lease->timer, clock_monotonic() + delay);
	sd_event_source_set_enabled(lease->timer, SD_EVENT_ONESHOT);
}

static void lease_free(struct lease *lease)
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

/* No more pictures for it. */
static void leave_camera(struct lease *lease)
{
	if (!lease->attached)
		return;
	lease->attached = false;
	if (lease->subscription ? subscription_is_asked(lease->subscription)
				: !lease_is_opening(lease))
		camera_drop_wake(lease->camera, lease->id);
	camera_detach(lease->camera, lease->stream);
	if (lease->switching)
		camera_detach(lease->camera, lease->target);
	lease->switching = false;
}

static void record_end(struct lease *lease, const struct tcp_bytes *bytes, const char *reason)
{
	const struct camera *camera = lease_is_opening(lease) ? NULL : lease->camera;
	struct ledger_event event;

	if (lease->state <= LEASE_WAITING)
		return;
	lease_fill_event(lease, &event);
	lease_fill_counts(lease, bytes, &event);
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	closing_add(lease->broker, &event, &lease->exposure, camera);
}

void lease_exposed(struct lease *lease, const struct camera_sequence *m)
{
	if (m->epoch == lease->epoch)
		exposure_note(&lease->exposure, m);
}

/* One that was never granted is a denial or nothing, which others tell. */
static void tell_ended(const struct lease *lease, const char *reason, uint64_t frames)
{
	if (lease_is_opening(lease))
		return;
	event_log(LOG_INFO, EVENT_LEASE_ENDED,
		  &(struct event_about){.camera = lease->camera->name,
					.client = lease->client,
					.peer = lease->peer_text,
					.reason = reason,
					.lease = lease->id,
					.frames = frames},
		  "lease %lu of %s at %s for %s has ended: %s; %lu frames",
		  (unsigned long)lease->id, lease->client, lease->peer_text, lease->camera->name,
		  reason, (unsigned long)frames);
}

/* What is left to do once no byte can leave any more. bytes: NULL when they could not be told. */
static void conclude(struct lease *lease, const struct tcp_bytes *bytes, const char *reason)
{
	struct broker *broker = lease->broker;
	struct lease_counts counts;

	lease_count(lease, &counts);
	leave_camera(lease);
	record_end(lease, bytes, reason);
	tell_ended(lease, reason, counts.done);
	if (!lease_is_opening(lease))
		metrics_ended(lease, reason);
	observe(broker, lease_ended, lease, reason, counts.done);
	lease_free(lease);
	broker_lease_gone(broker);
}

static bool waits_for_answer(const struct lease *lease)
{
	return lease->subscription ? lease->subscription->done != NULL
				   : link_is_open(&lease->session->link);
}

static void deny(struct lease *lease, enum session_denied_reason denied, const char *reason)
{
	if (lease->subscription) {
		subscription_refuse(lease->subscription,
				    denied == SESSION_DENIED_NOT_FOUND ? SUBSCRIPTION_NOT_FOUND
								       : SUBSCRIPTION_UNAVAILABLE,
				    reason);
		return;
	}
	session_deny(lease->session, denied);
	if (lease->asked)
		session_expire(lease->session, SESSION_ASKED_TIMEOUT);
}

/* Before it is granted. A receiver that has gone needs no answer. */
void lease_refuse(struct lease *lease, enum session_denied_reason denied, const char *reason)
{
	struct ledger_event event;

	if (waits_for_answer(lease)) {
		deny(lease, denied, reason);
		lease_fill_event(lease, &event);
		event.lease = 0;
		snprintf(event.reason, sizeof(event.reason), "%s", reason);
		denial_report(lease->broker, &event, lease->peer_text);
	}
	conclude(lease, NULL, reason);
}

void lease_cut(struct lease *lease)
{
	if (lease_is_opening(lease) || lease->cut)
		return;
	lease->counted = lease_count_bytes(lease, &lease->bytes);
	if (lease->subscription)
		subscription_cut(lease->subscription);
	else if (lease->session)
		session_abort(lease->session);
	else
		(void)tcp_abort(lease->socket);
	lease->cut = true;
}

void lease_end(struct lease *lease, const char *reason)
{
	struct session *session = lease->session;

	if (lease_is_opening(lease)) {
		lease_refuse(lease, SESSION_DENIED_NOT_FOUND, reason);
		return;
	}
	lease_cut(lease);
	leave_camera(lease);
	if (session) {
		gate_kill(session->gate, session->connection);
		link_fail(&session->link, -ECONNABORTED);
	}
	conclude(lease, lease->counted < 0 ? NULL : &lease->bytes, reason);
}

void lease_finish(struct lease *lease, const char *reason, enum session_end_reason tell)
{
	if (lease_is_opening(lease)) {
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, reason);
		return;
	}
	if (lease->state != LEASE_RUNNING)
		return;
	if (lease->subscription) {
		lease_end(lease, reason);
		return;
	}
	leave_camera(lease);
	lease->state = LEASE_ENDING;
	lease->ending = reason;
	session_tell_end(lease->session, tell);
	lease_arm(lease, LEASE_END_TIMEOUT);
}

static void finish_drained(struct lease *lease)
{
	struct tcp_bytes bytes;
	int counted = lease_count_bytes(lease, &bytes);

	conclude(lease, counted < 0 ? NULL : &bytes, lease->ending);
}

void lease_done(struct lease *lease, enum session_done_how how)
{
	struct session *session = lease->session;

	if (lease_is_opening(lease)) {
		conclude(lease, NULL, done_reasons[how]);
		return;
	}
	if (lease->state == LEASE_RUNNING)
		lease->ending = done_reasons[how];
	/* The session has said that it is done; it is held to it. What it sent already can be cut
	 * off until it has arrived. */
	(void)tcp_shutdown(session->socket);
	leave_camera(lease);
	lease->state = LEASE_DRAINING;
	lease->socket = steal_fd(&session->socket);
	lease->drain_until = clock_monotonic() + LEASE_DRAIN_TIMEOUT;
	session->lease = NULL;
	lease->session = NULL;
	if (tcp_is_drained(lease->socket))
		finish_drained(lease);
	else
		lease_arm(lease, LEASE_DRAIN_CHECK);
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	struct lease *lease = userdata;

	switch (lease->state) {
	case LEASE_DRAINING:
		if (tcp_is_drained(lease->socket))
			finish_drained(lease);
		else if (clock_monotonic() >= lease->drain_until)
			lease_end(lease, lease->ending);
		else
			lease_arm(lease, LEASE_DRAIN_CHECK);
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

/* Errors: those of camera_attach(); -EIO (light.h). */
static int join_camera(struct lease *lease)
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

static void await_ring(struct lease *lease)
{
	if (lease->camera->streams[lease->stream].ring >= 0)
		lease_ring_ready(lease);
	else
		lease_arm(lease, LEASE_OPEN_TIMEOUT);
}

/* Its connection has to outlive the gate's patience; the session is held to an end otherwise. */
static void await_answer(struct lease *lease)
{
	struct session_pending m = {};

	if (lease->session) {
		gate_admitted(lease->session->gate, lease->session->connection);
		link_send_message(&lease->session->link, SESSION_PENDING, &m);
	}
	lease_arm(lease, lease->broker->agent.patience);
}

void lease_admit(struct lease *lease)
{
	struct policy_verdict verdict = redecide_lease(lease->broker, lease);
	int r;

	sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
	if (!verdict.allowed) {
		lease_refuse(lease, SESSION_DENIED_NOT_FOUND, policy_reason_text(verdict.reason));
		return;
	}
	agent_forget(lease);
	lease->grant = verdict.grant;
	r = join_camera(lease);
	if (r < 0) {
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, lease_unavailable_text(r));
		return;
	}
	observe(lease->broker, lease_changed, lease);
	await_ring(lease);
}

void lease_approved(struct lease *lease)
{
	lease->approved = lease->asked;
	lease_admit(lease);
}

void lease_disapproved(struct lease *lease, const char *reason)
{
	agent_note_no(lease);
	lease_refuse(lease, SESSION_DENIED_NOT_FOUND, reason);
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
		r = request->ask ? agent_ask(lease) : join_camera(lease);
	if (r < 0) {
		lease_free(lease);
		return r;
	}
	join(lease, request);
	list_append(&broker->leases, &lease->list);
	observe(broker, lease_added, lease);
	if (request->ask)
		await_answer(lease);
	else
		await_ring(lease);
	return 0;
}
