// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/fault.h"

#include <fcntl.h>

#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease.h"

/* The ring of an epoch that is over, and whose; the last one. */
static struct camera_stream stale = {.ring = -EBADF};
static const struct camera *stale_camera;

void fault_epoch_ends(const struct camera *camera)
{
	const struct camera_stream *main = &camera->streams[RING_STREAM_MAIN];

	if (!fault_chosen("epoch") || main->ring < 0)
		return;
	close_fd(stale.ring);
	stale = (struct camera_stream){
		.ring = fcntl(main->ring, F_DUPFD_CLOEXEC, 0),
		.ring_size = main->ring_size,
	};
	stale_camera = camera;
}

static void take_another_ring(const struct lease *lease, struct camera_stream *ring)
{
	struct camera *camera;

	list_for_each (camera, &lease->broker->cameras, list)
		if (camera != lease->camera && camera->streams[RING_STREAM_MAIN].ring >= 0)
			*ring = camera->streams[RING_STREAM_MAIN];
}

static void take_another_session(const struct lease *lease, struct session **session)
{
	struct lease *other;

	list_for_each (other, &lease->broker->leases, list)
		if (other != lease && lease_is_opening(other))
			*session = other->session;
}

void fault_switch(const struct lease *lease, struct camera_stream *ring)
{
	if (fault_chosen("switch"))
		take_another_ring(lease, ring);
}

void fault_grant(const struct lease *lease, struct camera_stream *ring, struct session **session)
{
	if (fault_chosen("ring"))
		take_another_ring(lease, ring);
	if (fault_chosen("epoch") && stale_camera == lease->camera)
		*ring = stale;
	if (fault_chosen("lease"))
		take_another_session(lease, session);
}
