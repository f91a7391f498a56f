// SPDX-License-Identifier: LGPL-2.1-or-later
/* One administrator's act on its way through the store. Private to control-*.c. */
#pragma once

#include <stdlib.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "broker/reload.h"

struct control_job {
	struct reload_waiter waiter;
	struct broker *broker;
	control_done done;
	void *userdata;
	/* What follows once it is on disk or failed; returns what done is told. NULL: nothing. */
	int (*finish)(struct control_job *job, int error);
	bool denial; /* in force already: what the disk does not take is tried again */
	char name[NAME_SIZE], other[NAME_SIZE];
	uint8_t spki[TOKEN_HASH_SIZE];
	struct camera_record camera;
	uint64_t id, others_end;
	enum suspension_kind kind;
};

/* Freed by control_job_finish, or by the caller when the store did not take it. NULL: no memory. */
struct control_job *control_job_new(struct broker *broker, control_done done, void *userdata);

/* The store_done of every job. */
void control_job_finish(void *userdata, int error);

/* What every denial returns: queued is what the store said to it. Takes *job if it was queued. */
int control_job_deny(struct control_job **job, int queued);

/* What policy_add_...() and the store say, as control_error where there is one. */
int control_error_of(int error);

bool control_reason_valid(const char *reason);
