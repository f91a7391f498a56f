// SPDX-License-Identifier: LGPL-2.1-or-later
/* How the process ends; EXIT_SUCCESS and EXIT_FAILURE besides. */
#pragma once

/* The device that it began with is not there (any more), or hardware came that it may not use. The
 * next process may use what is there then: no failure of the unit (SuccessExitStatus=), which would
 * stay failed if the camera were plugged out for good. */
#define CAMERA_EXIT_DEVICE 3
