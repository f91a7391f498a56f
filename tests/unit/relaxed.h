// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whether this build leaves a confined process more than it has as a service: to a sanitizer, or
 * as -Dsandbox=log says. */
#pragma once

#include <stdbool.h>

#include "base/sanitizer.h"

#if defined(WITH_SANITIZER) || defined(SANDBOX_LOG)
#define RELAXED true
#else
#define RELAXED false
#endif
