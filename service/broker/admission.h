// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera's process at the door: who it is has been told by its unit, which device it has by the
 * udev database. A camera that was never seen is made known together with its hardware; one that is
 * known must have the hardware it had at first sight. Other hardware at a known place is refused
 * until an administrator decides: a grant is for what somebody has seen, not for a port.
 */
#pragma once

#include "broker/camera.h"

/*
 * Takes fd: the camera's link, or closed at once. hardware: of hardware_read(); NULL: error says
 * why there is none. Whoever is kept out is told on the bus (Camera.Reason), and in the log once
 * for each reason, however often its process tries (each time if the camera was never let in).
 */
void admission_camera(struct broker *broker, const char *name, int fd, const char *hardware,
		      int error);
