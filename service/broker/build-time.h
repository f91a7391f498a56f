// SPDX-License-Identifier: LGPL-2.1-or-later
/* A moment that has passed for certain: an earlier clock has not been set. A constant, so that
 * builds are reproducible; raised with each release. */
#pragma once

#include "base/clock.h"

#define BUILD_TIME_SEC UINT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define BUILD_TIME     (BUILD_TIME_SEC * USEC_PER_SEC)
