// SPDX-License-Identifier: LGPL-2.1-or-later
/* What all viewers saw, as JSON. */
#pragma once

#include <stdbool.h>

#include "load/viewer.h"

struct report_run {
	uint64_t elapsed_us; /* from the first connect to the end */
	uint64_t cpu_us;     /* of this client: near elapsed_us, it measured itself */
};

/* path NULL: standard output. Errors: -errno. */
int report_write(const char *path, struct viewer *const *viewers, unsigned n,
		 const struct report_run *run);

/* Whether each viewer played to the end, with something to see and no error in it. */
bool report_success(struct viewer *const *viewers, unsigned n);
