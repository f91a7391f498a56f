// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All that the broker keeps, as one file (tar.h): the database, whole and of one moment; and, if
 * asked for, the keys. Whoever has those is the device.
 */
#pragma once

#include <stdbool.h>

#include "broker/seal-root.h"
#include "broker/store.h"
#include "broker/tls-identity.h"

/* The keys within it, besides EPOCH_RUN_FILE; a list's elements. */
#define BACKUP_KEYS SEAL_ROOT_FILE, TLS_IDENTITY_FILES

/* Writes it into fd (a memfd), which is the caller's, in the store's thread. */
int store_backup(struct store *store, int fd, bool keys, store_done done, void *userdata);
