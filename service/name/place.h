// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names out of places. */
#pragma once

#include "base/parse.h"

/*
 * The name of a camera that no file is about: ID_PATH and index. Characters that a name cannot
 * have, and '_', become _XX (hexadecimal), so that two places never share a name; what would be too
 * long ends in _h and a hash instead. Errors: -EINVAL (a place that does not begin as a name does).
 */
int place_name(const char *id_path, const char *index, char name[NAME_SIZE]);
