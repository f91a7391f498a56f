// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who has received what, as it is collected from the ledger and told. */
#pragma once

#include "ctl/json.h"
#include "ctl/ledger-read.h"

/* A bound that nobody knows, as in broker/ledger.h. */
#define EXPOSURE_UNKNOWN ((uint64_t)INT64_MAX)

/* All objects are owned. */
struct exposure {
	struct ledger_filter filter;
	struct json_object *deliveries, *running, *denials, *tripwires;
	struct json_object *open;     /* lease: its OPENED event, until CLOSED comes */
	struct json_object *switches; /* lease: [{"time", "stream"}], until CLOSED comes */
	uint64_t frames_low, frames_high;
	uint64_t n_uncertain, n_denied;
	const char *unknown; /* "camera": there is none of the name that was given now */
};

/* For people. */
int exposure_print(const struct exposure *e);
