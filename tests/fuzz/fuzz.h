// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the fuzz targets share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Holds or ends the run as a crash does; NDEBUG makes no difference. */
#define CHECK(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
