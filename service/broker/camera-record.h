// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera as the broker remembers it, plugged in or not. Its UUID is its identity in grants and
 * in the ledger; it is made once and stays, whatever the name. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/parse.h"
#include "proto/camera-msg.h"

#define CAMERA_HARDWARE_SIZE 256

/* What the owner has set a control to. */
struct camera_choice {
	char control[PROTO_CONTROL_SIZE];
	int32_t value;
};

struct camera_record {
	uint8_t uuid[UUID_SIZE];
	char name[NAME_SIZE];
	char given[NAME_SIZE];               /* what udev would call it by itself; "": the same */
	char hardware[CAMERA_HARDWARE_SIZE]; /* ID_PATH, index, ID_SERIAL; "": inherited socket */
	uint64_t created;                    /* us, CLOCK_REALTIME */
	bool pending;                        /* policy.h */

	struct camera_configuration chosen; /* by the owner; 0: as camera.d has it */
	struct camera_configuration stored; /* the last choice that the disk took */
	size_t n_choices;
	struct camera_choice choices[CAMERA_CHOICES_MAX];
};

/* A random UUID (RFC 9562, version 4). Returns -EIO without random bits. */
int camera_record_make_uuid(uint8_t uuid[UUID_SIZE]);

/* In place of an earlier choice for this control. -ENOBUFS: CAMERA_CHOICES_MAX. */
int camera_record_choose(struct camera_record *record, const char *control, int32_t value);
const struct camera_choice *camera_record_choice(const struct camera_record *record,
						 const char *control);
