// SPDX-License-Identifier: LGPL-2.1-or-later
/* For the tables of verbs: options that more than one has. Private to verbs*.c. */
#pragma once

#include "base/cleanup.h"
#include "ctl/verbs.h"

#define OPTION(n, v, h)                                \
	{                                              \
		.name = (n), .value = (v), .help = (h) \
	}
#define OPTION_EXPIRES OPTION("--expires", "TIME", "when the token ends")
#define OPTION_QUIET   OPTION("--quiet", NULL, "print nothing but the token")
#define SCOPE          "{all | camera|client|integration NAME}"
