// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera's process at the door: who it is has been told by its unit, which device it has by the
 * udev database. A camera that was never seen is made known together with its hardware; one that is
 * known must have the hardware it had at first sight. Other hardware at a known place is refused
 * until an administrator decides: a grant is for what somebody has seen, not for a port.
 */
#pragma once

#include "broker/camera-record.h"
#include "broker/camera.h"

#define ADMISSION_WHY_SIZE (2 * CAMERA_HARDWARE_SIZE + 64)

struct admission {
	char name[NAME_SIZE];          /* the camera's, by its unit */
	int fd;                        /* its link */
	char told[ADMISSION_WHY_SIZE]; /* why it was kept out when it was looked at last; "" */
};

/*
 * 0: the link was taken: it is the camera's, or closed at once. -EPERM: kept out, or -EAGAIN: not
 * yet; the link is the caller's, and it may ask again. hardware: of hardware_read(); NULL: error
 * says why there is none. Whoever is kept out is told on the bus (Camera.Reason), and in the log
 * once for each reason.
 */
int admission_camera(struct broker *broker, struct admission *admission, const char *hardware,
		     int error);

/* A process that was kept out has gone, mostly with its device: no reason remains. */
void admission_gone(struct broker *broker, const char *name);
