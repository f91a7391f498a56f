// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "camera/arrival.h"
#include "camera/camera.h"
#include "camera/clip.h"
#include "camera/confine.h"
#include "camera/exit.h"
#include "camera/hardware.h"
#include "camera/options.h"
#include "camera/watchdog.h"
#include "proto/meeting-place.h"
#include "v4l2/share.h"

static int open_source(const struct options *o, struct source **ret)
{
	int r;

	switch (o->source) {
	case OPTIONS_SOURCE_PATTERN:
		return source_pattern_new(o->name, ret);
	case OPTIONS_SOURCE_CLIP:
		r = source_clip_new(o->path, ret);
		if (r < 0)
			log_error("cannot open clip %s: %s", o->path, clip_explain(r));
		return r;
	default:
		return source_v4l2_new(o->path, ret);
	}
}

static int check_link(int fd)
{
	int type, r;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		r = -errno;
	else if (type != SOCK_SEQPACKET)
		r = -EPROTOTYPE;
	else
		r = fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
	if (r < 0)
		log_error("--link-fd %d: %s", fd, strerror(-r));
	return r;
}

/* Under systemd, whose units say who connects. */
static int connect_link(int *ret)
{
	int r = fdpass_connect(MEETING_PLACE_CAMERA, ret);

	if (r < 0)
		log_error("cannot reach camwardd at %s: %s", MEETING_PLACE_CAMERA, strerror(-r));
	return r;
}

static int watch_signals(sd_event *event)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	/* Without a handler sd-event ends the loop with the userdata as its status. */
	r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

static const char *if_there(const char *path)
{
	return path && access(path, F_OK) == 0 ? path : NULL;
}

/* The devices, and the heaps and the card whose memory camera and encoder may need to share. */
static int settle(const struct options *o, struct source *source, int *ret)
{
	const char *nodes[] = {
		o->source == OPTIONS_SOURCE_V4L2 ? o->path : NULL,
		if_there(source->encoder),
		source->encoder ? if_there(source->converter) : NULL,
		source->encoder ? if_there(v4l2_share_heaps[0]) : NULL,
		source->encoder ? if_there(v4l2_share_heaps[1]) : NULL,
		source->encoder ? if_there(source->card) : NULL,
	};

	_Static_assert(ARRAY_SIZE(nodes) <= CONFINE_NODES_MAX, "room for all");
	return confine_settle(nodes, ARRAY_SIZE(nodes), ret);
}

static int run(const struct options *o, struct source *source, struct arrival *arrival, int settled)
{
	_cleanup_(camera_freep) struct camera *camera = NULL;
	_cleanup_(sd_event_unrefp) sd_event *event = NULL;
	_cleanup_(watchdog_freep) struct watchdog *watchdog = NULL;
	int r = sd_event_new(&event);

	if (r >= 0)
		r = watch_signals(event);
	if (r >= 0)
		r = watchdog_new(event, &watchdog);
	if (r >= 0)
		r = camera_new(event, o->name, source, o->link_fd, o->as_service, &camera);
	if (r >= 0 && arrival->fd >= 0)
		r = camera_await(camera, arrival);
	if (r < 0) {
		log_error("cannot run: %s", strerror(-r));
		return r;
	}
	/* Nothing of the broker's has been read yet. */
	r = confine(settled, o->source == OPTIONS_SOURCE_V4L2 || source->encoder);
	return r < 0 ? r : sd_event_loop(event);
}

static int exit_status(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return CAMERA_EXIT_DEVICE;
	default:
		return error < 0 ? EXIT_FAILURE : error;
	}
}

int main(int argc, char *argv[])
{
	_cleanup_(source_freep) struct source *source = NULL;
	_cleanup_(arrival_end) struct arrival arrival = {.fd = -EBADF};
	_cleanup_close_ int settled = -EBADF;
	struct options options;
	int r = options_parse(argc, argv, stderr, &options);

	if (r != 0)
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	log_open("camward-camera");
	fault_announce();
	tzset();
	r = open_source(&options, &source);
	if (r < 0)
		return EXIT_FAILURE;
	hardware_await(&options, &arrival);
	hardware_choose(&options, NULL, &arrival, source);
	r = settle(&options, source, &settled);
	if (r < 0)
		return exit_status(r);
	if (r >= 0)
		r = options.as_service ? connect_link(&options.link_fd)
				       : check_link(options.link_fd);
	if (r >= 0)
		r = run(&options, source, &arrival, settled);
	return r < 0 ? EXIT_FAILURE : r;
}
