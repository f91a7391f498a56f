// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/subscription.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/memfd.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease.h"
#include "broker/take-back.h"
#include "broker/tripwire.h"

struct subscription *subscription_free(struct subscription *s)
{
	if (!s)
		return NULL;
	sd_event_source_disable_unref(s->hangup);
	close_fd(s->memory);
	close_fd(s->socket);
	close_fd(s->far);
	free(s);
	return NULL;
}

bool subscription_is_asked(const struct subscription *s)
{
	return s->asked;
}

void subscription_format_peer(uint32_t user, uint8_t address[16], char text[SESSION_PEER_TEXT_SIZE])
{
	uint32_t bytes = htonl(user);

	memset(address, 0, 12);
	memcpy(address + 12, &bytes, sizeof(bytes));
	snprintf(text, SESSION_PEER_TEXT_SIZE, "user %u", user);
}

static void answer(struct subscription *s, const struct subscription_answer *answer)
{
	subscription_done done = s->done;

	s->done = NULL;
	if (done)
		done(s->userdata, answer);
}

void subscription_refuse(struct subscription *s, enum subscription_refusal refused,
			 const char *reason)
{
	answer(s,
	       &(struct subscription_answer){.refused = refused, .reason = reason, .socket = -1});
}

int subscription_ask(struct subscription *s)
{
	_cleanup_close_ int counters = -EBADF, permit = -EBADF;
	struct lease *lease = s->lease;
	struct camera_subscriber m = {
		.epoch = lease->epoch,
		.lease = lease->id,
		.right = lease->right,
		.stream = lease->stream,
	};
	int r = lease_make_pages(lease, &counters, &permit);

	if (r < 0)
		return r;
	s->asked = true;
	link_send(&lease->camera->link, CAMERA_SUBSCRIBER, &m, sizeof(m), (int[]){counters, permit},
		  CAMERA_SUBSCRIBER_FDS);
	return 0;
}

static int on_hangup(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct subscription *s = userdata;

	lease_end(s->lease, s->trouble[0] ? s->trouble : "viewer left");
	return 0;
}

/* The first message, before the camera has its end. */
static int send_memory(struct subscription *s, int socket)
{
	const struct lease *lease = s->lease;
	_cleanup_close_ int memory = memfd_reopen_read_only(s->memory);
	struct subscriber_memory m = {
		.header = {.type = SUBSCRIBER_MEMORY,
			   .version = SUBSCRIBER_MSG_VERSION,
			   .size = sizeof(m)},
		.lease = lease->id,
		.epoch = lease->epoch,
		.right = lease->right,
		.stream = lease->stream,
		.size = s->made.size,
		.format = s->made.format,
	};

	if (memory < 0)
		return memory;
	memcpy(m.camera_uuid, lease->camera->uuid, UUID_SIZE);
	snprintf(m.camera, sizeof(m.camera), "%s", lease->camera->name);
	return fdpass_send(socket, &m, sizeof(m), &memory, SUBSCRIBER_MEMORY_FDS);
}

/* Who gives no frame back any more is over, too. */
static int watch(struct subscription *s)
{
	struct broker *broker = s->lease->broker;
	int r = sd_event_add_io(broker->event, &s->hangup, s->socket, EPOLLRDHUP, on_hangup, s);

	return r < 0 ? r : sd_event_source_set_priority(s->hangup, BROKER_PRIORITY_SESSION);
}

int subscription_grant(struct subscription *s)
{
	struct lease *lease = s->lease;
	_cleanup_close_ int near = -EBADF;
	int pair[2], r = fdpass_pair(pair);

	if (r < 0)
		return r;
	s->far = pair[0];
	near = pair[1];
	s->socket = fcntl(near, F_DUPFD_CLOEXEC, 0);
	r = s->socket < 0 ? -errno : send_memory(s, near);
	if (r >= 0)
		r = watch(s);
	if (r < 0)
		return r;
	camera_give_wake(lease->camera, lease->id, lease->stream, near);
	answer(s, &(struct subscription_answer){.lease = lease->id, .socket = s->far});
	close_fd(steal_fd(&s->far));
	return 0;
}

void subscription_cut(struct subscription *s)
{
	/* In this order: who is told that it is over finds nothing any more. */
	if (s->memory >= 0)
		take_back(s->memory);
	if (s->socket >= 0)
		(void)shutdown(s->socket, SHUT_RDWR);
}

/* The camera's own word for whose frames they are, as in a ring's header. */
static bool is_of(const struct lease *lease, const struct camera_subscribed *m)
{
	return strcmp(m->name, lease->camera->name) == 0 && m->right == lease->right &&
	       m->stream == lease->stream;
}

int subscription_made(struct lease *lease, const struct camera_subscribed *m, int *memory)
{
	struct subscription *s = lease->subscription;
	int r;

	if (!s || !s->asked || s->memory >= 0)
		return -EPROTO;
	r = memfd_verify_revocable(*memory, m->size);
	if (r < 0) {
		log_error("camera %s: a subscriber's memory is refused: %s", lease->camera->name,
			  strerror(-r));
		return r;
	}
	if (!is_of(lease, m)) {
		tripwire_fired(lease);
		return 0;
	}
	s->memory = steal_fd(memory);
	s->made = *m;
	lease_memory_ready(lease);
	return 0;
}

void subscription_failed(struct lease *lease, const struct camera_unsubscribed *m)
{
	struct subscription *s = lease->subscription;

	if (!s)
		return;
	snprintf(s->trouble, sizeof(s->trouble), "%s", m->reason);
	if (lease_is_opening(lease))
		lease_refuse(lease, SESSION_DENIED_UNAVAILABLE, s->trouble);
	else
		lease_end(lease, s->trouble);
}

void subscription_left(struct broker *broker, const void *userdata)
{
	struct lease *lease, *tmp;

	list_for_each_safe (lease, tmp, &broker->leases, list)
		if (lease->subscription && lease->subscription->userdata == userdata) {
			lease->subscription->done = NULL;
			lease_end(lease, "viewer left the bus");
			return;
		}
}
