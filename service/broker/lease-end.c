// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/closing.h"
#include "broker/gate-link.h"
#include "broker/lease-count.h"
#include "broker/lease.h"

static const char *const done_reasons[] = {
	[SESSION_DONE_VIEWER] = "viewer left",
	[SESSION_DONE_SILENT] = "viewer silent",
	[SESSION_DONE_STALLED] = "viewer stalled",
	[SESSION_DONE_PROTOCOL] = "viewer broke the protocol",
	[SESSION_DONE_SERVER] = "ended by the server",
};

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
				    denied == SESSION_DENIED_UNAVAILABLE ? SUBSCRIPTION_UNAVAILABLE
									 : SUBSCRIPTION_NOT_FOUND,
				    reason);
		return;
	}
	session_deny(lease->session, denied);
	if (lease->asked)
		session_expire(lease->session, SESSION_ASKED_TIMEOUT);
}

/* A receiver that has gone needs no answer. */
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

void lease_drain(struct lease *lease)
{
	if (tcp_is_drained(lease->socket))
		finish_drained(lease);
	else if (clock_monotonic() >= lease->drain_until)
		lease_end(lease, lease->ending);
	else
		lease_arm(lease, LEASE_DRAIN_CHECK);
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
	lease_drain(lease);
}
