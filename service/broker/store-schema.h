// SPDX-License-Identifier: LGPL-2.1-or-later
/* The database's tables; store-schema.c is their documentation. */
#pragma once

#include "broker/db.h"

/*
 * Checks the whole database and makes the tables in an empty one. -ENOTSUP: a newer version wrote
 * it; -EUCLEAN: it is damaged, or somebody else's.
 */
int store_schema_prepare(sqlite3 *db);
