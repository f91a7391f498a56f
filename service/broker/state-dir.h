// SPDX-License-Identifier: LGPL-2.1-or-later
/* The directory of all that the broker keeps. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATE_FILE_MAX 65536

/* Opens the directory, or makes it (0700). -EPERM: it is somebody else's, or others may write
 * there. Returns the descriptor. */
int state_dir_open(const char *path);

/* Reads a whole file of at most STATE_FILE_MAX bytes; *ret is NUL-terminated beyond its size and
 * the caller's, to be erased if secret. -ENOENT; -EPERM: a file that others may read though it is
 * secret. */
int state_dir_read(int dir, const char *name, bool secret, uint8_t **ret, size_t *ret_size);

/*
 * Overwrites and removes these files, NULL-terminated, durably; or all that are in the directory
 * but one (NULL: none) and directories, the database last. What is not there is no error. All are
 * tried; the first error is returned. A disk that writes elsewhere than asked (flash, a journal)
 * may keep what was overwritten.
 */
int state_dir_erase(int dir, const char *const *names);
int state_dir_erase_all(int dir, const char *but);

/* Replaces the file as a whole, durably, mode 0600: after a power loss there is the old one or the
 * new one. */
int state_dir_write(int dir, const char *name, const void *data, size_t size);
