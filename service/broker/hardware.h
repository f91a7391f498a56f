// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which device is behind a camera's name, by the udev database and never by what the camera's
 * process says: the rule (units/90-camward.rules) has given one video4linux device the name, and
 * the database says where it is plugged in and what it is. Two ways that must agree.
 */
#pragma once

#include "broker/camera-record.h"

struct hardware {
	const char *id_path; /* ID_PATH: the port */
	const char *index;   /* of the node at its device */
	const char *serial;  /* ID_SERIAL; NULL: none */
	const char *model;   /* ID_MODEL; NULL: none */
};

/* One line of printable ASCII, "ID_PATH INDEX serial=... model=...". Errors: -EUNATCH (no ID_PATH),
 * -E2BIG. */
int hardware_compose(const struct hardware *hardware, char ret[CAMERA_HARDWARE_SIZE]);

/* Of the one device that has the name now; all that is asked is memory: sysfs, and /run. Errors:
 * -ENODEV (none), -EEXIST (more than one), -ESTALE (it has just gone), as above, others of the udev
 * database. */
int hardware_read(const char *name, char ret[CAMERA_HARDWARE_SIZE]);

const char *hardware_error_text(int error);
