// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What cameras are called by their owner instead of by their place: a file that the broker writes,
 * a line each:
 *
 *	PLACE-NAME NAME
 *
 * It is read by root and written by the broker's user: at most it can call a device by another
 * name, and never one that a file of the administrator's names (name/rules.h).
 */
#pragma once

#include "base/parse.h"

#define GIVEN_SIZE_MAX 65536

/* Replaces name if the file says so. No file: nothing is said. Errors: -EINVAL (anything in it is
 * not as above), -EPERM (no plain file), -EFBIG, those of open(). */
int given_find(const char *path, char name[NAME_SIZE]);
