// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/fault.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const char *chosen(void)
{
	const char *name = getenv("CAMWARD_FAULT");

	return name ? name : "";
}

bool fault_chosen(const char *name)
{
	return strcmp(chosen(), name) == 0;
}

void fault_announce(void)
{
	log_warning("built to make faults, for tests: not to be used; CAMWARD_FAULT=%s", chosen());
}
