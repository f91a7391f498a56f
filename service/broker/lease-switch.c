// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/closing.h"
#include "broker/fault.h"
#include "broker/lease-count.h"
#include "broker/lease.h"

/* It would not be asked for what the larger stream's grant did not allow, but whatever a grant says
 * some day about the smaller one holds here, too. */
static bool is_permitted(const struct lease *lease, uint32_t stream)
{
	return redecide_lease(lease->broker, lease).allowed &&
	       redecide_switch(lease->broker, lease, stream).allowed;
}

static void deny(struct lease *lease, enum session_denied_reason reason)
{
	log_debug("lease %lu stays with its stream", (unsigned long)lease->id);
	session_deny(lease->session, reason);
}

int lease_switch(struct lease *lease, uint32_t stream)
{
	uint64_t now = clock_monotonic();
	int r;

	if (!lease->may_switch || lease->switching || stream == lease->stream ||
	    (lease->switched && now - lease->switched < SESSION_SWITCH_USEC))
		return -EPROTO;
	lease->switched = now;
	if (!is_permitted(lease, stream)) {
		deny(lease, SESSION_DENIED_NOT_FOUND);
		return 0;
	}
	/* The ledger is a step behind at most. */
	if (closing_is_behind(lease->broker, lease->id)) {
		deny(lease, SESSION_DENIED_UNAVAILABLE);
		return 0;
	}
	r = camera_attach(lease->camera, stream);
	if (r < 0) {
		deny(lease, SESSION_DENIED_UNAVAILABLE);
		return 0;
	}
	lease->switching = true;
	lease->target = stream;
	if (lease->camera->streams[stream].ring >= 0)
		lease_switch_ready(lease);
	else
		lease_arm(lease, LEASE_OPEN_TIMEOUT);
	return 0;
}

/* Nothing waits for it: what a lease may read is decided, and stands in the ledger, by the larger
 * stream. The address stands with OPENED and CLOSED. */
static void record(const struct lease *lease)
{
	struct ledger_event event;

	lease_fill_event(lease, &event);
	event.stream = lease->stream;
	memset(event.peer, 0, sizeof(event.peer));
	event.port = 0;
	closing_add_switch(lease->broker, &event);
}

/* The camera goes on with the old one until CAMERA_LINGER after it has no taker: the session reads
 * it until it finds where to begin with the new one. */
void lease_switch_ready(struct lease *lease)
{
	struct camera_stream ring = lease->camera->streams[lease->target];
	struct session *session = lease->session;
	struct session_ring m = {.epoch = lease->epoch, .stream = lease->target};
	uint32_t left = lease->stream;

	sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
	if (!is_permitted(lease, lease->target)) {
		lease_switch_fail(lease, SESSION_DENIED_NOT_FOUND);
		return;
	}
	lease->switching = false;
	lease->stream = lease->target;
	camera_move_wake(lease->camera, lease->id, lease->stream);
	camera_detach(lease->camera, left);
	fault_switch(lease, &ring);
	m.ring_size = ring.ring_size;
	link_send(&session->link, SESSION_RING, &m, sizeof(m), &ring.ring, SESSION_RING_FDS);
	record(lease);
	log_debug("lease %lu switches to %s", (unsigned long)lease->id,
		  lease->stream == RING_STREAM_SUB ? "sub" : "main");
	observe(lease->broker, lease_changed, lease);
}

void lease_switch_fail(struct lease *lease, enum session_denied_reason reason)
{
	sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
	lease->switching = false;
	camera_detach(lease->camera, lease->target);
	deny(lease, reason);
}
