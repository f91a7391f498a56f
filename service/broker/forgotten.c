// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/forgotten.h"

#include <stdio.h>
#include <string.h>

void forgotten_add(struct forgotten *f, const char *name)
{
	snprintf(f->names[f->next++ % FORGOTTEN_MAX], NAME_SIZE, "%s", name);
}

bool forgotten_has(const struct forgotten *f, const char *name)
{
	for (size_t i = 0; i < FORGOTTEN_MAX; i++)
		if (!strcmp(f->names[i], name))
			return true;
	return false;
}
