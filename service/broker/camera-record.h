// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera as the broker remembers it, plugged in or not. Its UUID is its identity in grants and
 * in the ledger; it is made once and stays, whatever the name. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/parse.h"

#define CAMERA_HARDWARE_SIZE 256

struct camera_record {
	uint8_t uuid[UUID_SIZE];
	char name[NAME_SIZE];
	char given[NAME_SIZE];               /* what udev would call it by itself; "": the same */
	char hardware[CAMERA_HARDWARE_SIZE]; /* ID_PATH, index and ID_SERIAL; "": inherited socket
					      */
	uint64_t created;                    /* us, CLOCK_REALTIME */
	bool pending;                        /* policy.h */
};

/* A random UUID (RFC 9562, version 4). Returns -EIO without random bits. */
int camera_record_make_uuid(uint8_t uuid[UUID_SIZE]);
