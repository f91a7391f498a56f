// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/camera-epoch.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memfd.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/closing.h"
#include "broker/lease.h"
#include "broker/subscription.h"

#define RING_SIZE_MAX                                                                             \
	(RING_DATA_MAX + sizeof(struct ring_header) + RING_SLOTS_MAX * sizeof(struct ring_slot) + \
	 (1 << 16))

/* One key an epoch: who it belongs to is what is known here, not what the process says. */
int camera_epoch_on_key(void *userdata, const void *message, int *fds)
{
	struct camera *camera = userdata;
	const struct camera_epoch_key *m = message;
	struct camera_certificate answer = {.epoch = m->epoch};
	int n;

	/* Of an epoch that was over before this arrived. */
	if (m->epoch != camera->epoch)
		return m->epoch > broker_last_epoch(camera->broker) ? -EPROTO : 0;
	if (camera->certificate_size)
		return -EPROTO;
	n = seal_root_certify(camera->broker->seal_root,
			      &(struct seal_root_epoch){.camera_uuid = camera->uuid,
							.camera_name = camera->name,
							.epoch = camera->epoch,
							.issued = clock_realtime(),
							.key = m->key},
			      camera->certificate, sizeof(camera->certificate));
	if (n < 0) {
		log_error("camera %s: its key cannot be certified: %s", camera->name, strerror(-n));
		return n;
	}
	camera->certificate_size = answer.size = (uint32_t)n;
	memcpy(answer.certificate, camera->certificate, (size_t)n);
	link_send_message(&camera->link, CAMERA_CERTIFICATE, &answer);
	return 0;
}

/* The lease, or the epoch, may have ended meanwhile. */
static struct lease *lease_of(struct camera *camera, uint64_t id, uint64_t epoch)
{
	struct lease *lease = lease_find(camera->broker, id);

	return lease && lease->camera == camera && epoch == camera->epoch ? lease : NULL;
}

int camera_epoch_on_statement(void *userdata, const void *message, int *fds)
{
	struct camera *camera = userdata;
	const struct camera_statement *m = message;
	struct lease *lease = lease_of(camera, m->lease, m->epoch);

	if (lease)
		lease_stated(lease, m);
	return 0;
}

int camera_epoch_on_subscribed(void *userdata, const void *message, int *fds)
{
	const struct camera_subscribed *m = message;
	struct lease *lease = lease_of(userdata, m->lease, m->epoch);

	return lease ? subscription_made(lease, m, &fds[0]) : 0;
}

int camera_epoch_on_unsubscribed(void *userdata, const void *message, int *fds)
{
	const struct camera_unsubscribed *m = message;
	struct lease *lease = lease_of(userdata, m->lease, m->epoch);

	if (lease)
		subscription_failed(lease, m);
	return 0;
}

static void tell_leases(struct camera *camera, uint32_t stream)
{
	struct lease *lease, *tmp;

	list_for_each_safe (lease, tmp, &camera->broker->leases, list)
		if (lease->camera == camera)
			lease_stream_ready(lease, stream);
}

int camera_epoch_on_ring(void *userdata, const void *message, int *fds)
{
	struct camera *camera = userdata;
	const struct camera_ring *m = message;
	struct camera_stream *stream = &camera->streams[m->stream];
	int r;

	/* Of an epoch or a stream that was over before this arrived. */
	if (m->epoch != camera->epoch)
		return 0;
	if (m->turn <= camera->turn && (!stream->wanted || m->turn != stream->turn))
		return 0;
	if (m->turn != stream->turn || stream->ring >= 0 || !camera->certificate_size)
		return -EPROTO;
	r = m->ring_size <= RING_SIZE_MAX ? memfd_verify_read_only(fds[0], m->ring_size) : -EFBIG;
	if (r < 0) {
		log_error("camera %s: its ring is refused: %s", camera->name, strerror(-r));
		return r;
	}
	stream->ring = steal_fd(&fds[0]);
	stream->ring_size = m->ring_size;
	stream->codec = m->codec;
	stream->width = m->width;
	stream->height = m->height;
	tell_leases(camera, m->stream);
	return 0;
}

/* Answers may cross a STOP, so an older epoch is no offence; one that was never begun is. */
int camera_epoch_on_sequence(void *userdata, const void *message, int *fds)
{
	struct camera *camera = userdata;
	const struct camera_sequence *m = message;
	struct lease *lease = lease_find(camera->broker, m->lease);

	if (m->epoch > broker_last_epoch(camera->broker))
		return -EPROTO;
	if (!lease)
		closing_exposed(camera, m);
	else if (lease->camera == camera)
		lease_exposed(lease, m);
	return 0;
}
