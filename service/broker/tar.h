// SPDX-License-Identifier: LGPL-2.1-or-later
/* The little of tar (POSIX.1-2001, pax, "ustar Interchange Format") that a backup needs: a few
 * regular files with short names, which any tar can list and take out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TAR_NAME_SIZE 100 /* with its NUL */

/* Appends a file (mode 0600, mtime: s, CLOCK_REALTIME) to fd. -EFBIG: the name does not fit, or 8
 * GiB are not enough for it; the errors of write(2). */
int tar_write(int fd, const char *name, const void *data, size_t size, uint64_t mtime);
/* The end; the same errors of write(2). */
int tar_finish(int fd);

/* What is still to be read; data stays the caller's. */
struct tar {
	const uint8_t *data;
	size_t size;
};

/* The next file, which *ret points to where it lies: 1; 0: the end. -EBADMSG: it is damaged, cut
 * short, or has more than regular files. */
int tar_read(struct tar *tar, char name[TAR_NAME_SIZE], const uint8_t **ret, size_t *ret_size);
