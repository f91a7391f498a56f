// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All that the broker keeps, as one file (tar.h): the database, whole and of one moment; and, if
 * asked for, the keys. Whoever has those is the device.
 */
#pragma once

#include <stdbool.h>

#include "broker/store.h"

/* Writes it into fd (a memfd), which is the caller's, in the store's thread. */
int store_backup(struct store *store, int fd, bool keys, store_done done, void *userdata);

/*
 * Puts what is in fd in place of what is in dir; nobody uses that just now. Nothing is changed
 * unless the database is sound and can be read by this version. The run of the epochs' numbers
 * (epoch-run.h) never falls. fd is sealed first: nobody changes it meanwhile.
 * Errors: -EBADMSG (no backup, or damaged), -ENOTSUP (of a newer version), those of the disk.
 */
int backup_restore(const char *dir, int fd);
