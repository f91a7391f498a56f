// SPDX-License-Identifier: LGPL-2.1-or-later
/* A thin layer over SQLite: its result codes as -errno, one call a statement. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* A number's digits, within SQL. */
#define DB_TEXT(x)    DB_TEXT_OF(x)
#define DB_TEXT_OF(x) #x

DEFINE_CLEANUP(sqlite3 *, sqlite3_close)
DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize)

/*
 * SQLITE_OK, ROW and DONE: 0. A UNIQUE constraint: -EEXIST; a foreign key: -ENOENT; any other
 * constraint: -EINVAL. The rest as in store.h.
 */
int db_errno(sqlite3 *db, int result);

/* Opens or makes the file (0600) and sets what holds for the connection: WAL, FULL, foreign keys,
 * nothing in the schema trusted. */
int db_open(const char *path, sqlite3 **ret);

/* One or more statements whose rows, if any, do not matter. */
int db_exec(sqlite3 *db, const char *sql);

/*
 * Prepares one statement and binds its arguments in order by the letters of types:
 *	i  uint64_t, below 2^63
 *	t  const char *
 *	n  const char *; "" becomes NULL
 *	b  const void *, size_t
 * What is bound must live as long as the statement.
 */
int db_prepare(sqlite3 *db, sqlite3_stmt **ret, const char *sql, const char *types, ...);

/* The same, run to its end. Returns how many rows it changed, or an error. */
int db_run(sqlite3 *db, const char *sql, const char *types, ...);

/* 1: there is a row; 0: there is none (any more). */
int db_step(sqlite3_stmt *statement);

/* The first column of the first row; -ENOENT without one. */
int db_get(sqlite3 *db, uint64_t *ret, const char *sql, const char *types, ...);

/* Columns of the current row. text is copied whole or refused with -EUCLEAN, as is a blob that is
 * not of this size. NULL reads as 0 or "". */
uint64_t db_column(sqlite3_stmt *statement, int column);
int db_column_text(sqlite3_stmt *statement, int column, char *text, size_t size);
int db_column_blob(sqlite3_stmt *statement, int column, void *blob, size_t size);
