// SPDX-License-Identifier: LGPL-2.1-or-later
/* The link of a camera's process (proto/camera-msg.h): takes in what it says. */
#pragma once

#include "broker/camera.h"
#include "broker/settings.h"

/* Takes fd, the link of a new run of the camera's process; an older one is over. The process must
 * name this camera in its HELLO, or the link ends. */
void camera_link_adopt(struct camera *camera, int fd);

/* Settings have been read: one that waits for this reading, or because its own were wrong, is
 * looked at anew. */
void camera_link_greet_again(struct camera *camera, uint64_t reading);

/* They cannot be read for now: one that waits for them is kept out. */
void camera_link_tell_overdue(struct camera *camera);

/* Whether a process has it now, also one that has not said HELLO. */
bool camera_link_is_up(const struct camera *camera);

/* Ends the link, if there is one; every lease of the camera is cut off first. reason: for people.
 */
void camera_link_drop(struct camera *camera, const char *reason);

/* Tells its process, if it has one, the configuration: its file's, as read last, and the owner's.
 * Errors: those of settings_load_camera(); then nothing is told. */
int camera_link_configure(struct camera *camera, char error[SETTINGS_ERROR_SIZE]);

/* The same for a control that the owner has chosen a value for. */
void camera_link_choose(struct camera *camera, const char *control, int32_t value);
