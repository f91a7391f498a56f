// SPDX-License-Identifier: LGPL-2.1-or-later
/* A group of clients, granted and suspended as one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/parse.h"
#include "broker/grant.h"

struct integration {
	char name[NAME_SIZE];
	uint64_t created;               /* us, CLOCK_REALTIME */
	char source[GRANT_SOURCE_SIZE]; /* as of a client */
	char former[NAME_SIZE]; /* while it is being renamed: what the disk may call it still */
	bool pending;           /* policy.h */
};
