// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ledger as JSON, one event after the other, so that its length costs no memory: from the
 * service, or from an export (docs/LEDGER.md), which has the same three kinds of lines.
 */
#pragma once

#include <stdio.h>

#include "ctl/json.h"

/* NULL and 0: any. */
struct ledger_filter {
	const char *client, *integration, *camera;
	uint64_t since, until; /* us, CLOCK_REALTIME */
	uint64_t last;         /* number of the last event that is wanted */
	bool reservations;     /* with those of what is open, which are no part of the event */
};

/* One event; returns 0 to go on, or the exit status. */
typedef int (*ledger_take)(void *userdata, struct json_object *event);

int ledger_read_events(struct ctl *ctl, const struct ledger_filter *filter, ledger_take take,
		       void *userdata);

/* {"camward_ledger": 1, "seal_root": PEM, "anchors": [...]} and {"head": {...}}, as they stand at
 * the beginning and the end of an export; the caller's. */
int ledger_read_ends(struct ctl *ctl, struct json_object **ret_start, struct json_object **ret_end);

/* The next line of an export; *ret is NULL at its end. Says what is wrong with it. */
int ledger_read_line(FILE *file, const char *name, struct json_object **ret);
