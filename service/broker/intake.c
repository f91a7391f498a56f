// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera-link.h"
#include "broker/gate-link.h"

struct intake {
	struct broker *broker;
	struct camera *camera; /* NULL: gates */
	int fd;
	sd_event_source *source;
};

static const char *intake_name(const struct intake *intake)
{
	return intake->camera ? intake->camera->name : "the gate";
}

/* Whose the link is has been decided: hand it on. Takes fd. */
static void admit(struct intake *intake, int fd)
{
	struct gate *gate;
	int r;

	if (intake->broker->stopping) {
		close_fd(fd);
		return;
	}
	if (intake->camera) {
		camera_link_adopt(intake->camera, fd);
		return;
	}
	r = gate_new(intake->broker, fd, &gate);
	if (r < 0)
		log_error("cannot take in the gate: %s", strerror(-r));
}

static int check_seqpacket(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return -errno;
	return type == SOCK_SEQPACKET ? 0 : -EPROTOTYPE;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct intake *intake = userdata;
	_cleanup_close_ int link = -EBADF;
	size_t n_fds;
	uint8_t byte;
	ssize_t n = fdpass_recv(fd, &byte, sizeof(byte), &link, 1, &n_fds);

	if (n == -EAGAIN)
		return 0;
	if (n <= 0) {
		log_notice("no more links for %s: its intake has ended", intake_name(intake));
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	if (n_fds != 1 || check_seqpacket(link) < 0) {
		log_warning("what was handed in for %s is no link", intake_name(intake));
		return 0;
	}
	admit(intake, steal_fd(&link));
	return 0;
}

int intake_new_inherited(struct broker *broker, int fd, struct camera *camera, struct intake **ret)
{
	struct intake *intake = calloc(1, sizeof(*intake));
	int r;

	if (!intake) {
		close_fd(fd);
		return -ENOMEM;
	}
	*intake = (struct intake){.broker = broker, .camera = camera, .fd = fd};
	r = check_seqpacket(fd);
	if (r >= 0)
		r = sd_event_add_io(broker->event, &intake->source, fd, EPOLLIN, on_readable,
				    intake);
	if (r >= 0)
		r = sd_event_source_set_priority(intake->source, BROKER_PRIORITY_CAMERA);
	if (r < 0) {
		intake_free(intake);
		return r;
	}
	if (camera)
		camera->inherited = true;
	*ret = intake;
	return 0;
}

struct intake *intake_free(struct intake *intake)
{
	if (!intake)
		return NULL;
	sd_event_source_disable_unref(intake->source);
	close_fd(intake->fd);
	free(intake);
	return NULL;
}
