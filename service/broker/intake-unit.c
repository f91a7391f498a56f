// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/intake-unit.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/admission.h"
#include "broker/broker.h"
#include "broker/doorstep.h"
#include "broker/gate-link.h"
#include "broker/hardware.h"
#include "broker/peer-unit.h"
#include "proto/meeting-place.h"

#define SOCKETS 2

struct intake_unit {
	struct broker *broker;
	struct doorstep *doorstep;
	struct listening {
		struct intake_unit *intake;
		int fd;
		enum peer_kind kind;
		sd_event_source *source;
	} sockets[SOCKETS];
};

static const char *const places[SOCKETS] = {
	[PEER_CAMERA] = MEETING_PLACE_CAMERA,
	[PEER_GATE] = MEETING_PLACE_GATE,
};

static int look_at_camera(struct broker *broker, struct admission *admission)
{
	char hardware[CAMERA_HARDWARE_SIZE];
	int r = hardware_read(admission->name, hardware);

	return admission_camera(broker, admission, r < 0 ? NULL : hardware, r);
}

static void admit_camera(struct intake_unit *intake, const char *name, int fd)
{
	struct admission admission = {.fd = fd};
	int r;

	snprintf(admission.name, sizeof(admission.name), "%s", name);
	doorstep_clear(intake->doorstep, name);
	if (look_at_camera(intake->broker, &admission) == 0)
		return;
	r = doorstep_wait(intake->doorstep, &admission);
	if (r < 0)
		log_error("camera %s cannot wait: %s", name, strerror(-r));
}

static void admit_gate(struct broker *broker, int fd)
{
	struct gate *gate;
	int r = gate_new(broker, fd, &gate);

	if (r < 0)
		log_error("cannot take in the gate: %s", strerror(-r));
}

/* Takes fd. */
static void admit(struct listening *l, int fd)
{
	_cleanup_close_ int link = fd;
	_cleanup_free_ char *unit = NULL;
	char name[NAME_SIZE];
	int r = sd_peer_get_unit(link, &unit);

	if (r < 0) {
		event_log(LOG_WARNING, EVENT_LINK_REFUSED, NULL,
			  "%s: refused, its unit cannot be told: %s", places[l->kind],
			  strerror(-r));
		return;
	}
	r = peer_unit_parse(unit, name);
	if (r != (int)l->kind) {
		event_log(LOG_WARNING, EVENT_LINK_REFUSED, NULL, "%s: refused, it is unit %s",
			  places[l->kind], unit);
		return;
	}
	if (l->intake->broker->stopping)
		return;
	if (r == PEER_GATE)
		admit_gate(l->intake->broker, steal_fd(&link));
	else
		admit_camera(l->intake, name, steal_fd(&link));
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	int link = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (link >= 0)
		admit(userdata, link);
	else if (errno != EAGAIN && errno != ECONNABORTED)
		log_warning("cannot accept a link: %s", strerror(errno));
	return 0;
}

static int listen_at(struct intake_unit *intake, int fd)
{
	struct listening *l = NULL;
	int r;

	for (int kind = 0; kind < SOCKETS; kind++)
		if (sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, places[kind], 0) > 0) {
			l = &intake->sockets[kind];
			l->kind = (enum peer_kind)kind;
		}
	if (!l || l->source)
		return -EPROTOTYPE;
	r = sd_event_add_io(intake->broker->event, &l->source, fd, EPOLLIN, on_connection, l);
	if (r < 0)
		return r;
	l->fd = fd;
	return sd_event_source_set_priority(l->source, BROKER_PRIORITY_CAMERA);
}

int intake_unit_open(struct broker *broker, struct intake_unit **ret)
{
	struct intake_unit *intake;
	int n = sd_listen_fds(0), r = 0;

	*ret = NULL;
	if (n <= 0)
		return n;
	intake = calloc(1, sizeof(*intake));
	if (!intake)
		return -ENOMEM;
	intake->broker = broker;
	for (int i = 0; i < SOCKETS; i++)
		intake->sockets[i] = (struct listening){.intake = intake, .fd = -EBADF};
	r = doorstep_new(broker, look_at_camera, &intake->doorstep);
	for (int i = 0; r >= 0 && i < n; i++)
		/* Others are broker/addresses.h's. */
		if (sd_is_socket(SD_LISTEN_FDS_START + i, AF_UNIX, 0, -1) > 0)
			r = listen_at(intake, SD_LISTEN_FDS_START + i);
	if (r < 0) {
		intake_unit_free(intake);
		return r;
	}
	*ret = intake;
	return 0;
}

struct intake_unit *intake_unit_free(struct intake_unit *intake)
{
	if (!intake)
		return NULL;
	for (int i = 0; i < SOCKETS; i++) {
		sd_event_source_disable_unref(intake->sockets[i].source);
		close_fd(intake->sockets[i].fd);
	}
	doorstep_free(intake->doorstep);
	free(intake);
	return NULL;
}
