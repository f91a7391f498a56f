// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The camera process between its two ends: the broker's link, which says when to run, and the
 * source, which gives pictures.
 *
 *	HELLO -> WELCOME -> idle -> START -> running -> STOP -> idle -> ...
 *	                              EPOCH_KEY -> CERTIFICATE: only then are frames taken
 *	                              running -> lost -> idle or START
 *
 * While the source is lost it is looked for with back-off (nothing is started); when it is back the
 * camera is idle again. A START need not wait for that: it is an attempt of its own.
 *
 * Each lease's wake is answered by one SEQUENCE when it is added and one when it ends, whichever
 * way that comes: DROP_WAKE, its reader gone, the end of the epoch.
 */
#pragma once

#include <systemd/sd-event.h>

#include "camera/arrival.h"
#include "camera/source.h"

struct camera;

/*
 * Takes the descriptor of the link, says HELLO and joins the event loop, which ends with status 0
 * when the broker is gone, 1 when the link is broken, and CAMERA_EXIT_DEVICE when the device was
 * plugged in anew and restarted says that a new process, which may open it, follows. name and
 * source are borrowed.
 */
int camera_new(sd_event *event, const char *name, struct source *source, int link_fd,
	       bool restarted, struct camera **ret);
/*
 * Has the loop end with CAMERA_EXIT_DEVICE when hardware has come that only a new process can use,
 * but not while anybody has pictures. arrival is borrowed. Before the loop begins.
 */
int camera_await(struct camera *c, struct arrival *arrival);
/* Ends the epoch, if one runs: device closed, ring gone. */
struct camera *camera_free(struct camera *c);

static inline void camera_freep(struct camera **c)
{
	camera_free(*c);
}
