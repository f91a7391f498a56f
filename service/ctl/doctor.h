// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is wrong on this system, and what to do: findings, one a thing that was looked at. */
#pragma once

#include "ctl/json.h"

enum doctor_level {
	DOCTOR_FINE,
	DOCTOR_WARNING, /* works, but not as the owner may think */
	DOCTOR_PROBLEM, /* somebody cannot watch, or should not be able to */
};

struct doctor {
	struct ctl *ctl;
	struct json_object *findings; /* {"check", "level", "says", "do"}; do: "" if fine */
	unsigned n_warnings, n_problems;
	/* What the service says, once it was reached. */
	struct json_object *manager, *tree;
};

/* check: one word, of what; says: a sentence, by a format; what: what to do about it. */
void doctor_find(struct doctor *d, const char *check, enum doctor_level level, const char *what,
		 const char *says, ...) __attribute__((format(printf, 5, 6)));

/* Of this machine: the bus, the user, the disk, what is installed (doctor-system.c). */
void doctor_look_at_system(struct doctor *d);

/* Of the service: false if it cannot be asked. Then the rest of it (doctor-service.c). */
bool doctor_reach_service(struct doctor *d);
void doctor_look_at_service(struct doctor *d);
void doctor_look_at_ledger(struct doctor *d);
void doctor_look_at_cameras(struct doctor *d);
