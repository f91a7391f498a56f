// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names that owners gave to cameras which have been forgotten since. Until udev has named the
 * device anew it still comes by that name, and would be made known as a new camera under it.
 * Only of this run of the broker: after a restart udev is done with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/parse.h"

#define FORGOTTEN_MAX 64 /* the oldest gives way */

struct forgotten {
	char names[FORGOTTEN_MAX][NAME_SIZE];
	size_t next;
};

void forgotten_add(struct forgotten *f, const char *name);
bool forgotten_has(const struct forgotten *f, const char *name);
