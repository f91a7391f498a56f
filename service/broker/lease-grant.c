// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/log.h"
#include "base/memfd.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/fault.h"
#include "broker/gate-link.h"
#include "broker/lease-count.h"
#include "broker/lease.h"

/* The proof that goes with the lease, if its viewer asked for one. */
static void fill_proof(const struct lease *lease, struct session_granted *m)
{
	if (!lease->has_nonce)
		return;
	m->seal_certificate_size = lease->camera->certificate_size;
	memcpy(m->seal_certificate, lease->camera->certificate, m->seal_certificate_size);
	m->statement_size = lease->statement_size;
	memcpy(m->statement, lease->statement, m->statement_size);
}

int lease_make_pages(struct lease *lease, int *ret_counters, int *ret_permit)
{
	void *page;

	*ret_counters =
		memfd_create_shared("camward-counters", sizeof(struct session_counters), &page);
	if (*ret_counters < 0)
		return *ret_counters;
	lease->counters = page;
	*ret_permit =
		memfd_create_single_writer("camward-permit", sizeof(struct session_permit), &page);
	if (*ret_permit < 0)
		return *ret_permit;
	lease->permit = page;
	atomic_store(&lease->permit->frames, lease->reserved);
	return 0;
}

static int send_granted(struct lease *lease)
{
	struct camera_stream stream = lease->camera->streams[lease->stream];
	struct session *session = lease->session;
	_cleanup_close_ int counters = -EBADF, permit = -EBADF, wake = -EBADF;
	struct session_granted m = {
		.lease = lease->id,
		.epoch = lease->epoch,
		.stream = lease->stream,
	};
	int r = lease_make_pages(lease, &counters, &permit);

	if (r < 0)
		return r;
	r = camera_add_wake(lease->camera, lease->id, lease->stream, &wake);
	if (r < 0)
		return r;
	memcpy(m.camera_uuid, lease->camera->uuid, UUID_SIZE);
	snprintf(m.camera, sizeof(m.camera), "%s", lease->camera->name);
	fill_proof(lease, &m);
	fault_grant(lease, &stream, &session);
	m.ring_size = stream.ring_size;
	link_send(&session->link, SESSION_GRANTED, &m, sizeof(m),
		  (int[]){stream.ring, wake, counters, permit}, SESSION_GRANTED_FDS);
	return 0;
}

static void tell_session(struct lease *lease)
{
	struct session *session = lease->session;

	session->link.chan.state = SESSION_STATE_RUNNING;
	snprintf(session->bound, sizeof(session->bound), "%s", lease->camera->name);
	gate_admitted(session->gate, session->connection);
}

/* OPENED is durable: the ring may go, if the answer is still yes. */
static void grant(struct lease *lease)
{
	struct policy_verdict verdict = redecide_lease(lease->broker, lease);
	int r;

	if (!verdict.allowed) {
		lease_refuse(lease, session_denial(verdict.reason),
			     policy_reason_text(verdict.reason));
		return;
	}
	r = lease->subscription ? subscription_grant(lease->subscription) : send_granted(lease);
	if (r < 0) {
		log_error("lease %lu cannot be granted: %s", (unsigned long)lease->id,
			  strerror(-r));
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, "out of resources");
		return;
	}
	lease->grant = verdict.grant;
	lease->state = LEASE_RUNNING;
	lease->broker->metrics.opened++;
	if (lease->session)
		tell_session(lease);
	redecide_by(lease->broker, verdict.ask_again);
	reserve_begin(lease->broker);
	event_log(LOG_INFO, EVENT_LEASE_OPENED,
		  &(struct event_about){.camera = lease->camera->name,
					.client = lease->client,
					.peer = lease->peer_text,
					.lease = lease->id},
		  "lease %lu: %s at %s watches %s", (unsigned long)lease->id, lease->client,
		  lease->peer_text, lease->camera->name);
	observe(lease->broker, lease_changed, lease);
}

static void tell_no_ledger(int error)
{
	event_log(LOG_ERR, EVENT_LEDGER_FAILED, NULL,
		  "the ledger cannot be written, so nobody can watch: %s", strerror(-error));
}

/* A lease may be gone by the time that its row is on disk. */
struct recording {
	struct broker *broker;
	uint64_t lease;
};

/* A local subscriber's: it comes by lease_memory_ready(). */
static void ask_memory(struct lease *lease)
{
	if (subscription_ask(lease->subscription) < 0) {
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, "out of resources");
		return;
	}
	lease->state = LEASE_STATING;
	lease_arm(lease, SUBSCRIPTION_TIMEOUT);
}

static void on_opened(void *userdata, int error)
{
	struct recording *recording = userdata;
	struct lease *lease = lease_find(recording->broker, recording->lease);

	free(recording);
	if (error < 0)
		tell_no_ledger(error);
	if (!lease || lease->state != LEASE_RECORDING)
		return;
	if (error < 0) {
		lease->state = LEASE_WAITING; /* it was never opened */
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, "ledger cannot be written");
		return;
	}
	if (lease->subscription) {
		ask_memory(lease);
		return;
	}
	if (lease->has_nonce && !lease->statement_size) {
		lease->state = LEASE_STATING;
		lease_arm(lease, LEASE_STATE_TIMEOUT);
		return;
	}
	grant(lease);
}

void lease_stated(struct lease *lease, const struct camera_statement *m)
{
	if (!lease_is_opening(lease) || lease->statement_size || m->epoch != lease->epoch)
		return;
	lease->statement_size = m->size;
	memcpy(lease->statement, m->statement, m->size);
	if (lease->state != LEASE_STATING)
		return;
	sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
	grant(lease);
}

void lease_memory_ready(struct lease *lease)
{
	if (lease->state != LEASE_STATING)
		return;
	sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
	grant(lease);
}

void lease_ring_ready(struct lease *lease)
{
	struct recording *recording;
	struct ledger_event event;
	int r = -ENOMEM;

	if (lease->state != LEASE_WAITING)
		return;
	sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
	lease->epoch = lease->camera->epoch;
	lease_note_integration(lease);
	lease_fill_event(lease, &event);
	lease->reserved = event.reserved = reserve_frames(lease->camera);
	recording = malloc(sizeof(*recording));
	if (recording) {
		*recording = (struct recording){.broker = lease->broker, .lease = lease->id};
		r = ledger_opened(lease->broker->store, &event, on_opened, recording);
	}
	if (r < 0) {
		free(recording);
		tell_no_ledger(r);
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, "ledger cannot be written");
		return;
	}
	lease->state = LEASE_RECORDING;
	if (lease->has_nonce)
		camera_ask_statement(lease->camera, lease);
}
