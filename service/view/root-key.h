// SPDX-License-Identifier: LGPL-2.1-or-later
/* The seal root as both programs take it. */
#pragma once

#include "seal/key.h"

/* text: a file that holds it in PEM or hexadecimal, or 64 hexadecimal digits. Errors: -EINVAL
 * (neither), -errno of reading the file. */
int root_key_read(const char *text, uint8_t ret[SEAL_KEY_SIZE]);
