// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/gate-link.h"
#include "broker/lease.h"

/* Its connection has to outlive the gate's patience; the session is held to an end otherwise. */
void lease_await_answer(struct lease *lease)
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
		lease_refuse(lease, session_denial(verdict.reason),
			     policy_reason_text(verdict.reason));
		return;
	}
	agent_forget(lease);
	lease->grant = verdict.grant;
	r = lease_join_camera(lease);
	if (r < 0) {
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, lease_unavailable_text(r));
		return;
	}
	observe(lease->broker, lease_changed, lease);
	lease_await_ring(lease);
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
