// SPDX-License-Identifier: LGPL-2.1-or-later
/* The seal root as both programs take it. */
#pragma once

#include "seal/key.h"

/* text: the key in a form of seal_public_read(), or a file that holds it in one. Errors: -EINVAL
 * (neither), -errno of reading the file. */
int root_key_read(const char *text, uint8_t ret[SEAL_KEY_SIZE]);
